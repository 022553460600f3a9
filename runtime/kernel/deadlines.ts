/**
 * Timers for requests that expect a response. One timer of the system for all of them: entries lie in buckets
 * of 50 ms, so that adding and removing one (every HTTP request does both) costs a set operation each, and an
 * answered request leaves nothing behind.
 */
const BUCKET_MS = 50;

export interface Deadline {
  /** Written by `Deadlines.add`. */
  bucket: number;
}

export class Deadlines<T extends Deadline> {
  readonly #buckets = new Map<number, Set<T>>();
  readonly #now: () => number;
  readonly #expired: (entry: T) => void;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** `now` in milliseconds; `expired` is called once for every entry not removed in time. */
  constructor(now: () => number, expired: (entry: T) => void) {
    this.#now = now;
    this.#expired = expired;
  }

  add(entry: T, seconds: number): void {
    entry.bucket = Math.ceil((this.#now() + seconds * 1000) / BUCKET_MS);
    const bucket = this.#buckets.get(entry.bucket);
    if (bucket === undefined) this.#buckets.set(entry.bucket, new Set([entry]));
    else bucket.add(entry);
    this.#timer ??= setTimeout(() => this.#sweep(), BUCKET_MS);
  }

  remove(entry: T): void {
    const bucket = this.#buckets.get(entry.bucket);
    if (bucket?.delete(entry) && bucket.size === 0) this.#buckets.delete(entry.bucket);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#buckets.clear();
  }

  #sweep(): void {
    const now = this.#now();
    for (const [number, bucket] of this.#buckets) {
      if (number * BUCKET_MS > now) continue;
      this.#buckets.delete(number);
      for (const entry of bucket) this.#expired(entry);
    }
    this.#timer = this.#buckets.size === 0 ? null : setTimeout(() => this.#sweep(), BUCKET_MS);
  }
}
