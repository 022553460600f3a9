/**
 * Bodies that pass piece by piece, so that none is ever whole in the node's memory. A process pulls what a client
 * uploads, and its own pieces are acknowledged as the client takes them: each side waits for the other.
 *
 *   client ─► body ──► HttpBodyRead ◄─► Ok + blob ──► process          one piece under way at a time
 *   client ◄─ stream ◄─ HttpResponseChunk ─► Ok      ◄── process          the same, Ok once it is taken
 *
 * An exchange begins with a body that streams in or an answer that streams out, and ends with the answer's end:
 * a body that was not read by then is nobody's. Who leaves is told of: the process by `HttpCancelled` (where it
 * bound the path as streaming) and `HttpStreamNotFound`, the client by a connection that ends without its last chunk.
 */
import {
  HTTP_CHUNK_BYTES_MAX,
  HTTP_PENDING_MAX,
  HTTP_STREAM_BYTES_PER_PROCESS_MAX,
  HTTP_STREAMS_PER_PROCESS_MAX,
} from "../../limits.ts";
import type { Address } from "../../protocol/address.ts";
import { ById } from "../../protocol/by_id.ts";
import { errorText } from "../../protocol/http_server.ts";
import { type Body, bytesOf, type KernelMessage, request } from "../../protocol/message.ts";
import { BodyReader } from "../../protocol/body_reader.ts";
import { type Refusal, refusal } from "./refusal.ts";

/** Whose request it is, and how that process wants to be spoken to. */
export interface Asked {
  app: Address;
  boundAs: Address;
  streaming: boolean;
}

export interface StreamsOptions {
  /** The answer to an action that was not answered at once. */
  reply(to: KernelMessage, refused: Refusal | null, blob: Uint8Array | null): void;
  send(message: KernelMessage): unknown;
  /** The process is waiting for the client (true), or the client for the process. */
  waitsForClient(id: bigint, waits: boolean): void;
  /** The client of a request that is not answered yet is gone. */
  lost(id: bigint): void;
}

/** What ended a stream is not our fault: the listener need not report it. */
export class StreamEnded extends Error {}

interface Chunk {
  message: KernelMessage;
  bytes: Uint8Array;
}

interface Exchange {
  id: bigint;
  asked: Asked;
  body: BodyReader | null;
  reading: boolean;
  out: ReadableStreamDefaultController<Uint8Array> | null;
  /** The client's side has room for a piece. */
  wanted: boolean;
  /** The piece that it has no room for yet. */
  waiting: Chunk | null;
  /** Set when the end came while a piece waits; the text is an error's. */
  end: { error: string | null } | null;
}

interface Used {
  streams: number;
  bytes: number;
}

export class Streams {
  readonly #options: StreamsOptions;
  readonly #exchanges = new ById<Exchange>();
  readonly #used = new Map<Address, Used>();

  constructor(options: StreamsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#exchanges.size;
  }

  /** Takes the body of a request that is about to be told to its process. False: too many stream already. */
  openBody(id: bigint, asked: Asked, body: ReadableStream<Uint8Array>): boolean {
    const exchange = this.#open(id, asked);
    if (exchange === null) return false;
    exchange.body = new BodyReader(body, HTTP_CHUNK_BYTES_MAX);
    return true;
  }

  /** The body of an answer that goes on after its first bytes. Null: too many stream already. */
  openAnswer(id: bigint, asked: Asked, first: Body | null): ReadableStream<Uint8Array> | null {
    const exchange = this.#exchanges.get(id) ?? this.#open(id, asked);
    if (exchange === null) return null;
    return new ReadableStream<Uint8Array>({
      start(controller) {
        exchange.out = controller;
        if (first !== null && first.length > 0) controller.enqueue(bytesOf(first));
      },
      pull: () => this.#pull(exchange),
      cancel: () => this.#cancelled(exchange),
    }, { highWaterMark: 0 });
  }

  /** The answer is whole, or there is none: what is left of the request's body is nobody's. */
  answered(id: bigint): void {
    const exchange = this.#exchanges.get(id);
    if (exchange !== undefined) this.#close(exchange);
  }

  /** Tells the process that its client is gone, where it wants to know. */
  tellCancelled(id: bigint, { app, boundAs, streaming }: Asked): void {
    if (streaming) this.#options.send(request(boundAs, app, `{"HttpCancelled":"${id}"}`));
  }

  /** Answered by a piece, by none at the end, or by why there will be none. */
  readBody(message: KernelMessage, id: bigint): Refusal | "quiet" {
    const exchange = this.#find(message.source, id);
    if (exchange === null) return NOT_FOUND;
    if (exchange.reading) return BUSY;
    if (exchange.body === null) {
      this.#options.reply(message, null, null);
      return "quiet";
    }
    exchange.reading = true;
    this.#options.waitsForClient(id, true);
    this.#read(exchange, exchange.body, message);
    return "quiet";
  }

