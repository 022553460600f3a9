// Types of npm's ws, which brings none: as std.d.ts, written by hand, only what the project may use.

declare module "ws" {
  import type { Buffer } from "node:buffer";
  import type { EventEmitter } from "node:events";
  import type { IncomingMessage, Server } from "node:http";
  import type { Duplex } from "node:stream";

  export type RawData = Buffer | ArrayBuffer | Buffer[];
  export interface ClientOptions {
    headers?: Record<string, string>;
    origin?: string;
    handshakeTimeout?: number;
    perMessageDeflate?: boolean;
    maxPayload?: number;
    followRedirects?: boolean;
    autoPong?: boolean;
  }
  interface SendOptions {
    binary?: boolean;
    compress?: boolean;
    fin?: boolean;
    mask?: boolean;
  }

  /** Node's WebSocket. Events: open, message(data, isBinary), close(code, reason), ping, pong, error. */
  export class WebSocket extends EventEmitter {
    static readonly CONNECTING: 0;
    static readonly OPEN: 1;
    static readonly CLOSING: 2;
    static readonly CLOSED: 3;
    constructor(address: string | URL, protocols?: string | string[], options?: ClientOptions);
    constructor(address: string | URL, options?: ClientOptions);
    binaryType: "nodebuffer" | "arraybuffer" | "fragments";
    readonly readyState: 0 | 1 | 2 | 3;
    readonly bufferedAmount: number;
    readonly protocol: string;
    readonly url: string;
    /** Of its inside, in the version that deno.json names: fragments of the message that has not ended. */
    readonly _receiver: { readonly _numFragments: number } | null | undefined;
    send(data: string | Uint8Array | ArrayBuffer, sent?: (error?: Error) => void): void;
    send(
      data: string | Uint8Array | ArrayBuffer,
      options: SendOptions,
      sent?: (error?: Error) => void,
    ): void;
    ping(data?: string | Uint8Array, mask?: boolean, sent?: (error: Error) => void): void;
    pong(data?: string | Uint8Array, mask?: boolean, sent?: (error: Error) => void): void;
    close(code?: number, reason?: string | Uint8Array): void;
    terminate(): void;
    pause(): void;
    resume(): void;
  }
  export default WebSocket;

  export interface ServerOptions {
    host?: string;
    port?: number;
    path?: string;
    server?: Server;
    noServer?: boolean;
    maxPayload?: number;
    perMessageDeflate?: boolean;
    autoPong?: boolean;
    maxFragments?: number;
    closeTimeout?: number;
    handleProtocols?: (protocols: Set<string>, request: IncomingMessage) => string | false;
  }
  /** Events: listening, connection(socket, request), error, close. */
  export class WebSocketServer extends EventEmitter {
    constructor(options?: ServerOptions, listening?: () => void);
    readonly clients: Set<WebSocket>;
    address(): { port: number; family: string; address: string } | string | null;
    close(closed?: (error?: Error) => void): void;
    handleUpgrade(
      request: Pick<IncomingMessage, "method" | "url" | "headers">,
      socket: Duplex,
      head: Uint8Array,
      upgraded: (socket: WebSocket, request: IncomingMessage) => void,
    ): void;
  }
}
