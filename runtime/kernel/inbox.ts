/**
 * What was given to a process and what it has not finished, under the numbers that both ends of its port count:
 * the first message is 0. Messages are finished out of order when an answer is awaited while others wait.
 */
import { assert } from "../assert.ts";
import { INBOX_BYTES_MAX, INBOX_MESSAGES_MAX, OUTSTANDING_PER_PROCESS_MAX } from "../limits.ts";
import { type Address, processOf } from "../protocol/address.ts";
import { ById } from "../protocol/by_id.ts";
import { LARGE_BYTES, largeBytes, release } from "../protocol/large.ts";
import { isReceiversOnly, type KernelMessage, sizeOf } from "../protocol/message.ts";

/** Made once: its stack trace would cost more than the routing, and floods are refused by the 100,000. */
const FULL = new RangeError("the queue is full");

export class Inbox {
  /** Whether a message with these bytes is still to be sent. */
  readonly #isToSend: (bytes: Uint8Array) => boolean;
  readonly #unfinished = new ById<KernelMessage, number>();
  #next = 0;
  #bytes = 0;
  /** Of the last that was finished: not the whole, which may be large. */
  #lastKind: KernelMessage["kind"] = "Request";
  #lastSource: Address | null = null;

  constructor(isToSend: (bytes: Uint8Array) => boolean) {
    this.#isToSend = isToSend;
  }

  /**
   * Takes a message in, or throws a RangeError when too much waits already. An answer was asked for, and is
   * refused only for its bytes: one without any always gets in.
   */
  add(message: KernelMessage): void {
    const size = sizeOf(message);
    const full = message.kind === "Request" && this.#unfinished.size >= INBOX_MESSAGES_MAX;
    if (full || size > 0 && this.#bytes + size > INBOX_BYTES_MAX) {
      throw FULL;
    }
    this.#unfinished.set(this.#next++, message);
    this.#bytes += size;
  }

  /** How many are unfinished. */
  get size(): number {
    return this.#unfinished.size;
  }

  /** The number of the oldest that is not finished: while it stays the same, the process is at it. */
  get oldest(): number | undefined {
    return this.#unfinished.firstKey();
  }

  /** Whether anything is unfinished. */
  get waiting(): boolean {
    return this.#unfinished.size > 0;
  }

  /** More answers wait than requests that were let through: it sends what is refused, and reads nothing. */
  get overflows(): boolean {
    return this.#unfinished.size > INBOX_MESSAGES_MAX + OUTSTANDING_PER_PROCESS_MAX;
  }

  /** The process has finished these; throws a TypeError if it was not given one of them. */
  finish(numbers: number[]): void {
    for (const number of numbers) {
      const message = this.#unfinished.get(number);
      const size = message === undefined ? 0 : sizeOf(message);
      if (message === undefined || size >= LARGE_BYTES && this.#isAhead(message)) {
        throw new TypeError(`it finished message ${number}, which it was not given`);
      }
      this.#unfinished.delete(number);
      this.#bytes -= size;
      if (size >= LARGE_BYTES) release(message);
      this.#lastKind = message.kind;
      this.#lastSource = message.source;
    }
    assert(this.#bytes >= 0, "more bytes left an inbox than came in");
  }

  /** Its bytes would be given back while they are being sent. */
  #isAhead(message: KernelMessage): boolean {
    return isReceiversOnly(message) && largeBytes(message).some(this.#isToSend);
  }

  /** What was not finished, oldest first. */
  unfinished(): KernelMessage[] {
    return this.#unfinished.values();
  }

  /** What the process is at, or was at last, in words. */
  lastMessage(): string {
    const [message] = this.unfinished();
    const source = message?.source ?? this.#lastSource;
    if (source === null) return "none";
    return `a ${message?.kind ?? this.#lastKind} from ${processOf(source)}`;
  }
}
