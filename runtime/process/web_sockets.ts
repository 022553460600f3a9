/**
 * The WebSockets of a process in web style. The node holds the sockets, and they outlive a version of the script:
 *
 *   {"WebSocketOpen":{path, channel_id, resumed?}} ─► open(ws, { resumed })
 *   {"WebSocketPush":{channel_id, "Text"|"Binary"}} + blob ─► message(ws, data)     one after the other,
 *   {"WebSocketClose":id}, metadata {code, reason, path} ─► close(ws, code, reason)   for each socket
 *
 * A message counts as finished when its handler is: what a version had not finished, the next one gets.
 */
import { type Address, addressOf, nodeOf, parseProcessId } from "../protocol/address.ts";
import type { HttpServerAction, WsMessageType } from "../protocol/http_server.ts";
import { bytesOf, type KernelMessage, request, textOf } from "../protocol/message.ts";
import { toFrame } from "../protocol/port.ts";
import type { CurrentProcess } from "./current.ts";
import { bindWsPath, unbindWsPath } from "./http_server.ts";
import { type SayOptions, ServerWebSocket, type WebSocketHandlers } from "./server_web_socket.ts";
import { report } from "./web_answer.ts";

/** What http_server says of a socket. */
export interface SocketEvent {
  WebSocketOpen?: { path: string; channel_id: number; resumed?: boolean };
  WebSocketPush?: { channel_id: number; message_type: WsMessageType };
  WebSocketClose?: number;
}

/** Where `websocket` listens: the process's own path, and what is below it. */
const PATHS = ["/", "/*path"];

const INTERNAL_ERROR = 1011;
const SERVICE_RESTART = 1012;

/** One socket and the handlers that it runs. */
class Served {
  readonly ws: ServerWebSocket;
  readonly #handlers: WebSocketHandlers;
  /** What is under way or waits; null: nothing is. */
  #last: Promise<void> | null = null;
  #resumed: boolean;

  constructor(ws: ServerWebSocket, handlers: WebSocketHandlers, resumed: boolean) {
    this.ws = ws;
    this.#handlers = handlers;
    this.#resumed = resumed;
  }

  /** Not at once: that the version before has not got to it yet is said right behind. */
  open(): Promise<void> {
    return this.#after(
      Promise.resolve(),
      () => this.#handlers.open?.(this.ws, { resumed: this.#resumed }),
    );
  }

  /** It was told that the socket opened; the version before had not finished hearing it. */
  openAgain(): Promise<void> {
    this.#resumed = false;
    return this.#last ?? Promise.resolve();
  }

  message(data: string | Uint8Array): true | Promise<void> {
    return this.#run(() =>
      !this.ws.closedHere ? this.#handlers.message?.(this.ws, data) : undefined
    );
  }

  close(code: number, reason: string): true | Promise<void> {
    this.ws.ended(); // At once: a handler that still runs may go by it.
    return this.#run(() => this.#handlers.close?.(this.ws, code, reason));
  }

  /** At once where nothing is before it: then what it sends leaves in the same post as that it is finished. */
  #run(work: () => unknown): true | Promise<void> {
    if (this.#last !== null) return this.#after(this.#last, work);
    try {
      const result = work();
      return isPromise(result) ? this.#after(result, () => {}) : true;
    } catch (error) {
      this.#failed(error);
      return true;
    }
  }

  #after(before: PromiseLike<unknown>, work: () => unknown): Promise<void> {
    const last = Promise.resolve(before).then(work).catch((error) => this.#failed(error)).then(
      () => {
        if (this.#last === last) this.#last = null;
      },
    );
    return this.#last = last;
  }

  #failed(error: unknown): void {
    const { id, path } = this.ws;
    report(error, { what: `serving the WebSocket ${id} of ${path}`, frame: null });
    this.ws.close(INTERNAL_ERROR, "the script failed");
  }
}

export class WebSockets {
  readonly #process: CurrentProcess;
  readonly #httpServer: Address;
  readonly #style: { websocket?: WebSocketHandlers; message?: unknown };
  readonly #served = new Map<number, Served>();
  /** Of sockets that this version does not serve, and has closed. */
  readonly #refused = new Set<number>();
  /** Of sockets that closed while the version changed: their last messages came, and their path comes at the end. */
  readonly #orphans = new Map<number, KernelMessage[]>();

  constructor(
    style: { websocket?: WebSocketHandlers; message?: unknown },
    process: CurrentProcess,
  ) {
    this.#style = style;
    this.#process = process;
    this.#httpServer = addressOf(nodeOf(process.our), parseProcessId("http_server:distro:sys"));
  }

  async bind(): Promise<void> {
    const { keepalive, protocols } = this.#style.websocket ?? {};
    for (const path of PATHS) await bindWsPath(path, false, false, keepalive, protocols);
  }

