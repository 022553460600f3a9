/**
 * HTTP requests that wait for their process. The kernel answers each exactly once, with a Response or with a
 * SendError, and keeps the time; the answer is matched by id (the kernel lets only those answer who were
 * asked). Of a request whose body streams the time is kept here: it runs while the process is silent, not while
 * the client is.
 */
import { assert } from "../../assert.ts";
import { HTTP_PENDING_MAX, HTTP_RESPONSE_SECONDS } from "../../limits.ts";
import { ById } from "../../protocol/by_id.ts";
import type { KernelMessage, SendErrorReason } from "../../protocol/message.ts";
import { type Answered, Answers, emptyResponse, refusalResponse, unreachable } from "./outgoing.ts";
import type { Asked, Streams } from "./streams.ts";

/** What is needed of a request until it is answered. */
type Asking = Answered & Pick<Request, "signal">;

interface Waiting {
  resolve(response: Response): void;
  request: Asking;
  asked: Asked;
  /** How long the process may be silent. */
  seconds: number;
  /** Then, on the clock, where the time is kept here; infinite while the process waits for the client. */
  dueMs: number | null;
  /** How many looks found it here; from the second on its client is watched. */
  looks: 0 | 1 | 2;
}

/** How a request is waited for. */
export interface Terms {
  seconds?: number;
  /** Its body streams: the time is kept here. */
  streams?: boolean;
}

/** Requests whose clients are watched from one look on: request.signal costs 25 µs each (Deno 2.9.6). */
const WATCHED_PER_LOOK_MAX = 400;

export interface PendingOptions {
  streams: Streams;
  now?: () => number;
  lookMs?: number;
}

export class PendingRequests {
  readonly #waiting = new ById<Waiting>();
  readonly #answers: Answers;
  readonly #streams: Streams;
  readonly #now: () => number;
  readonly #lookMs: number;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor({ streams, now = () => performance.now(), lookMs = 250 }: PendingOptions) {
    this.#streams = streams;
    this.#answers = new Answers(streams);
    this.#now = now;
    this.#lookMs = lookMs;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** The response, once it is there. Note the request before sending it: the refusal may come at once. */
  add(
    id: bigint,
    request: Asking,
    asked: Asked,
    { seconds = HTTP_RESPONSE_SECONDS, streams = false }: Terms = {},
  ): Promise<Response> {
    assert(this.#waiting.size < HTTP_PENDING_MAX, "a request was let in over the limit");
    this.#timer ??= setInterval(() => this.#look(), this.#lookMs);
    const { promise, resolve } = Promise.withResolvers<Response>();
    const dueMs = streams ? this.#now() + seconds * 1000 : null;
    this.#waiting.set(id, { resolve, request, asked, seconds, dueMs, looks: 0 });
    return promise;
  }

  /** A Response or SendError from the kernel; false when nobody waits for it. */
  answer(message: KernelMessage): boolean {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return false;
    this.#waiting.delete(message.id);
    const { request, asked } = waiting;
    waiting.resolve(
      message.kind === "Response"
        ? this.#answers.responseFrom(message, request, asked)
        : this.#refused(message.id, waiting, message.error?.reason ?? "no-answer"),
    );
    return true;
  }

  /** Whether the process waits for the client now, or the client for the process. */
  waitsForClient(id: bigint, waits: boolean): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined || waiting.dueMs === null) return;
    waiting.dueMs = waits ? Infinity : this.#now() + waiting.seconds * 1000;
  }

  /** The client has gone: its place is free, and its process need not go on. */
  lost(id: bigint): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    this.#streams.answered(id);
    this.#streams.tellCancelled(id, waiting.asked);
    waiting.resolve(emptyResponse(408)); // For nobody; the listener lets go of the request.
  }

  /** The node stops. */
  close(): void {
    this.#stopLooking();
    for (const { resolve, request } of this.#waiting.values()) {
      resolve(refusalResponse(503, "stopping", "this node stops", request.headers));
    }
    this.#waiting.clear();
  }

  #refused(id: bigint, { request, seconds }: Waiting, reason: SendErrorReason): Response {
    this.#streams.answered(id);
    if (reason !== "no-answer") return unreachable(reason, request.headers);
    const silent = `the process did not answer within ${seconds} s`;
    return refusalResponse(408, reason, silent, request.headers);
  }

  /**
   * Looks after what takes long: whose time is over, and whose client has gone. A client is watched from the
   * second look on, for most requests are answered before: Deno 2.9 tells also of one that went earlier, 2.4
   * does not, and its request ends with the process's answer or with the kernel's in 15 s.
   */
  #look(): void {
    if (this.#waiting.size === 0) this.#stopLooking();
    const now = this.#now();
    let watched = 0;
    for (const [id, waiting] of this.#waiting.entries()) {
      if (waiting.dueMs !== null && waiting.dueMs <= now) this.#overdue(id, waiting);
      else if (waiting.looks === 0) waiting.looks = 1;
      else if (waiting.looks === 1 && watched < WATCHED_PER_LOOK_MAX) {
        waiting.looks = 2;
        watched++;
        this.#watch(id, waiting.request.signal);
      }
    }
  }

  #watch(id: bigint, signal: AbortSignal): void {
    if (signal.aborted) this.lost(id);
    else signal.addEventListener("abort", () => this.lost(id), { once: true });
  }

  #overdue(id: bigint, waiting: Waiting): void {
    this.#waiting.delete(id);
    this.#streams.tellCancelled(id, waiting.asked);
    waiting.resolve(this.#refused(id, waiting, "no-answer"));
  }

  #stopLooking(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
