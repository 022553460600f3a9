/**
 * `WebSocket` as scripts find it: the web's, over http_client. Each has a channel id of its own; its messages
 * are taken before `awaitMessage()` sees them.
 *
 *   CONNECTING ──WebSocketAck──► OPEN ──close()──► CLOSING ──WebSocketClose──► CLOSED
 *        └──Err───────────────────┴──WebSocketClose──────────────────────────────┘
 *
 * Where the script was saved meanwhile and asks for the same URL again, it gets the connection of the version before,
 * with what the server has sent since: `resumed` of its "open" event is then true.
 */
import { addressOf, nodeOf, parseProcessId } from "../protocol/address.ts";
import { closeOf } from "../protocol/close_details.ts";
import type { HttpClientRequest } from "../protocol/http_client.ts";
import { bytesOf, type KernelMessage, textOf } from "../protocol/message.ts";
import type { WsMessageType } from "../protocol/ws_message_type.ts";
import { current } from "./current.ts";
import {
  closeWsConnection,
  openWsConnection,
  sendWsClientPush,
  type WsOpened,
} from "./http_client.ts";
import type { Mailbox } from "./mailbox.ts";
import {
  checkClose,
  headersFrom,
  parseUrl,
  type WebSocketOptions,
} from "./web_socket_arguments.ts";

type Data = string | ArrayBufferLike | ArrayBufferView | Blob;
type Handler = ((event: Event) => unknown) | null;

/** Channel ids from here on are the library's; a script that counts its own from 0 never meets them. */
const CHANNEL_IDS_FROM = 0x8000_0000;

/** A version leaves at most what was in its queue; this many of each of so many sockets are kept. */
const UNCLAIMED_MAX = 1_000;

type Early = [HttpClientRequest, KernelMessage];
const unclaimed = new Map<number, Early[]>();
const byChannel = new Map<number, WebSocket>();
let listening: Mailbox | null = null;
let take: (socket: WebSocket, event: HttpClientRequest, message: KernelMessage) => void;

