/**
 * HTTP requests that wait for their process. The kernel answers each exactly once, with a Response or with a
 * SendError, and keeps the time; the answer is matched by id (the kernel lets only those answer who were
 * asked). A client that leaves frees its place; what its process answers then is dropped.
 */
import { assert } from "../../assert.ts";
import { HTTP_PENDING_MAX } from "../../limits.ts";
import { ById } from "../../protocol/by_id.ts";
import type { KernelMessage, SendErrorReason } from "../../protocol/message.ts";
import { Answers, emptyResponse, textResponse } from "./outgoing.ts";

interface Waiting {
  resolve(response: Response): void;
  request: Request;
  /** It has been here at the last look / we hear when its client leaves. */
  seen: boolean;
  watched: boolean;
}

/** Fail fast (design.md §3): where Kinode lets the client wait 15 s for 408, we say what is wrong at once. */
const SENTENCES: Record<Exclude<SendErrorReason, "no-answer">, string> = {
  "no-such-process": "the process that serves this path is not running",
  "not-permitted": "http_server may not message the process that serves this path",
  "crashed": "the process ended before it answered",
  "no-network-capability": "the process may not be reached over the network",
  "queue-full": "the process has too many messages waiting",
  "too-large": "the request or its answer is too large for one message",
};

export class PendingRequests {
  readonly #waiting = new ById<Waiting>();
  readonly #answers = new Answers();
  readonly #lookMs: number;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** How often to look for requests that wait long: only of those we ask whether their client is still there. */
  constructor(lookMs = 1_000) {
    this.#lookMs = lookMs;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** The response, once it is there. Note the request before sending it: the refusal may come at once. */
  add(id: bigint, request: Request): Promise<Response> {
    assert(this.#waiting.size < HTTP_PENDING_MAX, "a request was let in over the limit");
    this.#timer ??= setInterval(() => this.#look(), this.#lookMs);
    const { promise, resolve } = Promise.withResolvers<Response>();
    this.#waiting.set(id, { resolve, request, seen: false, watched: false });
    return promise;
  }

  /** A Response or SendError from the kernel; false when nobody waits for it. */
  answer(message: KernelMessage): boolean {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return false;
    this.#waiting.delete(message.id);
    waiting.resolve(
      message.kind === "Response"
        ? this.#answers.responseFrom(message, waiting.request.method)
        : refusal(message.error?.reason ?? "no-answer"),
    );
    return true;
  }

  /** The node stops. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const { resolve } of this.#waiting.values()) {
      resolve(textResponse(503, "stopping: this node stops"));
    }
    this.#waiting.clear();
  }

  /** Listening to request.signal costs 25 µs in Deno 2.9.6, so only slow requests do, from their second look on. */
  #look(): void {
    if (this.#waiting.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    for (const [id, waiting] of this.#waiting.entries()) {
      if (waiting.seen && !waiting.watched) this.#watch(id, waiting);
      waiting.seen = true;
    }
  }

  #watch(id: bigint, waiting: Waiting): void {
    waiting.watched = true;
    const forget = () => {
      // Deno fires it for a response that was sent, too; then there is nothing left to forget.
      if (this.#waiting.delete(id)) waiting.resolve(emptyResponse(408));
    };
    const signal = waiting.request.signal;
    if (signal.aborted) forget();
    else signal.addEventListener("abort", forget);
  }
}

function refusal(reason: SendErrorReason): Response {
  if (reason === "no-answer") return emptyResponse(408);
  return textResponse(503, `${reason}: ${SENTENCES[reason]}`);
}
