/** Bytes of a connection, asked for in the amounts that a parser needs. */

const STORAGE_BYTES = 16 * 1024;

export class ByteReader {
  readonly #connection: { read(into: Uint8Array): Promise<number | null> };
  readonly #storage = new Uint8Array(STORAGE_BYTES);
  #unread = new Uint8Array(0);

  constructor(connection: { read(into: Uint8Array): Promise<number | null> }) {
    this.#connection = connection;
  }

  /** From 1 to `max` bytes, a view that holds until the next call; `null` at the end. */
  async some(max: number): Promise<Uint8Array | null> {
    while (this.#unread.length === 0) {
      const length = await this.#connection.read(this.#storage);
      if (length === null) return null;
      this.#unread = this.#storage.subarray(0, length);
    }
    const taken = this.#unread.subarray(0, max);
    this.#unread = this.#unread.subarray(taken.length);
    return taken;
  }

  /** Appends exactly `length` bytes to `bytes`; false if the connection ended before. */
  async appendTo(bytes: GrowingBytes, length: number): Promise<boolean> {
    for (let left = length; left > 0;) {
      const part = await this.some(left);
      if (part === null) return false;
      bytes.append(part);
      left -= part.length;
    }
    return true;
  }
}

/** Grows as bytes arrive, not as they are announced: a frame's head may promise 64 MiB and send nothing. */
export class GrowingBytes {
  #bytes = new Uint8Array(0);
  length = 0;

  append(part: Uint8Array): void {
    const needed = this.length + part.length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, this.length));
      this.#bytes = grown;
    }
    this.#bytes.set(part, this.length);
    this.length = needed;
  }

  /** What was collected, as bytes of its own; begins anew. */
  take(): Uint8Array {
    const { length } = this;
    // Its whole buffer would cross to the process otherwise.
    const taken = length === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, length);
    this.#bytes = new Uint8Array(0);
    this.length = 0;
    return taken;
  }
}
