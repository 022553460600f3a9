/**
 * A process's calls on the kernel (protocol/host.ts) begin in the order in which they came, and are answered as each is
 * done. Two kinds wait for their like, for a thousand may be asked for at once:
 *
 *   what may be large to answer   one at a time, and what came after it waits as well; the next when the process has given a
 *                                 sign of life behind the answer: a thousand states of 60 MB are more than the kernel can hold
 *   Spawn                         some at a time, the next in a turn of its own, and nobody else waits: each takes reading,
 *                                 bundling and a start, and a thousand that are refused would be one long turn
 */
import type { HostCall, ReturnFrame } from "../protocol/host.ts";
import { HOST_CALLS_MAX, SPAWNS_UNDER_WAY_MAX } from "../limits.ts";

export interface CallQueueOptions {
  /** What the process gets back, or why not: an Error's message. */
  onCall(call: HostCall): Promise<unknown>;
  answer(frame: ReturnFrame): void;
  /** Asks the process for a sign of life behind what was answered; `taken` is to be called when it comes. */
  ask(): void;
}

/** Up to 60 MB, up to 10,000 capabilities. */
const LARGE: ReadonlySet<HostCall> = new Set<HostCall>(["GetState", "OurCapabilities"]);

type Waiting = [id: number, call: HostCall];

export class CallQueue {
  readonly #options: CallQueueOptions;
  #waiting: Waiting[] = [];
  #spawns: Waiting[] = [];
  #spawning = 0;
  /** Begins the next; none begins before. */
  #next: ReturnType<typeof setTimeout> | undefined;
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
      const refusal = `more than ${HOST_CALLS_MAX} calls at once`;
      return this.#options.answer(["Return", id, refusal, null]);
    }
    this.#open++;
    (isSpawn(call) ? this.#spawns : this.#waiting).push([id, call]);
    this.#beginSome();
  }

  /** The process gave a sign of life. */
  taken(): void {
    if (!this.#asked) return;
    this.#asked = false;
    this.#largeUnderWay = false;
    this.#beginSome();
  }

  /** The process has ended. What it wanted done, and nobody need answer, is done all the same: a state that it set last. */
  close(): void {
    const left = this.#waiting.filter(([_id, call]) => !LARGE.has(call));
    this.#waiting = [];
    this.#spawns = [];
    clearTimeout(this.#next);
    for (const [id, call] of left) void this.#run(id, call);
  }

  #beginSome(): void {
    while (this.#waiting.length > 0) {
      const isLarge = LARGE.has(this.#waiting[0]![1]);
      if (isLarge && this.#largeUnderWay) break;
      const [id, call] = this.#waiting.shift()!;
      this.#largeUnderWay ||= isLarge;
      void this.#run(id, call).then(() => isLarge && this.#ask());
    }
    while (
      this.#next === undefined && this.#spawns.length > 0 && this.#spawning < SPAWNS_UNDER_WAY_MAX
    ) {
      this.#spawning++;
      void this.#run(...this.#spawns.shift()!).then(() => {
        this.#spawning--;
        this.#nextSpawn();
      });
    }
  }

  /** A timer lets the sockets have their turn first. */
  #nextSpawn(): void {
    if (this.#spawns.length === 0 || this.#next !== undefined) return;
    this.#next = setTimeout(() => {
      this.#next = undefined;
      this.#beginSome();
    }, 0);
  }

  async #run(id: number, call: HostCall): Promise<void> {
    const { onCall, answer } = this.#options;
    const frame = await onCall(call)
      .then((value): ReturnFrame => ["Return", id, null, value])
      .catch((error): ReturnFrame => ["Return", id, (error as Error).message, null]);
    this.#open--;
    answer(frame);
  }

  #ask(): void {
    this.#asked = true;
    this.#options.ask();
  }
}

function isSpawn(call: HostCall): boolean {
  return typeof call === "object" && "Spawn" in call;
}
