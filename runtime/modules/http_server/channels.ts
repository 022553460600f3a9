/**
 * The open WebSockets (spec/http.md §3.4-§3.7). A channel belongs to the process that bound its path: only
 * that one may push to it or close it, and what arrives goes to that one, each message a Request of its own.
 *
 *   client ─► socket ─► Channel ─► send(WebSocketOpen | WebSocketPush | WebSocketClose) ─► process
 *   process ─► HttpServer ─► push() | close() ─► socket ─► client
 *
 * A process that keeps its channels over a reload, or sleeps, is told of each anew: `"resumed":true`.
 */
import { WS_BUFFERED_BYTES_MAX, WS_CONTROL_BYTES_MAX } from "../../limits.ts";
import type { Log } from "../../log.ts";
import type { Address } from "../../protocol/address.ts";
import type { WebSocketExtPushData, WsMessageType } from "../../protocol/http_server.ts";
import {
  bytesOf,
  type Ending,
  type KernelMessage,
  type LazyLoadBlob,
  textOf,
  type Unreachable,
} from "../../protocol/message.ts";
import { type Asked, Channel, type ChannelBinding } from "./channel.ts";
import { encodeExtension } from "./extension.ts";
import { type Refusal, refusal } from "./refusal.ts";
import type { ServerSocket, SocketEnd } from "./server_socket.ts";

/** Close codes of RFC 6455 §7.4 that we send. */
const TOO_BIG = 1009;
const INTERNAL_ERROR = 1011;
const SERVICE_RESTART = 1012;
const TRY_AGAIN_LATER = 1013;

export interface ChannelsOptions {
  /** False: the process's queue is full, and it will never see the message. */
  send(message: KernelMessage): boolean | void;
  /** Why an event for the process would go nowhere; `null`: it would arrive. */
  whyNot?(source: Address, target: Address): Unreachable | null;
  log: Log;
  channelsMax: number;
  wsMessageBytesMax: number;
  wsCloseSeconds: number;
}

export class Channels {
  readonly #send: (message: KernelMessage) => boolean | void;
  readonly #whyNot: ChannelsOptions["whyNot"];
  readonly #log: Log;
  readonly #channelsMax: number;
  readonly #messageBytesMax: number;
  readonly #closeSeconds: number;
  /** Those that a process may use. One that it closed is gone from here, while its socket still closes. */
  readonly #open = new Map<number, Channel>();
  /** Every socket that is not closed yet, for the limit and for unique ids. */
  readonly #sockets = new Map<number, Channel>();

  constructor(options: ChannelsOptions) {
    this.#send = options.send;
    this.#whyNot = options.whyNot;
    this.#log = options.log;
    this.#channelsMax = options.channelsMax;
    this.#messageBytesMax = options.wsMessageBytesMax;
    this.#closeSeconds = options.wsCloseSeconds;
  }

  get full(): boolean {
    return this.#sockets.size >= this.#channelsMax;
  }

  /** Sockets that are not closed yet. */
  get size(): number {
    return this.#sockets.size;
  }

  /** Why nobody would hear of a socket that opens now. */
  whyNot({ boundAs, app }: ChannelBinding): Unreachable | null {
    return this.#whyNot?.(boundAs, app) ?? null;
  }

