import { type HttpServerAction, mayCloseWith } from "../protocol/http_server.ts";
import type { Body } from "../protocol/message.ts";

/**
 * What a script in web style does about its WebSocket clients; at least one of the three. Events of one socket
 * come one after the other: the next waits until the promise of the handler before it has settled, so a handler
 * that goes on for long (a loop that sends) is better started without `await`. Those of
 * different sockets do not wait for each other. What a handler throws is printed, and closes its socket with 1011.
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
 *   },
 * } satisfies WebStyle;
 * ```
 */
export interface WebSocketHandlers {
  /** Seconds, 1 to 3600: a client that answers no ping for as long is gone (1006). Left out, silence is no end. */
  keepalive?: number;
  /**
   * Sub-protocols that the script speaks, `["chat.v2", "chat"]`: the first that a client offers is `ws.protocol`. A
   * browser that offers some, `new WebSocket(url, ["chat"])`, connects only where one is selected.
   */
  protocols?: readonly string[];
  /**
   * First of all, once in every life of the script. `resumed`: the client has been connected since before
   * this version was saved, or since before the process slept.
   */
  open?(ws: ServerWebSocket, how: { resumed: boolean }): unknown;
  /** A text message is a string, a binary one a Uint8Array of its own. */
  message?(ws: ServerWebSocket, data: string | Uint8Array): unknown;
  /**
   * Last of all, once. The code and reason of the client's close frame; 1005 if it had none, 1006 if the
   * connection broke, or the code with which the node closed it (1009, 1011, 1012, 1013).
   */
  close?(ws: ServerWebSocket, code: number, reason: string): unknown;
}

/** One WebSocket client. */
export class ServerWebSocket {
  /** The socket's number on this node; it stays the same when the script is saved anew. */
  readonly id: number;
  /** Where the client has connected, behind the process's own path: `/`, `/rooms/7`. */
  readonly path: string;
  /** What the client's URL has behind the `?`; empty if nothing: `new URLSearchParams(ws.query).get("room")`. */
  readonly query: string;
  /** The sub-protocol that was selected, one of the script's `protocols`; empty if none. */
  readonly protocol: string;
  /** The script's own; it does not outlive this version of the script. */
  // deno-lint-ignore no-explicit-any -- a script's own value, of whatever type it puts there
  data: any = undefined;

  readonly #say: (action: HttpServerAction, options?: SayOptions) => void;
  #open = true;
  #closedHere = false;

  /** @internal */
  constructor(
    { path, query, protocol, channel_id }: Served,
    say: (action: HttpServerAction, options?: SayOptions) => void,
  ) {
    this.id = channel_id;
    this.path = path;
    this.query = query;
    this.protocol = protocol;
    this.#say = say;
  }

  /** False once either side has closed it. */
  get isOpen(): boolean {
    return this.#open;
  }

  /**
   * Sends a string as text, bytes as a binary message; does nothing once the socket is closed. It never waits: the
   * node keeps up to 16 MB for a client that reads slowly, then closes it with 1013. Throws a RangeError when
   * 50,000 messages of this process wait to be sent: let others run (`await`) between sends.
   */
  send(data: string | ArrayBufferLike | ArrayBufferView): void {
    if (!this.#open) return;
    const isText = typeof data === "string";
    const action = {
      WebSocketPush: { channel_id: this.id, message_type: isText ? "Text" : "Binary" },
    } as const;
    this.#say(action, { bytes: isText ? data : copyOf(data) });
  }

  /**
   * Sends a close frame; of this client nothing more comes but, when it has answered, `close`. Throws a RangeError for
   * a code that no server may send (1000 to 1014 without 1004, 1005, 1006, and 3000 to 4999 are free) or a reason
   * of more than 123 bytes.
   */
  close(code = 1000, reason = ""): void {
    if (!mayCloseWith(code, reason)) {
      throw new RangeError(
        `ws.close(): no close frame may hold the code ${code} and ${reason.length} characters of reason: ` +
          "use 1000, or 3000 to 4999, and at most 123 bytes",
      );
    }
    this.#closedHere = true;
    if (!this.#open) return;
    this.#open = false;
    this.#say({ WebSocketClose: this.id }, { metadata: JSON.stringify({ code, reason }) });
  }

  /** @internal The script has closed it, and wants to hear no more. */
  get closedHere(): boolean {
    return this.#closedHere;
  }

  /** @internal The client is gone. */
  ended(): void {
    this.#open = false;
  }
}

interface Served {
  path: string;
  query: string;
  protocol: string;
  channel_id: number;
}

/** @internal */
export interface SayOptions {
  bytes?: Body;
  metadata?: string;
}

/** The caller may change its bytes before they cross at the end of this turn. */
function copyOf(data: ArrayBufferLike | ArrayBufferView): Uint8Array {
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  }
  // Of anything else `new Uint8Array` would make bytes that nobody meant.
  if (!(data instanceof ArrayBuffer) && !(data instanceof SharedArrayBuffer)) {
    throw new TypeError(
      "ws.send() takes a string or bytes; JSON.stringify() makes a string of a value",
    );
  }
  return new Uint8Array(data).slice();
}