  /** False: no event of a socket, or one for `message(m)`. */
  take(event: SocketEvent, message: KernelMessage): boolean | Promise<void> {
    const { websocket } = this.#style;
    if (websocket === undefined) return this.#refuse(event);
    if (event.WebSocketOpen !== undefined) {
      const { query, protocol } = detailsIn(message.metadata);
      return this.#open({ ...event.WebSocketOpen, query, protocol }, websocket);
    }
    if (event.WebSocketPush !== undefined) return this.#push(event.WebSocketPush, message);
    if (event.WebSocketClose !== undefined) {
      return this.#close(event.WebSocketClose, message, websocket);
    }
    return false;
  }

  #open(
    open: NonNullable<SocketEvent["WebSocketOpen"]> & Pick<Details, "query" | "protocol">,
    handlers: WebSocketHandlers,
  ): Promise<void> {
    const known = this.#served.get(open.channel_id);
    if (known !== undefined) {
      return open.resumed === true ? Promise.resolve() : known.openAgain();
    }
    const ws = new ServerWebSocket(open, (action, options) => this.#say(action, options));
    const served = new Served(ws, handlers, open.resumed === true);
    this.#served.set(ws.id, served);
    return served.open();
  }

  #push(
    { channel_id, message_type }: NonNullable<SocketEvent["WebSocketPush"]>,
    message: KernelMessage,
  ): true | Promise<void> {
    const served = this.#served.get(channel_id);
    if (served === undefined) {
      this.#orphans.set(channel_id, [...this.#orphans.get(channel_id) ?? [], message]);
      return true;
    }
    // A ping or pong is the node's affair, and of a close frame WebSocketClose tells.
    if (message_type !== "Text" && message_type !== "Binary") return true;
    return served.message(dataOf(message, message_type));
  }

  #close(id: number, message: KernelMessage, handlers: WebSocketHandlers): true | Promise<void> {
    const { code, reason, ...asked } = detailsIn(message.metadata);
    if (!this.#served.has(id)) this.#adopt({ ...asked, channel_id: id }, handlers);
    const served = this.#served.get(id)!;
    this.#served.delete(id);
    return served.close(code, reason);
  }

  /** It opened before this version and is closed already: its last messages are heard all the same. */
  #adopt(
    open: Omit<Details, "code" | "reason"> & { channel_id: number },
    handlers: WebSocketHandlers,
  ): void {
    this.#open({ ...open, resumed: true }, handlers);
    const orphans = this.#orphans.get(open.channel_id) ?? [];
    this.#orphans.delete(open.channel_id);
    for (const message of orphans) {
      this.#push((JSON.parse(textOf(message.body)) as SocketEvent).WebSocketPush!, message);
    }
  }

  /** This version serves no WebSockets: those that it has inherited are closed. */
  #refuse(
    { WebSocketOpen: open, WebSocketPush: push, WebSocketClose: closed }: SocketEvent,
  ): boolean {
    if (push !== undefined) return this.#refused.has(push.channel_id);
    if (closed !== undefined) return this.#refused.delete(closed);
    // A script that binds by itself hears of its sockets in `message(m)`.
    if (open === undefined || open.resumed !== true && this.#style.message) return false;
    this.#refused.add(open.channel_id);
    const metadata = JSON.stringify({ code: SERVICE_RESTART, reason: "process reloaded" });
    this.#say({ WebSocketClose: open.channel_id }, { metadata });
    for (const path of PATHS) unbindWsPath(path).catch(report);
    return true;
  }

  #say(action: HttpServerAction, { bytes, metadata }: SayOptions = {}): void {
    const { our, outbox } = this.#process;
    const lazy_load_blob = bytes === undefined ? null : { mime: null, bytes };
    const options = { lazy_load_blob, metadata };
    const frame = toFrame(request(our, this.#httpServer, JSON.stringify(action), options));
    // There are only so many sockets to close, and whoever has sent too much must be able to.
    if (bytes === undefined) outbox.send(frame);
    else outbox.offer(frame);
  }
}

function dataOf({ lazy_load_blob }: KernelMessage, type: "Text" | "Binary"): string | Uint8Array {
  const bytes = lazy_load_blob?.bytes ?? "";
  return type === "Text" ? textOf(bytes) : bytesOf(bytes);
}

interface Details {
  code: number;
  reason: string;
  path: string;
  query: string;
  protocol: string;
}

/** What http_server adds to Kinode's words; another server says nothing. */
function detailsIn(metadata: string | null): Details {
  const unknown = { code: 1005, reason: "", path: "/", query: "", protocol: "" };
  return metadata === null ? unknown : { ...unknown, ...JSON.parse(metadata) };
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined | null)?.then === "function";
}