  /**
   * Takes a socket that is about to open. `asked`: what the client asked for, without the process. Nothing
   * is kept before it is open: of a client that resets its connection in the handshake Deno never tells.
   */
  add(socket: ServerSocket, binding: ChannelBinding, asked: Asked): void {
    let channel: Channel | null = null;
    const open = () => {
      if (this.full) return socket.close(TRY_AGAIN_LATER, "too many websockets");
      // It may have ended since the handshake: a client must not wait for nobody.
      if (this.whyNot(binding) !== null) return socket.close(INTERNAL_ERROR, "process ended");
      const id = this.#freeId();
      const send = (message: KernelMessage) => {
        if (this.#send(message) === false) this.#lost(id);
      };
      channel = new Channel(id, socket, binding, asked, send, this.#log);
      this.#sockets.set(id, channel);
      this.#open.set(id, channel);
      channel.opened();
    };
    socket.listen({
      open,
      message: (data) => channel !== null && this.#received(channel, data),
      control: (type, payload) => channel?.received(type, payload),
      close: (end) => channel !== null && this.#closed(channel, end),
    });
  }

  push(
    source: Address,
    id: number,
    type: WsMessageType,
    blob: LazyLoadBlob | null,
  ): Refusal | null {
    if (blob === null) return NO_BLOB;
    if (type === "Close") return this.close(source, id);
    if (type === "Ping" || type === "Pong") return this.#pushControl(source, id, type, blob);
    const channel = this.#find(source, id);
    if ("error" in channel) return channel;
    // Text is read lossily, as in Kinode; bytes that came as text are text already.
    return this.#write(channel, type === "Text" ? textOf(blob.bytes) : bytesOf(blob.bytes));
  }

  /** A push in the envelope that lets an extension answer this very request. */
  pushToExtension(
    source: Address,
    id: number,
    data: Omit<WebSocketExtPushData, "blob">,
    blob: LazyLoadBlob,
  ): Refusal | null {
    const channel = this.#find(source, id);
    if ("error" in channel) return channel;
    return this.#write(channel, encodeExtension({ ...data, blob: bytesOf(blob.bytes) }));
  }

  /** Closing what is not open is no error (§1.3). Without a code the close frame is empty, as Kinode's. */
  close(source: Address, id: number, end: { code?: number; reason?: string } = {}): Refusal | null {
    const channel = this.#open.get(id);
    if (channel === undefined) return null;
    if (channel.owner !== source) return NOT_OWNED;
    this.#open.delete(id);
    channel.socket.close(end.code, end.reason);
    const late = () => channel.tellClosed(NO_ANSWER);
    channel.closing = setTimeout(late, this.#closeSeconds * 1000);
    return null;
  }

  /** The node stops: nobody is told any more. */
  stop(): void {
    for (const channel of this.#sockets.values()) clearTimeout(channel.closing);
  }

  /** What is said to a process that keeps its channels is the first that its new version hears. */
  processEnded(process: Address, ending: Ending): void {
    for (const channel of this.#sockets.values()) {
      if (channel.owner !== process) continue;
      if (ending === "kept" || ending === "asleep") {
        if (this.#open.has(channel.id)) channel.dormant = true;
        if (ending === "kept") channel.wake();
        continue;
      }
      channel.forgotten = true;
      if (ending === "reloaded") this.#drop(channel, SERVICE_RESTART, "process reloaded");
      else this.#drop(channel, INTERNAL_ERROR, "process ended");
    }
  }

  /** Those that its version before had opened are closed; it hears so. */
  keepsNothing(process: Address): void {
    for (const channel of this.#open.values()) {
      if (channel.owner !== process || !channel.inherited) continue;
      this.#drop(channel, SERVICE_RESTART, "process reloaded");
    }
  }

  #received(channel: Channel, data: string | Uint8Array): void {
    if (isLonger(data, this.#messageBytesMax)) {
      return this.#drop(channel, TOO_BIG, "message too big");
    }
    channel.received(typeof data === "string" ? "Text" : "Binary", data);
  }

  #closed(channel: Channel, end: SocketEnd): void {
    // Deno 2.9.6 says so twice when a socket breaks while it closes; the second finds nothing.
    if (!this.#sockets.delete(channel.id)) return;
    this.#open.delete(channel.id);
    clearTimeout(channel.closing);
    channel.closed(end);
  }

  /** Ends a channel at once: its process hears so now, for a client that reads nothing may never close it. */
  #drop(channel: Channel, code: number, reason: string): void {
    this.#open.delete(channel.id);
    channel.tellClosed({ code, reason });
    if (channel.socket.isOpen) channel.socket.close(code, reason);
  }

  /** The process could not take a message: its stream has a hole now, and none may be missing. */
  #lost(id: number): void {
    const channel = this.#open.get(id);
    if (channel !== undefined) this.#drop(channel, TRY_AGAIN_LATER, "too many messages");
  }

  #find(source: Address, id: number): Channel | Refusal {
    const channel = this.#open.get(id);
    if (channel === undefined) return NOT_FOUND;
    if (channel.owner !== source) return NOT_OWNED;
    return channel.socket.isOpen ? channel : CLOSED;
  }

  #pushControl(
    source: Address,
    id: number,
    type: "Ping" | "Pong",
    blob: LazyLoadBlob,
  ): Refusal | null {
    const payload = bytesOf(blob.bytes);
    if (payload.length > WS_CONTROL_BYTES_MAX) return CONTROL_TOO_LONG;
    const channel = this.#find(source, id);
    if ("error" in channel) return channel;
    if (this.#isTooSlow(channel)) return TOO_SLOW;
    return channel.socket.sendControl(type, payload) ? null : CONTROL_UNSUPPORTED;
  }

  #write(channel: Channel, data: string | Uint8Array): Refusal | null {
    if (this.#isTooSlow(channel)) return TOO_SLOW;
    channel.socket.send(data);
    return null;
  }

  /** Such a reader has no channel any more. */
  #isTooSlow(channel: Channel): boolean {
    if (channel.socket.bufferedAmount <= WS_BUFFERED_BYTES_MAX) return false;
    this.#drop(channel, TRY_AGAIN_LATER, "reader too slow");
    return true;
  }

  #freeId(): number {
    const [id] = crypto.getRandomValues(new Uint32Array(1));
    return this.#sockets.has(id!) ? this.#freeId() : id!;
  }
}

/** Text counts as UTF-8, which is at most three bytes for each of its units. */
function isLonger(data: string | Uint8Array, bytesMax: number): boolean {
  if (typeof data !== "string" || data.length > bytesMax) return data.length > bytesMax;
  return data.length > bytesMax / 3 && bytesOf(data).length > bytesMax;
}

/** The client never answered our close frame. */
const NO_ANSWER = { code: 1006, reason: "" };

const NO_BLOB = refusal("NoBlob", "");
const NOT_FOUND = refusal("WsChannelNotFound", "WebSocket channel not found");
const NOT_OWNED = refusal("WsChannelNotFound", "WebSocket channel not owned by this process");
const CLOSED = refusal("WsChannelNotFound", "WebSocket channel closed");
const TOO_SLOW = refusal(
  "WsChannelNotFound",
  `WebSocket channel closed: more than ${WS_BUFFERED_BYTES_MAX} bytes wait for its reader`,
);
const CONTROL_TOO_LONG = refusal(
  "WsPingPongTooLong",
  `Ping and Pong messages must be ${WS_CONTROL_BYTES_MAX} bytes or less`,
);
const CONTROL_UNSUPPORTED = refusal(
  "WsPingPongUnsupported",
  "this runtime answers pings by itself and cannot send ping or pong: push Text or Binary",
);
