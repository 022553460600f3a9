/**
 * HTTP requests that wait for their process. The kernel answers each exactly once, with a Response or with a
 * SendError, and keeps the time; the answer is matched by id (the kernel lets only those answer who were
 * asked).
 */
import { assert } from "../../assert.ts";
import { HTTP_PENDING_MAX, HTTP_RESPONSE_SECONDS } from "../../limits.ts";
import { ById } from "../../protocol/by_id.ts";
import type { KernelMessage, SendErrorReason } from "../../protocol/message.ts";
import { Answers, emptyResponse, textResponse } from "./outgoing.ts";

/** What is needed of a request until it is answered. */
type Asking = Pick<Request, "method" | "signal">;

interface Waiting {
  resolve(response: Response): void;
  request: Asking;
  /** It was here at the last look. */
  seen: boolean;
}

/** Fail fast (design.md §3): where Kinode lets the client wait 15 s for 408, we say what is wrong at once. */
const SENTENCES: Record<Exclude<SendErrorReason, "no-answer">, string> = {
  "no-such-process": "the process that serves this path is not running",
  "not-permitted": "http_server may not message the process that serves this path",
  "crashed": "the process ended before it answered",
  "offline": "the process is on a node that cannot be reached",
  "no-network-capability": "the process may not be reached over the network",
  "queue-full": "the process has too many messages waiting",
  "too-large": "the request or its answer is too large for one message",
};

export class PendingRequests {
  readonly #waiting = new ById<Waiting>();
  readonly #answers = new Answers();
  readonly #lookMs: number;
  readonly #crowdedAt: number;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor({ lookMs = 1_000, crowdedAt = HTTP_PENDING_MAX / 2 } = {}) {
    this.#lookMs = lookMs;
    this.#crowdedAt = crowdedAt;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** The response, once it is there. Note the request before sending it: the refusal may come at once. */
  add(id: bigint, request: Asking): Promise<Response> {
    assert(this.#waiting.size < HTTP_PENDING_MAX, "a request was let in over the limit");
    this.#timer ??= setInterval(() => this.#look(), this.#lookMs);
    const { promise, resolve } = Promise.withResolvers<Response>();
    this.#waiting.set(id, { resolve, request, seen: false });
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

  /**
   * When it is crowded, frees the places of slow requests whose client left. Otherwise the kernel's answer
   * does, in 15 s: making request.signal costs 25 µs in Deno 2.9.6, and its first use makes Deno print a
   * warning unless it runs with --unstable-no-legacy-abort.
   */
  #look(): void {
    if (this.#waiting.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    if (this.#waiting.size < this.#crowdedAt) return;
    for (const [id, waiting] of this.#waiting.entries()) {
      if (waiting.seen && waiting.request.signal.aborted) {
        this.#waiting.delete(id);
        waiting.resolve(emptyResponse(408)); // For nobody; Deno lets go of the request.
      }
      waiting.seen = true;
    }
  }
}

function refusal(reason: SendErrorReason): Response {
  if (reason === "no-answer") {
    return textResponse(408, `the process did not answer within ${HTTP_RESPONSE_SECONDS} s`);
  }
  return textResponse(503, `${reason}: ${SENTENCES[reason]}`);
}