export class WebSocket extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readonly CLOSED = 3;

  /** Always "": no extension is offered. */
  readonly extensions = "";
  /** Always 0: what is sent is handed to http_client within the same turn. */
  readonly bufferedAmount = 0;
  readonly url: string;
  binaryType: BinaryType = "blob";

  readonly #channelId: number;
  /** The id that it had in the version of the process before. */
  #resumedId: number | null = null;
  #protocol = "";
  readonly #handlers = new Map<string, Handler>();
  #readyState: 0 | 1 | 2 | 3 = 0;
  /** What came in one batch with the acknowledgement, and so before this process could say "open". */
  #early: Early[] = [];
  /** Set while a Blob is being read: what is sent after it waits for it. */
  #sending: Promise<void> | null = null;

  static {
    take = (socket, event, message) => socket.#take(event, message);
  }

  constructor(url: string | URL, protocols: string | string[] | WebSocketOptions = []) {
    super();
    this.url = parseUrl(url);
    const headers = headersFrom(protocols);
    this.#channelId = freeChannelId();
    byChannel.set(this.#channelId, this);
    current().held.add(this);
    listen();
    openWsConnection(this.url, headers, this.#channelId).then(
      (opened) => this.#opened(opened),
      (error: Error) => this.#fail(error.message),
    );
  }

  /** The subprotocol that the server chose; "" for none. */
  get protocol(): string {
    return this.#protocol;
  }

  get readyState(): number {
    return this.#readyState;
  }

  send(data: Data): void {
    if (this.#readyState === 0) {
      throw new DOMException("Cannot send: the WebSocket is not open yet", "InvalidStateError");
    }
    if (this.#readyState !== 1) return;
    if (data instanceof Blob) return this.#later(async () => this.#push(await data.arrayBuffer()));
    // A copy: the caller may change its bytes before they cross at the end of this turn.
    const own = typeof data === "string" ? data : copyOf(data);
    if (this.#sending === null) this.#push(own);
    else this.#later(() => this.#push(own));
  }

  close(code?: number, reason?: string): void {
    checkClose(code, reason);
    if (this.#readyState >= 2) return;
    const wasOpen = this.#readyState === 1;
    this.#readyState = 2;
    if (!wasOpen) return; // #opened() closes what has just come about.
    if (this.#sending === null) this.#close(code, reason);
    else this.#later(() => this.#close(code, reason));
  }

  get onopen(): Handler {
    return this.#handler("open");
  }
  set onopen(handler: Handler) {
    this.#handle("open", handler);
  }
  get onmessage(): Handler {
    return this.#handler("message");
  }
  set onmessage(handler: Handler) {
    this.#handle("message", handler);
  }
  get onerror(): Handler {
    return this.#handler("error");
  }
  set onerror(handler: Handler) {
    this.#handle("error", handler);
  }
  get onclose(): Handler {
    return this.#handler("close");
  }
  set onclose(handler: Handler) {
    this.#handle("close", handler);
  }

  #handler(type: string): Handler {
    return this.#handlers.get(type) ?? null;
  }

  #handle(type: string, handler: Handler): void {
    if (!this.#handlers.has(type)) {
      this.addEventListener(type, (event) => this.#handlers.get(type)?.call(this, event));
    }
    this.#handlers.set(type, typeof handler === "function" ? handler : null);
  }

  #take(event: HttpClientRequest, message: KernelMessage): void {
    if (this.#readyState === 0) {
      this.#early.push([event, message]);
      return;
    }
    if ("WebSocketClose" in event) {
      const { code, reason } = closeOf(message.metadata);
      return this.#closed(code, reason);
    }
    const { message_type } = event.WebSocketPush;
    if (message_type !== "Text" && message_type !== "Binary") return;
    if (this.#readyState !== 1) return; // By the web's rules nothing is heard after close().
    const bytes = message.lazy_load_blob?.bytes ?? "";
    const data = message_type === "Text" ? textOf(bytes) : this.#binary(bytesOf(bytes));
    const origin = new URL(this.url).origin;
    this.dispatchEvent(new MessageEvent("message", { data, origin }));
  }

  #binary(bytes: Uint8Array): Blob | ArrayBuffer {
    const own = bytes.slice().buffer as ArrayBuffer;
    return this.binaryType === "blob" ? new Blob([own]) : own;
  }

  #opened({ protocol, resumed }: WsOpened): void {
    if (this.#readyState === 2) return this.#close();
    if (this.#readyState === 3) return;
    this.#readyState = 1;
    this.#protocol = protocol;
    const open = new Event("open");
    Object.defineProperty(open, "resumed", { value: resumed !== null, enumerable: true });
    this.dispatchEvent(open);
    if (resumed !== null) this.#resume(resumed);
    for (const [event, message] of this.#early.splice(0)) this.#take(event, message);
  }

  /** What the version before was sent and did not finish came under the id that it had there. */
  #resume(id: number): void {
    this.#resumedId = id;
    byChannel.set(id, this);
    this.#early.unshift(...unclaimed.get(id) ?? []);
    unclaimed.delete(id);
  }

  #push(data: string | ArrayBuffer): void {
    if (this.#readyState >= 3) return;
    const type: WsMessageType = typeof data === "string" ? "Text" : "Binary";
    const bytes = typeof data === "string" ? data : new Uint8Array(data);
    sendWsClientPush(this.#channelId, type, { bytes });
  }

  #close(code?: number, reason?: string): void {
    const given = code === undefined && reason !== undefined ? 1000 : code;
    // After an acknowledged close the server's own end still comes, as an event.
    closeWsConnection(this.#channelId, given, reason).catch(() => this.#closed(1006));
  }

  #later(send: () => void | Promise<void>): void {
    const turn: Promise<void> = (this.#sending ?? Promise.resolve()).then(send).finally(() => {
      if (this.#sending === turn) this.#sending = null;
    });
    this.#sending = turn;
  }

  #fail(message: string): void {
    this.dispatchEvent(new ErrorEvent("error", { message }));
    this.#closed(1006);
  }

  #closed(code: number, reason = ""): void {
    if (this.#readyState === 3) return;
    byChannel.delete(this.#channelId);
    if (this.#resumedId !== null) byChannel.delete(this.#resumedId);
    current().held.delete(this);
    this.#readyState = 3;
    this.#early = [];
    this.dispatchEvent(new CloseEvent("close", { code, reason, wasClean: code !== 1006 }));
  }
}

/** One listener for all of them: a message costs a look at its source, and nothing while there is no socket. */
function listen(): void {
  const { mailbox, our } = current();
  if (listening === mailbox) return;
  listening = mailbox;
  const httpClient = addressOf(nodeOf(our), parseProcessId("http_client:distro:sys"));
  mailbox.listen((message) => {
    if (message.source !== httpClient || message.kind !== "Request") return false;
    const event = JSON.parse(textOf(message.body)) as HttpClientRequest;
    const { channel_id } = "WebSocketPush" in event ? event.WebSocketPush : event.WebSocketClose;
    const socket = byChannel.get(channel_id);
    if (socket !== undefined) take(socket, event, message);
    return socket !== undefined || isUnclaimed(channel_id, event, message);
  });
}

/** True if it is of a WebSocket of the version before: it is kept for who resumes that. */
function isUnclaimed(id: number, event: HttpClientRequest, message: KernelMessage): boolean {
  if (id < CHANNEL_IDS_FROM) return false;
  const waiting = unclaimed.get(id) ?? [];
  if (waiting.push([event, message]) > UNCLAIMED_MAX) waiting.shift();
  unclaimed.set(id, waiting);
  for (const oldest of unclaimed.keys()) {
    if (unclaimed.size <= UNCLAIMED_MAX) break;
    unclaimed.delete(oldest);
  }
  return true;
}

function freeChannelId(): number {
  while (true) {
    const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
    const id = CHANNEL_IDS_FROM + (random >>> 1);
    if (!byChannel.has(id)) return id;
  }
}

function copyOf(data: ArrayBufferLike | ArrayBufferView): ArrayBuffer {
  const bytes = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
  return bytes.slice().buffer as ArrayBuffer;
}
