/**
 * What a process may have of the one thread that the kernel has for all. Of a turn a millisecond, for sockets have theirs
 * between two; and who has had more than a burst of it gets KERNEL_SHARE from then on, while others are about.
 *
 *   run(step) ── 1 ms ──► wait() ms for the others ──► run(step) ── 1 ms ──► …
 */
import { KERNEL_BURST_MS, KERNEL_SHARE, KERNEL_TURN_MS } from "../limits.ts";

/** Another is about when it was heard of so recently. */
const ABOUT_MS = 100;

/** The thread, and who was last heard of. */
export class KernelThread {
  readonly now: () => number;
  #last: ThreadShare | null = null;
  #lastAt = -Infinity;
  /** The last time of any other than the last one. */
  #otherAt = -Infinity;

  /** `now`: milliseconds, never going back. */
  constructor(now: () => number) {
    this.now = now;
  }

  /** `who` was heard of at `at`. */
  hears(who: ThreadShare, at: number): void {
    if (who !== this.#last) {
      this.#last = who;
      this.#otherAt = this.#lastAt;
    }
    this.#lastAt = at;
  }

  /** Whether others than `who` are about. */
  isShared(who: ThreadShare, at: number): boolean {
    return at - (who === this.#last ? this.#otherAt : this.#lastAt) < ABOUT_MS;
  }
}

/** One process's share of it. */
export class ThreadShare {
  readonly #thread: KernelThread;
  /** Milliseconds that it may still have at once; below nothing, what it has had too much. */
  #left = KERNEL_BURST_MS;
  #at: number;

  constructor(thread: KernelThread) {
    this.#thread = thread;
    this.#at = thread.now();
  }

  /** Milliseconds until its next turn: 0 as long as it keeps to its share, or nobody else is about. */
  wait(): number {
    const at = this.#thread.now();
    this.#left = Math.min(KERNEL_BURST_MS, this.#left + KERNEL_SHARE * (at - this.#at));
    this.#at = at;
    if (!this.#thread.isShared(this, at)) this.#left = Math.max(0, this.#left);
    return Math.max(0, -this.#left / KERNEL_SHARE);
  }

  /** As many steps as a turn has room for, one at least; a step returns whether any is left. */
  run(step: () => boolean): void {
    const from = this.#thread.now();
    this.#thread.hears(this, from);
    let at: number;
    let isLeft: boolean;
    do {
      isLeft = step();
      at = this.#thread.now();
    } while (isLeft && at - from < KERNEL_TURN_MS);
    this.#left -= at - from;
  }
}
