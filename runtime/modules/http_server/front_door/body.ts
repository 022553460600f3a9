/** The body of a request, taken off its connection piece by piece and never beyond its end. */
import { Gathering } from "../gathering.ts";
import type { Framing } from "./head.ts";
import { BadRequest, type Reader } from "./reader.ts";

const PIECE_BYTES_MAX = 64 * 1024;
/** A chunk's size line with its extension, and the lines after the last chunk: nobody here reads them. */
const CHUNK_LINE_BYTES_MAX = 256;
const TRAILER_BYTES_MAX = 4 * 1024;
/** Of all chunk extensions of one body together (as Node since CVE-2024-22019). */
const EXTENSION_BYTES_MAX = 16 * 1024;
const CHUNK_SIZE = /^([\da-fA-F]{1,8})([ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/;
const TRAILER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*$/;

export interface BodyWaits {
  /** Before the first byte is waited for: a client may wait for a 100. */
  wanted(): Promise<void>;
  /** Bounds how long the client may be silent. */
  within<T>(work: Promise<T>): Promise<T>;
  /** After the last byte. */
  complete(): void;
  /** The client framed it wrongly; nothing behind it can be read. */
  malformed(error: BadRequest): void;
}

export class Body {
  readonly #reader: Reader;
  readonly #framing: Framing;
  readonly #waits: BodyWaits;
  /** Of the body, or of the chunk that is being read. */
  #left: number;
  #extensionBytes = 0;
  #begun = false;
  /** Everything of it was taken: the next byte is the next request's. */
  complete: boolean;

  constructor(reader: Reader, framing: Framing, waits: BodyWaits) {
    this.#reader = reader;
    this.#framing = framing;
    this.#waits = waits;
    this.#left = framing.kind === "length" ? framing.bytes : 0;
    this.complete = framing.kind === "none";
  }

  /** The next piece; null at the end. Rejects with BadRequest, or with what broke the connection. */
  async next(): Promise<Uint8Array | null> {
    if (this.complete) return null;
    if (!this.#begun) {
      this.#begun = true;
      await this.#waits.wanted();
      this.#reader.expectBody(true);
    }
    const chunked = this.#framing.kind === "chunked";
    let piece: Uint8Array | null;
    try {
      piece = await this.#waits.within(chunked ? this.#nextChunked() : this.#nextOfLength());
    } catch (error) {
      if (error instanceof BadRequest) this.#waits.malformed(error);
      throw error;
    }
    if (this.complete) {
      this.#reader.expectBody(false);
      this.#waits.complete();
    }
    return piece;
  }

  async all(): Promise<Uint8Array<ArrayBuffer>> {
    const gathering = new Gathering(this.#framing.kind === "length" ? this.#framing.bytes : null);
    for (let piece = await this.next(); piece !== null; piece = await this.next()) {
      gathering.add(piece);
    }
    return gathering.whole();
  }

  /** A body that is here already and that nobody wanted is passed over; whether it is complete now. */
  tryPassOver(): boolean {
    if (this.#framing.kind === "length" && this.#reader.size >= this.#left) {
      this.#reader.skip(this.#left);
      this.#left = 0;
      this.complete = true;
    }
    return this.complete;
  }

  async #nextOfLength(): Promise<Uint8Array> {
    if (this.#reader.size === 0) await this.#fill();
    const piece = this.#reader.take(Math.min(this.#left, PIECE_BYTES_MAX));
    this.#left -= piece.length;
    this.complete = this.#left === 0;
    return piece;
  }

  /** All chunks that are here in one piece: a client that sends single bytes must not cost an array for each. */
  async #nextChunked(): Promise<Uint8Array | null> {
    const piece = new Uint8Array(PIECE_BYTES_MAX);
    let size = 0;
    do {
      if (this.#left === 0 && !await this.#nextChunk()) break;
      if (this.#reader.size === 0) await this.#fill();
      const taken = this.#reader.take(Math.min(this.#left, piece.length - size));
      piece.set(taken, size);
      size += taken.length;
      this.#left -= taken.length;
      if (this.#left === 0) await this.#chunkEnd();
    } while (this.#reader.size > 0 && size < piece.length);
    return size === 0 ? null : piece.slice(0, size);
  }

  /** False at the last one, whose trailers it passes over. */
  async #nextChunk(): Promise<boolean> {
    const match = CHUNK_SIZE.exec(await this.#reader.line(CHUNK_LINE_BYTES_MAX));
    if (match === null) throw new BadRequest(400, "a chunk's size is malformed");
    this.#extensionBytes += match[2]?.length ?? 0;
    if (this.#extensionBytes > EXTENSION_BYTES_MAX) {
      throw new BadRequest(400, "the chunks have too long extensions");
    }
    this.#left = parseInt(match[1]!, 16);
    if (this.#left > 0) return true;
    let bytes = 0;
    while (true) {
      const line = await this.#reader.line(TRAILER_BYTES_MAX);
      if (line === "") break;
      bytes += line.length;
      if (!TRAILER.test(line) || bytes > TRAILER_BYTES_MAX) {
        throw new BadRequest(400, "the lines after the last chunk are malformed or too many");
      }
    }
    this.complete = true;
    return false;
  }

  async #chunkEnd(): Promise<void> {
    if (await this.#reader.line(0) !== "") {
      throw new BadRequest(400, "a chunk is longer than it says");
    }
  }

  async #fill(): Promise<void> {
    if (!await this.#reader.fill()) throw new BadRequest(400, "the request body ended early");
  }
}
