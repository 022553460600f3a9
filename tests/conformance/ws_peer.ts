// npm's `ws`, a WebSocket implementation that is not Deno's, at either end: its frames, in order, awaited.
import { WebSocket, WebSocketServer } from "ws";
import { within } from "./within.ts";

export interface Frame {
  text: boolean;
  bytes: Uint8Array;
}

/** One socket, as client (`connect`) or as what a server has accepted. */
export class WsPeer implements Disposable {
  readonly #socket: WebSocket;
  readonly #ended: Promise<{ code: number; reason: string }>;
  readonly #frames: Frame[] = [];
  #wake: (() => void) | null = null;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Uint8Array, isBinary: boolean) => {
      this.#frames.push({ text: !isBinary, bytes: new Uint8Array(data) });
      this.#wake?.();
    });
    socket.on("error", () => {}); // "close" follows, and says what the tests ask.
    this.#ended = new Promise((resolve) =>
      socket.on("close", (code: number, reason: Uint8Array) => {
        resolve({ code, reason: new TextDecoder().decode(reason) });
      })
    );
  }

  /** Rejects with what `ws` says of a server that refuses. */
  static connect(url: string, protocols: string[] = []): Promise<WsPeer> {
    const socket = new WebSocket(url, protocols);
    const peer = new WsPeer(socket);
    return new Promise((resolve, reject) => {
      socket.on("open", () => resolve(peer));
      socket.on("error", reject);
    });
  }

  /** The sub-protocol that the server selected; empty if none. */
  get protocol(): string {
    return this.#socket.protocol;
  }

  /** The next message that came, or comes. */
  async next(): Promise<Frame> {
    while (true) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      await within("frame", new Promise<void>((resolve) => this.#wake = resolve));
    }
  }

  /** The text of the next message; bytes, too, are read as text. */
  async nextText(): Promise<string> {
    return new TextDecoder().decode((await this.next()).bytes);
  }

  /** Text as a text frame, bytes as a binary one. */
  send(data: string | Uint8Array): void {
    this.#socket.send(data);
  }

  /** The code of the close frame; 1006 when there was none. */
  async closed(): Promise<number> {
    return (await this.ended()).code;
  }

  /** The close frame; code 1006 when there was none. */
  ended(): Promise<{ code: number; reason: string }> {
    return within("close", this.#ended);
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason);
  }

  /** Drops the connection without a close frame. */
  [Symbol.dispose](): void {
    this.#socket.terminate();
  }
}

/** A server on a port of its own. */
export class WsServer implements AsyncDisposable {
  readonly #server: WebSocketServer;
  readonly #peers: WsPeer[] = [];
  #wake: (() => void) | null = null;

  private constructor(server: WebSocketServer) {
    this.#server = server;
    server.on("connection", (socket: WebSocket) => {
      this.#peers.push(new WsPeer(socket));
      this.#wake?.();
    });
  }

  static start(): Promise<WsServer> {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    return new Promise((resolve) => server.on("listening", () => resolve(new WsServer(server))));
  }

  /** `ws://localhost:1234`, without a slash at its end. */
  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("it does not listen");
    return `ws://localhost:${address.port}`;
  }

  /** The next client that connected, or connects. */
  async accept(): Promise<WsPeer> {
    while (true) {
      const peer = this.#peers.shift();
      if (peer !== undefined) return peer;
      await within("client", new Promise<void>((resolve) => this.#wake = resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
