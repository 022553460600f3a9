/**
 * One request of `fetch` to http_client (its web_calls.ts), by a number of its own: what is sent and what comes back
 * go piece by piece.
 */
import { FETCH_SECONDS, HTTP_STREAM_SECONDS } from "../limits.ts";
import type { HttpClientAction, HttpClientResponse } from "../protocol/http_client.ts";
import { askHttpClient, toHttpClient } from "./http_client.ts";
import { give, piecesOf } from "./pieces.ts";

export interface HttpCallHead {
  method: string;
  url: string;
  headers: Record<string, string>;
  redirect: "follow" | "manual" | "error";
  decompress: boolean;
}

type Http = Extract<HttpClientResponse, { Http: unknown }>["Http"];

export interface HttpCallAnswer {
  status: number;
  web: NonNullable<Http["web"]>;
  /** All of the body, unless `web.streams`. */
  blob: Uint8Array;
}

/** Tells http_client of an answer that nobody can read any more. */
const forgotten = new FinalizationRegistry((call: number) => tell({ HttpCancel: { call } }));
let lastNumber = 0;

export class HttpCall {
  readonly #number = lastNumber = (lastNumber + 1) >>> 0;
  readonly #ended = Promise.withResolvers<void>();
  #isOver = false;
  #upload: ReadableStreamDefaultReader<unknown> | null = null;
  #body: ReadableByteStreamController | null = null;
  #why: unknown = null;
  #aborted: ((reason: unknown) => void) | null = null;

  /** Resolves when nothing more is sent or read. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Rejects with an HttpClientError, or with what `cancel` was given. */
  async send(
    head: HttpCallHead,
    body: Uint8Array | ReadableStream | null,
  ): Promise<HttpCallAnswer> {
    const { redirect, decompress, ...rest } = head;
    const streams = body instanceof ReadableStream;
    const web = { call: this.#number, redirect, streams, decompress };
    const seconds = streams ? HTTP_STREAM_SECONDS : FETCH_SECONDS;
    const bytes = streams || body === null ? undefined : body;
    const asked = askHttpClient({ Http: { ...rest, version: null, web } }, seconds, bytes);
    const failed = streams ? this.#sendBody(body) : new Promise<never>(() => {});
    const cancelled = new Promise<never>((_, reject) => this.#aborted = reject);
    cancelled.catch(() => {});
    const { ok, blob } = await Promise.race([asked, failed, cancelled]);
    if (typeof ok === "string" || ok.Http.web === undefined) throw new TypeError(UNEXPECTED);
    if (!ok.Http.web.streams) this.end();
    return { status: ok.Http.status, web: ok.Http.web, blob: blob ?? new Uint8Array(0) };
  }

  /** The rest of the answer: each read asks for one piece. */
  body(): ReadableStream<Uint8Array> {
    const call = this.#number;
    const stream = new ReadableStream({
      type: "bytes",
      start: (controller) => void (this.#body = controller),
      pull: (controller) => this.#pull(controller),
      cancel: (reason) => this.cancel(reason),
    });
    forgotten.register(stream, call, this);
    return stream;
  }

  /** http_client lets go of it; who reads or waits gets `reason`. */
  cancel(reason: unknown): void {
    if (this.#isOver) return;
    this.#why = reason;
    tell({ HttpCancel: { call: this.#number } });
    this.#aborted?.(reason);
    this.#body?.error(reason);
    this.end();
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    forgotten.unregister(this);
    // It may be read by nobody else, and what it still holds is for nobody.
    this.#upload?.cancel(this.#why).catch(() => {});
    this.#ended.resolve();
  }

  async #pull(controller: ReadableByteStreamController): Promise<void> {
    try {
      const action = { HttpBodyRead: { call: this.#number } };
      const { blob } = await askHttpClient(action, HTTP_STREAM_SECONDS);
      if (this.#isOver) return;
      give(controller, blob);
      if (blob !== null) return;
    } catch (error) {
      if (this.#isOver) return;
      this.end();
      throw new TypeError(`error reading a body from connection: ${(error as Error).message}`);
    }
    this.end();
  }

  /** Rejects if the stream fails; otherwise the answer says what became of it. */
  async #sendBody(stream: ReadableStream): Promise<never> {
    const call = this.#number;
    this.#upload = stream.getReader();
    try {
      while (true) {
        const { done, value } = await this.#upload.read();
        if (done || this.#isOver) break;
        if (!await this.#sendPiece(value)) break;
      }
      tell({ HttpRequestEnd: { call, error: null } });
    } catch (error) {
      tell({ HttpRequestEnd: { call, error: String(error) } });
      throw error;
    }
    return await new Promise<never>(() => {});
  }

  /** False if the server wants no more. */
  async #sendPiece(piece: unknown): Promise<boolean> {
    const action = { HttpRequestChunk: { call: this.#number } };
    for (const part of piecesOf(piece)) {
      const taken = await askHttpClient(action, HTTP_STREAM_SECONDS, part).catch(() => null);
      if (taken === null) return false;
    }
    return true;
  }
}

const UNEXPECTED = "http_client gave unexpected response";

/** Nobody waits for an answer. */
function tell(action: HttpClientAction): void {
  toHttpClient(action).send();
}
