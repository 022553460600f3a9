/**
 * `export default { websocket: { open, message, close } }` over messages of http_server. Handlers are called in the
 * order of arrival and not waited for; what one throws, or rejects with, is printed and closes its socket with 1011.
 */
import type { HttpServerRequest } from "../protocol/http_server.ts";
import { CloseDetails } from "../protocol/http_server.ts";
import { bytesOf, type KernelMessage, textOf } from "../protocol/message.ts";
import { decodeJson } from "../protocol/serde.ts";
import { sendWsClose, sendWsPush } from "./http_server.ts";
import { report } from "./web_answer.ts";

/**
 * What a script does with the WebSockets that clients open to its path or any path below it.
 *
 * ```ts
 * import type { WebStyle } from "@kinode/process";
 *
 * export default {
 *   websocket: {
 *     open(ws, { resumed }) {
 *       if (!resumed) ws.send(`welcome to ${ws.path}`);
 *     },
 *     message(ws, data) {
 *       ws.send(data);
 *     },
 *     close(ws, code, reason) {
 *       console.log(`${ws.id} left: ${code} ${reason}`);
 *     },
 *   },
 * } satisfies WebStyle;
 * ```
 */
export interface WebSocketHandlers {
  /** First of all. `resumed`: the socket was open already before this version of the script was loaded. */
  open?(ws: ServerWebSocket, info: { resumed: boolean }): unknown;
  /** A text message is a string, a binary one a Uint8Array. */
  message?(ws: ServerWebSocket, data: string | Uint8Array): unknown;
  /** Last of all, once. 1005: the close frame had no code; 1006: the connection broke. */
  close?(ws: ServerWebSocket, code: number, reason: string): unknown;
}

const CLOSE_CODE_MIN = 3000;
const CLOSE_CODE_MAX = 4999;
const CLOSE_REASON_BYTES_MAX = 123;

/** With any code, as the runtime may. */
let closeWith: (ws: ServerWebSocket, code: number, reason: string) => void;
let markClosed: (ws: ServerWebSocket) => void;

/** One client's WebSocket. It outlives a reload of the script; this object does not, nor what `data` holds. */
export class ServerWebSocket {
  /** Unique on this node while the socket is open. */
  readonly id: number;
  /** What the client asked for, without the process: `/`, `/room/7`. */
  readonly path: string;
  /** For the script's own use. */
  // deno-lint-ignore no-explicit-any -- a script's own value, of whatever type it puts there
  data: any = undefined;
  #open = true;

  /** @internal */
  constructor(id: number, path: string) {
    this.id = id;
    this.path = path;
  }

  /** False once it was closed, from either side. */
  get isOpen(): boolean {
    return this.#open;
  }

  /**
   * Sends text or bytes; on a closed socket nothing. A client that does not read is closed with 1013 when
   * 16 MB wait for it.
   */
  send(data: string | Uint8Array | ArrayBuffer): void {
    if (!this.#open) return;
    if (typeof data === "string") return sendWsPush(this.id, "Text", { bytes: data });
    const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
    if (!(bytes instanceof Uint8Array)) {
      throw new TypeError(
        `ws.send() takes a string, a Uint8Array or an ArrayBuffer, not ${typeof data}`,
      );
    }
    // A copy: what the script writes into its buffer afterwards is not meant.
    sendWsPush(this.id, "Binary", { bytes: bytes.slice() });
  }

  /** Closes with 1000 or a code of 3000 to 4999 and at most 123 bytes of reason; throws a RangeError for others. */
  close(code = 1000, reason = ""): void {
    if (code !== 1000 && !(code >= CLOSE_CODE_MIN && code <= CLOSE_CODE_MAX)) {
      throw new RangeError(`ws.close(): the code ${code} is neither 1000 nor from 3000 to 4999`);
    }
    if (bytesOf(reason).length > CLOSE_REASON_BYTES_MAX) {
      throw new RangeError(`ws.close(): the reason is longer than ${CLOSE_REASON_BYTES_MAX} bytes`);
    }
    closeWith(this, code, reason);
  }

  static {
    closeWith = (ws, code, reason) => {
      if (!ws.#open) return;
      ws.#open = false;
      sendWsClose(ws.id, { code, reason });
    };
    markClosed = (ws) => ws.#open = false;
  }
}

const INTERNAL_ERROR = 1011;
const SERVICE_RESTART = 1012;
/** No close frame told more (RFC 6455 §7.1.5). */
const UNKNOWN_END = { code: 1005, reason: "" };

/** The sockets of this process. */
export class WebSockets {
  readonly #handlers: WebSocketHandlers | null;
  readonly #sockets = new Map<number, ServerWebSocket>();

  /** `null`: the script has no handlers, and what an earlier version left open is closed. */
  constructor(handlers: WebSocketHandlers | null) {
    this.#handlers = handlers;
  }

  /** Takes an event of http_server; false if it is none of a WebSocket. */
  take(event: HttpServerRequest, message: KernelMessage): boolean {
    if ("WebSocketOpen" in event) this.#opened(event.WebSocketOpen);
    else if ("WebSocketPush" in event) this.#received(event.WebSocketPush, message);
    else if ("WebSocketClose" in event) this.#closed(event.WebSocketClose, message.metadata);
    else return false;
    return true;
  }

  #opened({ channel_id, path, resumed }: OpenEvent): void {
    // A new version may hear of one twice: as resumed, and by the event that the old one left unread.
    if (this.#sockets.has(channel_id)) return;
    const ws = new ServerWebSocket(channel_id, path);
    if (this.#handlers === null) return closeWith(ws, SERVICE_RESTART, "not served any more");
    this.#sockets.set(channel_id, ws);
    this.#run(ws, () => this.#handlers?.open?.(ws, { resumed: resumed ?? false }));
  }

  #received(
    { channel_id, message_type }: PushEvent,
    { lazy_load_blob: blob }: KernelMessage,
  ): void {
    const ws = this.#sockets.get(channel_id);
    if (ws === undefined || !ws.isOpen) return;
    const bytes = blob?.bytes ?? "";
    // Close is said once more, with its code, at the end; a ping is answered already.
    if (message_type === "Text") this.#run(ws, () => this.#handlers?.message?.(ws, textOf(bytes)));
    if (message_type === "Binary") {
      this.#run(ws, () => this.#handlers?.message?.(ws, bytesOf(bytes)));
    }
  }

  #closed(id: number, metadata: string | null): void {
    const ws = this.#sockets.get(id);
    if (ws === undefined) return;
    this.#sockets.delete(id);
    markClosed(ws);
    const { code, reason } = endIn(metadata);
    this.#run(ws, () => this.#handlers?.close?.(ws, code, reason ?? ""));
  }

  /** What goes wrong in a handler is its socket's end, and nobody else's. */
  #run(ws: ServerWebSocket, handler: () => unknown): void {
    const failed = (error: unknown) => {
      report(error);
      closeWith(ws, INTERNAL_ERROR, "the script failed");
    };
    try {
      const result = handler();
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}

type OpenEvent = Extract<HttpServerRequest, { WebSocketOpen: unknown }>["WebSocketOpen"];
type PushEvent = Extract<HttpServerRequest, { WebSocketPush: unknown }>["WebSocketPush"];

function endIn(metadata: string | null): { code: number; reason: string | null } {
  if (metadata === null) return UNKNOWN_END;
  return decodeJson(metadata, CloseDetails, "metadata");
}
