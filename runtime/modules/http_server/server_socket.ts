/** A WebSocket that a client opens, as channels.ts needs it, whoever listens. */

/** How a socket ended. */
export interface SocketEnd {
  /** A close frame came; else the connection broke. */
  wasClean: boolean;
  /** Of RFC 6455 §7.4; 1005 for a close frame without one, 1006 without a close frame. */
  code: number;
  reason: string;
}

export interface SocketEvents {
  open(): void;
  message(data: string | Uint8Array): void;
  /** Only of a socket that can. The pong is sent already. */
  control(type: "Ping" | "Pong", payload: Uint8Array): void;
  /** Once, at the end. */
  close(end: SocketEnd): void;
}

export interface ServerSocket {
  /** Bytes that wait for the client to read them. */
  readonly bufferedAmount: number;
  /** Nobody has begun to close it. */
  readonly isOpen: boolean;
  /** Who hears of it; told before anything happens. */
  listen(events: SocketEvents): void;
  send(data: string | Uint8Array): void;
  /** Sends a ping or a pong of at most 125 bytes; false: this kind of socket cannot. */
  sendControl(type: "Ping" | "Pong", payload: Uint8Array): boolean;
  /** Without a code the close frame is empty. */
  close(code?: number, reason?: string): void;
}

/** RFC 6455 §7.1.5: a close frame without a code, and none at all. */
const NO_CODE = 1005;
const NO_FRAME = 1006;

/** Deno's own. It answers pings by itself, shows us neither ping nor pong, and sends none with a payload. */
export class DenoSocket implements ServerSocket {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  listen({ open, message, close }: SocketEvents): void {
    this.#socket.onopen = open;
    this.#socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) =>
      message(typeof data === "string" ? data : new Uint8Array(data));
    // Deno says 0 of a connection that broke.
    this.#socket.onclose = ({ wasClean, code, reason }) =>
      close({ wasClean, code: wasClean ? code || NO_CODE : NO_FRAME, reason });
  }

  send(data: string | Uint8Array): void {
    this.#socket.send(data as string | Uint8Array<ArrayBuffer>);
  }

  sendControl(): boolean {
    return false;
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason);
  }
}
