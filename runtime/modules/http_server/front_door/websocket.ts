/**
 * WebSockets of the front door, by npm's `ws`: it holds clients to RFC 6455 where Deno's own does not (unmasked
 * frames, oversized control frames). Loaded with the first front door only: `ws` and Node's streams take 0.1 s. Of
 * its inside the number of a message's fragments is looked at (`weigh`).
 */
import { WebSocket as NodeSocket, WebSocketServer } from "ws";
import type { UpgradeOptions } from "../handler.ts";
import type { ServerSocket, SocketEvents } from "../server_socket.ts";
import type { ClientConn } from "./client_conn.ts";
import { ConnStream } from "./conn_stream.ts";
import type { Held, Holder } from "./held.ts";
import type { Reader } from "./reader.ts";

const GOING_AWAY = 1001;
/** What `ws` says of a connection that broke. */
const NO_CLOSE_FRAME = 1006;
/** `ws` has checked that it is UTF-8; a byte order mark is a part of the text. */
const text = new TextDecoder("utf-8", { ignoreBOM: true });
/** How long a client may take to answer our close frame before its connection is cut. */
const CLOSE_SECONDS = 5;

/** What a client's ping or pong has beside its payload. */
const CONTROL_HEADER_BYTES = 6;
/** Pongs on their way to one client; a client that sends pings faster than it takes pongs gets fewer. */
const PONGS_WAITING_MAX = 60;
/** Fragments of one message: 4 MB in pieces of 64 bytes, Autobahn's 9.3.1. Beyond it 1008. */
const FRAGMENTS_MAX = 64 * 1024;
/** What `ws` needs for a fragment beside its bytes: 150 were seen (8.23.0). */
const FRAGMENT_BYTES = 150;

export interface WebSocketsOptions {
  messageBytesMax: number;
  /** How long one message may take to come. */
  messageSeconds: number;
  held: Held;
  /** Milliseconds on a clock that only goes forward. */
  now(): number;
}

export class WebSockets {
  readonly #options: WebSocketsOptions;
  readonly #server: WebSocketServer;
  readonly #clients = new Set<Client>();

