/**
 * A body on its way to a process, in pieces that are asked for: what arrives while the process is at a piece is gathered for its next
 * one, so that a client which writes in crumbs costs no crossing per crumb. Nothing is read before the first piece
 * is asked for, and never more ahead than one piece.
 */

export class BodyReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #reading = false;
  #end: { error: unknown } | "done" | null = null;
  #waiting: PromiseWithResolvers<Uint8Array | null> | null = null;

  readonly #aheadBytes: number;

  /** Reads `aheadBytes` ahead, or one chunk of the stream if that is more. */
  constructor(stream: ReadableStream<Uint8Array>, aheadBytes: number) {
    this.#aheadBytes = aheadBytes;
    this.#reader = stream.getReader();
  }

  /** What is there, or what comes next; null at the end. One caller at a time. Rejects when it breaks off. */
  take(): Promise<Uint8Array | null> {
    this.#waiting = Promise.withResolvers();
    const { promise } = this.#waiting;
    this.#give();
    this.#readAhead();
    return promise;
  }

  /** Nobody wants the rest. */
  cancel(): void {
    // Rejects when the body has failed already, which its reader was told.
    this.#reader.cancel().catch(() => {});
  }

  async #readAhead(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    while (this.#end === null && this.#bytes < this.#aheadBytes) {
      try {
        const { done, value } = await this.#reader.read();
        if (done) this.#end = "done";
        else this.#keep(value);
      } catch (error) {
        this.#end = { error };
      }
      this.#give();
    }
    this.#reading = false;
  }

  #keep(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** To who waits, if anything can be said. */
  #give(): void {
    if (this.#waiting === null || (this.#bytes === 0 && this.#end === null)) return;
    const { resolve, reject } = this.#waiting;
    this.#waiting = null;
    if (this.#bytes > 0) resolve(this.#gathered());
    else if (this.#end === "done") resolve(null);
    else reject(this.#end!.error);
  }

  #gathered(): Uint8Array {
    const [chunks, bytes] = [this.#chunks, this.#bytes];
    this.#chunks = [];
    this.#bytes = 0;
    return chunks.length === 1 ? chunks[0]! : concat(chunks, bytes);
  }
}

export function concat(chunks: Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
