/** A request as the RequestHandler takes it, made of what the front door has read. */
import type { IncomingRequest } from "../handler.ts";
import type { Body } from "./body.ts";
import type { RequestHead } from "./head.ts";
import type { Client } from "./proxies.ts";

export class FrontDoorRequest implements IncomingRequest {
  readonly method: string;
  readonly url: string;
  /** Who sent it, behind the proxies that we trust. */
  readonly peer: { hostname: string; port: number };
  readonly #body: Body;
  #stream: ReadableStream<Uint8Array<ArrayBuffer>> | null = null;
  #abort: AbortController | null = null;
  #gone = false;
  readonly #onHold: (bytes: number, moved: number) => void;
  #held = 0;

  constructor(
    head: RequestHead,
    client: Client,
    readonly headers: Headers,
    body: Body,
    onHold: (bytes: number, moved: number) => void,
  ) {
    this.method = head.method;
    this.peer = { hostname: client.hostname, port: client.port };
    const host = client.host ?? head.authority ?? head.host;
    this.url = `${client.scheme}://${host === "" ? "localhost" : host}${head.target}`;
    this.#body = body;
    this.#onHold = onHold;
  }

  /** So many bytes of the body are held by who reads it. */
  holds(bytes: number): void {
    this.#onHold(bytes, bytes - this.#held);
    this.#held = bytes;
  }

  /** As Deno gives it: null with GET and HEAD, else a stream, which may be empty. What is read of it is not in `bytes`. */
  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    if (this.method === "GET" || this.method === "HEAD") return null;
    return this.#stream ??= new ReadableStream({
      pull: async (controller) => {
        const piece = await this.#body.next();
        if (piece === null) controller.close();
        else controller.enqueue(piece as Uint8Array<ArrayBuffer>);
      },
    }, { highWaterMark: 0 });
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#body.all();
  }

  /** Aborted when the client has gone. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#gone) this.#abort.abort();
    return this.#abort.signal;
  }

  gone(): void {
    this.#gone = true;
    this.#abort?.abort();
  }
}
