/**
 * Bytes that the node holds because clients do not go on: answers and WebSocket messages that nobody takes, halves of
 * messages. Each is within its own limit, a thousand together are not: beyond the sum who has kept the node waiting
 * longest is cut.
 */

export interface Holder {
  /** Ends its connection at once. */
  gone(): void;
}

/** Every connection may hold so much. */
const SMALL_BYTES = 64 * 1024;

export class Held {
  readonly #bytesMax: number;
  readonly #onOver: () => void;
  /** In the order in which they began to hold more than a little. */
  readonly #bytes = new Map<Holder, number>();
  #total = 0;

  /** `onOver` is called whenever one has to go. */
  constructor(bytesMax: number, onOver: () => void) {
    this.#bytesMax = bytesMax;
    this.#onOver = onOver;
  }

  /** What `holder` holds from now on. */
  set(holder: Holder, bytes: number): void {
    const before = this.#bytes.get(holder) ?? 0;
    const counted = bytes > SMALL_BYTES ? bytes : 0;
    if (counted === before) return;
    this.#total += counted - before;
    if (counted === 0) this.#bytes.delete(holder);
    else this.#bytes.set(holder, counted);
    while (this.#total > this.#bytesMax) this.#cutOldest();
  }

  #cutOldest(): void {
    const [[oldest, bytes]] = this.#bytes as Iterable<[Holder, number]> as [[Holder, number]];
    this.#bytes.delete(oldest);
    this.#total -= bytes;
    this.#onOver();
    oldest.gone();
  }
}
