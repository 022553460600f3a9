/**
 * WebSockets of the front door, by npm's `ws`: it holds clients to RFC 6455 where Deno's own does not (unmasked
 * frames, oversized control frames). Loaded with the first front door only: `ws` and Node's streams take 0.1 s.
 */
import { Duplex } from "node:stream";
import { WebSocket as NodeSocket, WebSocketServer } from "ws";
import { WS_MESSAGE_BYTES_MAX } from "../../../limits.ts";
import type { ServerSocket, SocketEvents } from "../server_socket.ts";
import type { Reader } from "./reader.ts";

const GOING_AWAY = 1001;
/** A read of so many bytes has more behind it, mostly. */
const LARGE_BYTES = 4 * 1024;
/** What `ws` says of a connection that broke. */
const NO_CLOSE_FRAME = 1006;
/** `ws` has checked that it is UTF-8; a byte order mark is a part of the text. */
const text = new TextDecoder("utf-8", { ignoreBOM: true });
/** How long a client may take to answer our close frame before its connection is cut. */
const CLOSE_SECONDS = 5;

export class WebSockets {
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: WS_MESSAGE_BYTES_MAX,
    closeTimeout: CLOSE_SECONDS * 1000,
  });
  /** Those that were heard of since the last ping. */
  readonly #heard = new WeakSet<NodeSocket>();

  /** Takes the connection of a handshake that was checked. Its socket opens when its events have handlers. */
  accept(
    conn: Deno.Conn,
    reader: Reader,
    headers: Headers,
    keepaliveSeconds: number,
  ): { socket: ServerSocket; stream: ConnStream } {
    const stream = new ConnStream(conn, reader);
    // Without the offered sub-protocols and extensions: Kinode selects none (spec/http.md §3.1).
    const names = ["upgrade", "connection", "sec-websocket-key", "sec-websocket-version"];
    const fields = Object.fromEntries(names.map((name) => [name, headers.get(name) ?? ""]));
    const request = { method: "GET", url: "/", headers: fields };
    let accepted: NodeSocket | undefined;
    this.#server.handleUpgrade(request, stream, new Uint8Array(0), (socket) => accepted = socket);
    const socket = accepted!;
    this.#heard.add(socket);
    for (const event of ["message", "ping", "pong"]) {
      socket.on(event, () => this.#heard.add(socket));
    }
    if (keepaliveSeconds > 0) keepAlive(socket, keepaliveSeconds);
    socket.on("error", () => {}); // "close" follows, and tells the same.
    return { socket: new FrontDoorSocket(socket, stream), stream };
  }

  /** Cuts those that were silent since the last call, a ping included, and pings the others. */
  pingAll(): void {
    for (const socket of this.#server.clients) {
      if (!this.#heard.delete(socket)) socket.terminate();
      else if (socket.readyState === NodeSocket.OPEN) socket.ping();
    }
  }

  closeAll(): void {
    for (const socket of this.#server.clients) socket.close(GOING_AWAY);
  }
}

/** As its binding asks, beside what the front door does for all: pinged after half of the time, cut after all of it. */
function keepAlive(socket: NodeSocket, seconds: number): void {
  let heard = true;
  for (const event of ["message", "ping", "pong"]) socket.on(event, () => heard = true);
  const timer = setInterval(() => {
    if (!heard) return socket.terminate();
    heard = false;
    if (socket.readyState === NodeSocket.OPEN) socket.ping();
  }, seconds * 500);
  socket.on("close", () => clearInterval(timer));
}

/** `ws`, as channels.ts needs it. */
class FrontDoorSocket implements ServerSocket {
  readonly #socket: NodeSocket;
  readonly #stream: ConnStream;

  constructor(socket: NodeSocket, stream: ConnStream) {
    this.#socket = socket;
    this.#stream = stream;
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
  }

  sendControl(type: "Ping" | "Pong", payload: Uint8Array): boolean {
    if (type === "Ping") this.#socket.ping(payload);
    else this.#socket.pong(payload);
    return true;
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason);
  }
}

/** A connection as the Node stream that `ws` wants. */
export class ConnStream extends Duplex {
  readonly #conn: Deno.Conn;
  readonly #reader: Reader;
  readonly #opened = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<void>();
  /** Resolves when the connection is closed. */
  readonly whenClosed = this.#closed.promise;

  constructor(conn: Deno.Conn, reader: Reader) {
    super({ allowHalfOpen: true, emitClose: true });
    this.#conn = conn;
    this.#reader = reader;
  }

  /** From now on it reads. */
  open(): void {
    this.#opened.resolve();
  }

  /** Ends it without another word. */
  cut(): void {
    this.destroy();
  }

  /** `ws` sets the timeouts and delays of a real socket; ours are FrontDoor's. */
  setTimeout(): void {}
  setNoDelay(): void {}

  override _read(): void {
    this.#next().then((bytes) => this.push(bytes), (error) => this.destroy(error));
  }

  override _write(
    bytes: Uint8Array,
    _encoding: string,
    done: (error?: Error | null) => void,
  ): void {
    this.#send(bytes).then(() => done(), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#conn.closeWrite().then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#conn.close();
    this.#closed.resolve();
    done(error);
  }

  async #next(): Promise<Uint8Array | null> {
    await this.#opened.promise;
    while (this.#reader.size === 0) {
      if (!await this.#reader.fill()) return null;
    }
    const bytes = this.#reader.take(Infinity);
    // Large reads while there is much to read; an idle socket holds a small buffer.
    this.#reader.expectBody(bytes.length >= LARGE_BYTES);
    return bytes;
  }

  async #send(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) sent += await this.#conn.write(bytes.subarray(sent));
  }
}
