/**
 * The open WebSockets (spec/http.md §3.4-§3.7). A channel belongs to the process that bound its path: only
 * that one may push to it or close it, and what arrives goes to that one, each message a Request of its own.
 *
 *   client ─► socket ─► Channel ─► send(WebSocketOpen | WebSocketPush | WebSocketClose) ─► process
 *   process ─► HttpServer ─► push() | close() ─► socket ─► client
 *
 * Deno answers pings by itself and shows us neither ping nor pong, and cannot send them with a payload.
 */
import {
  CHANNELS_MAX,
  WS_BUFFERED_BYTES_MAX,
  WS_CONTROL_BYTES_MAX,
  WS_MESSAGE_BYTES_MAX,
} from "../../limits.ts";
import type { Log } from "../../log.ts";
import type { Address } from "../../protocol/address.ts";
import type { WebSocketExtPushData, WsMessageType } from "../../protocol/http_server.ts";
import {
  type Body,
  bytesOf,
  type KernelMessage,
  type LazyLoadBlob,
  request,
  textOf,
} from "../../protocol/message.ts";
import { encodeExtension, tryDecodeExtension } from "./extension.ts";
import { type Refusal, refusal } from "./refusal.ts";

/** Close codes of RFC 6455 §7.4 that we send. */
const TOO_BIG = 1009;
const INTERNAL_ERROR = 1011;
const TRY_AGAIN_LATER = 1013;

export interface ChannelsOptions {
  /** False: the process's queue is full, and it will never see the message. */
  send(message: KernelMessage): boolean | void;
  log: Log;
}

/** Where a socket belongs: the binding that its path matched. */
export interface ChannelBinding {
  app: Address;
  boundAs: Address;
  extension: boolean;
}

export class Channels {
  readonly #send: (message: KernelMessage) => boolean | void;
  readonly #log: Log;
  /** Those that a process may use. One that it closed is gone from here, while its socket still closes. */
  readonly #open = new Map<number, Channel>();
  /** Every socket that is not closed yet, for the limit and for unique ids. */
  readonly #sockets = new Map<number, Channel>();

  constructor({ send, log }: ChannelsOptions) {
    this.#send = send;
    this.#log = log;
  }

  get full(): boolean {
    return this.#sockets.size >= CHANNELS_MAX;
  }

  /** Sockets that are not closed yet. */
  get size(): number {
    return this.#sockets.size;
  }

  /**
   * Takes a socket that is about to open. `path` is what the client asked for, without the process. Nothing
   * is kept before it is open: of a client that resets its connection in the handshake Deno never tells.
   */
  add(socket: WebSocket, binding: ChannelBinding, path: string): void {
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      if (this.full) return socket.close(TRY_AGAIN_LATER, "too many websockets");
      const id = this.#freeId();
      const send = (message: KernelMessage) => {
        if (this.#send(message) === false) this.#lost(id);
      };
      const channel = new Channel(id, socket, binding, send, this.#log);
      this.#sockets.set(channel.id, channel);
      this.#open.set(channel.id, channel);
      socket.onmessage = ({ data }) => this.#received(channel, data);
      socket.onclose = (event) => this.#closed(channel, event);
      channel.opened(path);
    };
  }

  push(
    source: Address,
    id: number,
    type: WsMessageType,
    blob: LazyLoadBlob | null,
  ): Refusal | null {
    if (blob === null) return NO_BLOB;
    if (type === "Close") return this.close(source, id);
    if (type === "Ping" || type === "Pong") return this.#pushControl(source, id, blob);
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

  /** Closing what is not open is no error (§1.3). */
  close(source: Address, id: number): Refusal | null {
    const channel = this.#open.get(id);
    if (channel === undefined) return null;
    if (channel.owner !== source) return NOT_OWNED;
    this.#open.delete(id);
    channel.socket.close();
    return null;
  }

  processEnded(process: Address): void {
    for (const channel of this.#sockets.values()) {
      if (channel.owner !== process) continue;
      channel.forgotten = true;
      this.#drop(channel, INTERNAL_ERROR, "process ended");
    }
  }

  #received(channel: Channel, data: string | ArrayBuffer): void {
    const size = typeof data === "string" ? data.length : data.byteLength;
    if (size > WS_MESSAGE_BYTES_MAX) return this.#drop(channel, TOO_BIG, "message too big");
    if (typeof data === "string") channel.received("Text", data);
    else channel.received("Binary", new Uint8Array(data));
  }

  #closed(channel: Channel, event: CloseEvent): void {
    // Deno 2.9.6 says so twice when a socket breaks while it closes; the second finds nothing.
    if (!this.#sockets.delete(channel.id)) return;
    this.#open.delete(channel.id);
    channel.closed(event);
  }

  /** Ends a channel at once: its process hears so now, for a client that reads nothing may never close it. */
  #drop(channel: Channel, code: number, reason: string): void {
    this.#open.delete(channel.id);
    channel.tellClosed();
    if (channel.socket.readyState === WebSocket.OPEN) channel.socket.close(code, reason);
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
    return channel.socket.readyState === WebSocket.OPEN ? channel : CLOSED;
  }

