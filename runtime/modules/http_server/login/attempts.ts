/**
 * Passwords tried and wrong. After some failures a client has to wait, each time twice as long; and a few
 * tries at a time are worked on, since each is half a second of a core.
 */
import { Newest } from "../../../protocol/newest.ts";
import {
  LOGIN_ADDRESSES_MAX,
  LOGIN_FREE_FAILURES,
  LOGIN_PAUSE_SECONDS_MAX,
  LOGIN_TRIES_AT_ONCE_MAX,
} from "./limits.ts";

interface Failures {
  count: number;
  /** Milliseconds. */
  until: number;
}

export class Attempts {
  readonly #now: () => number;
  /** By client. */
  readonly #failures = new Newest<string, Failures>(LOGIN_ADDRESSES_MAX);
  #working = 0;

  /** `now` in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Seconds that `client` has to wait before it may try; 0: it may. */
  pauseOf(client: string): number {
    if (this.#working >= LOGIN_TRIES_AT_ONCE_MAX) return 1;
    const { until } = this.#failures.get(client) ?? { until: 0 };
    return Math.max(0, Math.ceil((until - this.#now()) / 1000));
  }

  /** Runs one try; `work` tells whether the password was right. */
  async try(client: string, work: () => Promise<boolean>): Promise<boolean> {
    this.#working++;
    // Counted before it is known: a thousand tries at once are a thousand failures until proven right.
    this.#failed(client);
    try {
      const right = await work();
      if (right) this.#failures.delete(client);
      return right;
    } finally {
      this.#working--;
    }
  }

  #failed(client: string): void {
    const count = (this.#failures.get(client)?.count ?? 0) + 1;
    const pause = count < LOGIN_FREE_FAILURES
      ? 0
      : Math.min(2 ** (count - LOGIN_FREE_FAILURES), LOGIN_PAUSE_SECONDS_MAX);
    this.#failures.set(client, { count, until: this.#now() + pause * 1000 });
  }
}