  /** Answered once the client's side has taken it. */
  chunk(message: KernelMessage, id: bigint): Refusal | "quiet" {
    const exchange = this.#find(message.source, id);
    if (exchange === null || exchange.out === null || exchange.end !== null) return NOT_FOUND;
    if (exchange.waiting !== null) return BUSY;
    const bytes = bytesOf(message.lazy_load_blob?.bytes ?? "");
    if (bytes.length > HTTP_CHUNK_BYTES_MAX) return TOO_LARGE;
    const used = this.#usedBy(exchange.asked.app);
    if (used.bytes + bytes.length > HTTP_STREAM_BYTES_PER_PROCESS_MAX) return TOO_LARGE;
    used.bytes += bytes.length;
    exchange.waiting = { message, bytes };
    if (exchange.wanted) this.#give(exchange, exchange.waiting);
    return "quiet";
  }

  /** `error`: the client must see that something is missing. */
  end(source: Address, id: bigint, error: string | null): Refusal | null {
    const exchange = this.#find(source, id);
    if (exchange === null || exchange.out === null) return NOT_FOUND;
    exchange.end = { error };
    // An error is said at once: what waits is not the end of anything.
    if (exchange.waiting === null || error !== null) this.#finish(exchange);
    return null;
  }

  /** A process is gone, and with it the rest of what it was sending. */
  processEnded(process: Address): void {
    if (!this.#used.has(process)) return;
    for (const exchange of this.#exchanges.values()) {
      if (exchange.asked.app !== process) continue;
      exchange.end = { error: "the process ended" };
      this.#finish(exchange);
    }
  }

  #open(id: bigint, asked: Asked): Exchange | null {
    const used = this.#usedBy(asked.app);
    const full = this.size >= HTTP_PENDING_MAX || used.streams >= HTTP_STREAMS_PER_PROCESS_MAX;
    if (full) {
      this.#release(asked.app);
      return null;
    }
    used.streams++;
    const exchange: Exchange = {
      id,
      asked,
      body: null,
      reading: false,
      out: null,
      wanted: false,
      waiting: null,
      end: null,
    };
    this.#exchanges.set(id, exchange);
    return exchange;
  }

  #find(source: Address, id: bigint): Exchange | null {
    const exchange = this.#exchanges.get(id);
    return exchange?.asked.app === source ? exchange : null;
  }

  async #read(
    exchange: Exchange,
    body: BodyReader,
    message: KernelMessage,
  ): Promise<void> {
    const { reply, waitsForClient, lost } = this.#options;
    try {
      const piece = await body.take();
      exchange.reading = false;
      waitsForClient(exchange.id, false);
      if (piece === null) exchange.body = null;
      const open = this.#exchanges.get(exchange.id) === exchange;
      if (open) reply(message, null, piece);
      else reply(message, NOT_FOUND, null);
    } catch {
      reply(message, BODY_FAILED, null);
      lost(exchange.id);
    }
  }

  #pull(exchange: Exchange): void {
    exchange.wanted = true;
    if (exchange.waiting !== null) this.#give(exchange, exchange.waiting);
  }

  #give(exchange: Exchange, { message, bytes }: Chunk): void {
    this.#forgetWaiting(exchange);
    // An empty piece leaves the client's side wanting.
    if (bytes.length > 0) {
      exchange.wanted = false;
      exchange.out!.enqueue(bytes);
    }
    this.#options.reply(message, null, null);
    if (exchange.end !== null) this.#finish(exchange);
  }

  /** The end of the answer, as it was said. */
  #finish(exchange: Exchange): void {
    const { out, end } = exchange;
    this.#close(exchange);
    if (out === null) return;
    if (end?.error === null) out.close();
    else out.error(new StreamEnded(end?.error));
  }

  /** The client does not want any more. */
  #cancelled(exchange: Exchange): void {
    if (!this.#exchanges.has(exchange.id)) return;
    this.#close(exchange);
    this.tellCancelled(exchange.id, exchange.asked);
  }

  #close(exchange: Exchange): void {
    if (!this.#exchanges.delete(exchange.id)) return;
    const { waiting, body } = exchange;
    if (waiting !== null) {
      this.#forgetWaiting(exchange);
      this.#options.reply(waiting.message, NOT_FOUND, null);
    }
    body?.cancel();
    this.#usedBy(exchange.asked.app).streams--;
    this.#release(exchange.asked.app);
  }

  #forgetWaiting(exchange: Exchange): void {
    this.#usedBy(exchange.asked.app).bytes -= exchange.waiting?.bytes.length ?? 0;
    exchange.waiting = null;
  }

  #usedBy(app: Address): Used {
    let used = this.#used.get(app);
    if (used === undefined) this.#used.set(app, used = { streams: 0, bytes: 0 });
    return used;
  }

  #release(app: Address): void {
    if (this.#usedBy(app).streams === 0) this.#used.delete(app);
  }
}

const NOT_FOUND = refusal("HttpStreamNotFound", errorText("HttpStreamNotFound"));
const BUSY = refusal("HttpStreamBusy", errorText("HttpStreamBusy"));
const TOO_LARGE = refusal("HttpChunkTooLarge", errorText("HttpChunkTooLarge"));
const BODY_FAILED = refusal("HttpBodyFailed", errorText("HttpBodyFailed"));
