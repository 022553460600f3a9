/**
 * A process's calls on the kernel (protocol/host.ts) begin in the order in which they came, and are answered as each is
 * done. One answer that may be large is under way at a time, until the process has taken it: a thousand calls for a state of 60 MB
 * would be a thousand times that in the kernel's memory.
 */
import type { HostCall, ReturnFrame } from "../protocol/host.ts";
import { HOST_CALLS_MAX } from "../limits.ts";

export interface CallQueueOptions {
  /** What the process gets back, or why not: an Error's message. */
  onCall(call: HostCall): Promise<unknown>;
  answer(frame: ReturnFrame): void;
  /** Asks the process for a sign of life behind what was answered; `taken` is to be called when it comes. */
  ask(): void;
}

/** Calls whose answers may be large: up to 60 MB, up to 10,000 capabilities. */
const LARGE: ReadonlySet<HostCall> = new Set<HostCall>(["GetState", "OurCapabilities"]);

export class CallQueue {
  readonly #options: CallQueueOptions;
  #waiting: [id: number, call: HostCall][] = [];
  /** Those that wait, and those that are not answered yet. */
  #open = 0;
  /** A large answer is made, or on its way. */
  #largeUnderWay = false;
  /** And the process was asked behind it. */
  #asked = false;

  constructor(options: CallQueueOptions) {
    this.#options = options;
  }

  get idle(): boolean {
    return this.#open === 0;
  }

  add(id: number, call: HostCall): void {
    if (this.#open >= HOST_CALLS_MAX) {
      return this.#options.answer([
        "Return",
        id,
        `more than ${HOST_CALLS_MAX} calls at once`,
        null,
      ]);
    }
    this.#open++;
    this.#waiting.push([id, call]);
    this.#beginSome();
  }

  /** The process gave a sign of life. */
  taken(): void {
    if (!this.#asked) return;
    this.#asked = false;
    this.#largeUnderWay = false;
    this.#beginSome();
  }

  /** What waits is not begun any more. */
  close(): void {
    this.#waiting = [];
  }

  #beginSome(): void {
    while (this.#waiting.length > 0) {
      const isLarge = LARGE.has(this.#waiting[0]![1]);
      if (isLarge && this.#largeUnderWay) return;
      const [id, call] = this.#waiting.shift()!;
      this.#largeUnderWay ||= isLarge;
      this.#begin(id, call, isLarge);
    }
  }

  async #begin(id: number, call: HostCall, isLarge: boolean): Promise<void> {
    const { onCall, answer, ask } = this.#options;
    const frame = await onCall(call)
      .then((value): ReturnFrame => ["Return", id, null, value])
      .catch((error): ReturnFrame => ["Return", id, (error as Error).message, null]);
    this.#open--;
    answer(frame);
    if (!isLarge) return;
    this.#asked = true;
    ask();
  }
}