  #pushControl(source: Address, id: number, blob: LazyLoadBlob): Refusal {
    if (bytesOf(blob.bytes).length > WS_CONTROL_BYTES_MAX) return CONTROL_TOO_LONG;
    const channel = this.#find(source, id);
    return "error" in channel ? channel : CONTROL_UNSUPPORTED;
  }

  #write(channel: Channel, data: string | Uint8Array): Refusal | null {
    if (channel.socket.bufferedAmount > WS_BUFFERED_BYTES_MAX) {
      this.#drop(channel, TRY_AGAIN_LATER, "reader too slow");
      return TOO_SLOW;
    }
    channel.socket.send(data as string | Uint8Array<ArrayBuffer>);
    return null;
  }

  #freeId(): number {
    const [id] = crypto.getRandomValues(new Uint32Array(1));
    return this.#sockets.has(id!) ? this.#freeId() : id!;
  }
}

/** One socket and the process that it belongs to. */
class Channel {
  /** The process ended, or was told that the channel is closed: it hears nothing more. */
  forgotten = false;
  #warned = false;

  constructor(
    readonly id: number,
    readonly socket: WebSocket,
    readonly binding: ChannelBinding,
    readonly send: (message: KernelMessage) => void,
    readonly log: Log,
  ) {}

  get owner(): Address {
    return this.binding.app;
  }

  opened(path: string): void {
    this.#tell(`{"WebSocketOpen":{"path":${JSON.stringify(path)},"channel_id":${this.id}}}`, null);
  }

  /** A message of the process's own protocol, or the envelope of an extension. */
  received(type: WsMessageType, data: Body): void {
    const body = `{"WebSocketPush":{"channel_id":${this.id},"message_type":"${type}"}}`;
    const decoded = this.binding.extension ? tryDecodeExtension(bytesOf(data)) : null;
    if (decoded === null) return this.#tell(body, data);
    if (decoded === "other") return this.#warnOnce();
    const { id, kinode_message_type, blob } = decoded;
    this.#tell(body, blob, id, kinode_message_type);
  }

  /** A close frame reaches the process with its reason; a socket that broke only as the end (§3.5). */
  closed({ wasClean, reason }: CloseEvent): void {
    if (wasClean) this.received("Close", reason);
    this.tellClosed();
  }

  tellClosed(): void {
    this.#tell(`{"WebSocketClose":${this.id}}`, null);
    this.forgotten = true;
  }

  #warnOnce(): void {
    if (!this.#warned) this.log.warn(`http-server: got unexpected message from ext websocket`);
    this.#warned = true;
  }

  #tell(body: string, bytes: Body | null, id?: bigint, kind?: "Request" | "Response"): void {
    if (this.forgotten) return;
    const { boundAs, app } = this.binding;
    const blob = bytes === null ? null : { mime: null, bytes };
    const message = request(boundAs, app, body, { id, lazy_load_blob: blob });
    if (kind !== undefined) message.kind = kind;
    this.send(message);
  }
}

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