  constructor(options: WebSocketsOptions) {
    this.#options = options;
    this.#server = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      autoPong: false, // It would cut a client that sends many pings at once.
      maxFragments: FRAGMENTS_MAX,
      maxPayload: options.messageBytesMax,
      closeTimeout: CLOSE_SECONDS * 1000,
    });
  }

  /** Takes the connection of a handshake that was checked. Its socket opens when its events have handlers. */
  accept(
    conn: ClientConn,
    reader: Reader,
    headers: Headers,
    { keepaliveSeconds, protocol }: UpgradeOptions,
  ): { socket: ServerSocket; stream: ConnStream } {
    const stream = new ConnStream(conn, reader);
    // Without the offered extensions, of which Kinode selects none (spec/http.md §3.1).
    const names = ["upgrade", "connection", "sec-websocket-key", "sec-websocket-version"];
    const fields = Object.fromEntries(names.map((name) => [name, headers.get(name) ?? ""]));
    if (protocol !== "") fields["sec-websocket-protocol"] = protocol; // `ws` selects the first.
    const request = { method: "GET", url: "/", headers: fields };
    let accepted: NodeSocket | undefined;
    this.#server.handleUpgrade(request, stream, new Uint8Array(0), (socket) => accepted = socket);
    const socket = accepted!;
    const client = new Client(socket, stream, this.#options);
    this.#clients.add(client);
    socket.on("close", () => this.#clients.delete(client));
    if (keepaliveSeconds > 0) keepAlive(socket, stream, keepaliveSeconds);
    socket.on("error", () => {}); // "close" follows, and tells the same.
    return { socket: new FrontDoorSocket(socket, stream, client), stream };
  }

  /** Cuts those that were silent since the last call, a ping included, and pings the others. */
  pingAll(): void {
    for (const client of this.#clients) client.ping();
  }

  closeAll(): void {
    for (const { socket } of this.#clients) socket.close(GOING_AWAY);
  }
}

/** What is known of one: when it was heard last, and what the node holds for it, in and out. */
class Client implements Holder {
  readonly socket: NodeSocket;
  readonly #stream: ConnStream;
  readonly #options: WebSocketsOptions;
  #heard = -1;
  /** Bytes of a message whose end has not come. */
  #half = 0;
  #since = 0;
  /** Pongs that are not out yet, and the payload of the last ping that got none of its own. */
  #pongs = 0;
  #unanswered: Uint8Array | null = null;

  constructor(socket: NodeSocket, stream: ConnStream, options: WebSocketsOptions) {
    this.socket = socket;
    this.#stream = stream;
    this.#options = options;
    stream.on("arrived", (bytes: number) => this.#arrived(bytes));
    stream.on("left", (bytes: number) => this.weigh(bytes));
    const control = (payload: Uint8Array) => this.#took(CONTROL_HEADER_BYTES + payload.length);
    socket.on("message", () => this.#took(this.#half)).on("ping", control).on("pong", control);
    socket.on("ping", (payload: Uint8Array) => this.#pong(payload));
    socket.on("close", () => options.held.set(this, 0, 0));
  }

  gone(): void {
    this.#stream.cut();
  }

  ping(): void {
    const { messageSeconds, now } = this.#options;
    const isLate = this.#half > 0 && now() - this.#since > messageSeconds * 1000;
    if (isLate || this.#heard === this.#stream.received) return this.gone();
    this.#heard = this.#stream.received;
    if (this.socket.readyState === NodeSocket.OPEN) this.socket.ping();
  }

  /** After anything that changes what is held; `moved`: bytes that the client has taken or sent. */
  weigh(moved = 0): void {
    if (this.#stream.destroyed) return;
    const fragments = this.socket._receiver?._numFragments ?? 0;
    const bytes = this.#half + fragments * FRAGMENT_BYTES + this.socket.bufferedAmount;
    this.#options.held.set(this, bytes, moved);
  }

  /** RFC 6455 §5.5.3: of several pings that wait for their pong, the last may be answered for all. */
  #pong(payload: Uint8Array): void {
    if (this.socket.readyState !== NodeSocket.OPEN) return;
    if (this.#pongs === PONGS_WAITING_MAX) {
      this.#unanswered = payload;
      return;
    }
    this.#pongs++;
    this.socket.pong(payload, false, () => {
      this.#pongs--;
      if (this.#unanswered === null) return;
      const last = this.#unanswered;
      this.#unanswered = null;
      this.#pong(last);
    });
  }

  #arrived(bytes: number): void {
    if (this.#half === 0) this.#since = this.#options.now();
    this.#half += bytes;
    this.weigh(bytes);
  }

  /** A read may bring the end of one message and the beginning of the next: that beginning is not counted. */
  #took(bytes: number): void {
    this.#half = Math.max(0, this.#half - bytes);
    this.weigh();
  }
}

/** As its binding asks, beside what the front door does for all: pinged after half of the time, cut after all of it. */
function keepAlive(socket: NodeSocket, stream: ConnStream, seconds: number): void {
  let heard = -1;
  const timer = setInterval(() => {
    if (heard === stream.received) return socket.terminate();
    heard = stream.received;
    if (socket.readyState === NodeSocket.OPEN) socket.ping();
  }, seconds * 500);
  socket.on("close", () => clearInterval(timer));
}

/** `ws`, as channels.ts needs it. */
class FrontDoorSocket implements ServerSocket {
  readonly #socket: NodeSocket;
  readonly #stream: ConnStream;
  readonly #client: Client;

  constructor(socket: NodeSocket, stream: ConnStream, client: Client) {
    this.#socket = socket;
    this.#stream = stream;
    this.#client = client;
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === NodeSocket.OPEN;
  }

  listen({ open, message, control, close }: SocketEvents): void {
    const socket = this.#socket;
    socket.on("message", (data: Uint8Array, isBinary: boolean) => {
      message(isBinary ? new Uint8Array(data) : text.decode(data));
    });
    socket.on("ping", (payload: Uint8Array) => control("Ping", new Uint8Array(payload)));
    socket.on("pong", (payload: Uint8Array) => {
      // The answer to a ping of our own is nobody's business.
      if (payload.length > 0) control("Pong", new Uint8Array(payload));
    });
    socket.on("close", (code: number, reason: Uint8Array) => {
      close({ wasClean: code !== NO_CLOSE_FRAME, code, reason: text.decode(reason) });
    });
    open();
    this.#stream.open();
  }

  send(data: string | Uint8Array): void {
    this.#socket.send(data);
    this.#client.weigh();
  }

  sendControl(type: "Ping" | "Pong", payload: Uint8Array): boolean {
    if (type === "Ping") this.#socket.ping(payload);
    else this.#socket.pong(payload);
    this.#client.weigh();
    return true;
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason);
  }
}
