/** A body that is put together as it comes, in one growing array: a client that sends single bytes must not cost one each. */
const FIRST_BYTES = 64 * 1024;

export class Gathering {
  readonly #expected: number | null;
  #bytes = new Uint8Array(0);
  #size = 0;

  /** `expected`: how long it will be, as far as anybody said; no more is allocated than has come, twice at most. */
  constructor(expected: number | null) {
    this.#expected = expected;
  }

  add(piece: Uint8Array): void {
    const size = this.#size + piece.length;
    if (size > this.#bytes.length) this.#grow(size);
    this.#bytes.set(piece, this.#size);
    this.#size = size;
  }

  whole(): Uint8Array<ArrayBuffer> {
    return this.#size === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#size);
  }

  #grow(size: number): void {
    const room = Math.max(this.#bytes.length * 2, FIRST_BYTES);
    const enough = this.#expected === null ? room : Math.min(room, this.#expected);
    const grown = new Uint8Array(Math.max(enough, size));
    grown.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = grown;
  }
}
