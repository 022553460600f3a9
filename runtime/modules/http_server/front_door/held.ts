/**
 * Bytes that the node holds because clients do not go on: answers and WebSocket messages that nobody takes, halves of
 * messages and of bodies. Each is within its own limit, a thousand together are not: beyond the sum who has kept the node
 * waiting longest is cut.
 */

export interface Holder {
  /** Ends its connection at once. */
  gone(): void;
}

/** Every connection may hold so much; and who has moved so much has not kept anybody waiting. */
const SMALL_BYTES = 64 * 1024;

interface Entry {
  bytes: number;
  /** Taken or sent by the client since the entry has its place. */
  moved: number;
}

export class Held {
  readonly #bytesMax: number;
  readonly #onOver: () => void;
  /** Who is here or has moved SMALL_BYTES last stands last. */
  readonly #entries = new Map<Holder, Entry>();
  #total = 0;

  /** `onOver` is called whenever one has to go. */
  constructor(bytesMax: number, onOver: () => void) {
    this.#bytesMax = bytesMax;
    this.#onOver = onOver;
  }

  /** `holder` holds `bytes` from now on; its client has taken or sent `moved` bytes since the last call. */
  set(holder: Holder, bytes: number, moved: number): void {
    const before = this.#entries.get(holder);
    if (bytes <= SMALL_BYTES) {
      if (before !== undefined) this.#remove(holder, before);
      return;
    }
    const entry = before ?? { bytes: 0, moved: 0 };
    entry.moved += moved;
    if (entry.moved >= SMALL_BYTES) {
      entry.moved = 0;
      this.#entries.delete(holder);
    }
    this.#entries.set(holder, entry);
    this.#total += bytes - entry.bytes;
    entry.bytes = bytes;
    while (this.#total > this.#bytesMax) this.#cutOldest();
  }

  #cutOldest(): void {
    const [[oldest, entry]] = this.#entries as Iterable<[Holder, Entry]> as [[Holder, Entry]];
    this.#remove(oldest, entry);
    this.#onOver();
    oldest.gone();
  }

  #remove(holder: Holder, { bytes }: Entry): void {
    this.#entries.delete(holder);
    this.#total -= bytes;
  }
}
