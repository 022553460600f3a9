/**
 * What a client sends, read with a bound: the only place that reads from its connection. A read may be begun
 * ahead (`fill`), to hear that the client leaves; whoever reads next takes what it brought.
 */

/** A client sent what no reading of HTTP/1.1 allows, or more than it may; answered, then its connection closes. */
export class BadRequest extends Error {
  constructor(readonly status: number, message: string, readonly headers: [string, string][] = []) {
    super(message);
  }
}

/** Small, for each connection that waits holds one; a body is read in larger pieces. */
const WAITING_BYTES = 4 * 1024;
const BODY_BYTES = 64 * 1024;
const CR = 13;
const LF = 10;

export class Reader {
  readonly #conn: Pick<Deno.Conn, "read">;
  #buffer = new Uint8Array(WAITING_BYTES);
  #start = 0;
  #end = 0;
  #filling: Promise<boolean> | null = null;
  /** The client will send nothing more. */
  ended = false;

  constructor(conn: Pick<Deno.Conn, "read">) {
    this.#conn = conn;
  }

  /** How many bytes are here and not taken. */
  get size(): number {
    return this.#end - this.#start;
  }

  /** Waits for more bytes; false when there will be none. Rejects when the connection breaks. */
  fill(): Promise<boolean> {
    return this.#filling ??= this.#fill().finally(() => this.#filling = null);
  }

  /** Takes as many as are here, up to `max`; none when none are. Copied: the buffer is used again. */
  take(max: number): Uint8Array {
    const taken = this.#buffer.slice(this.#start, Math.min(this.#end, this.#start + max));
    this.#start += taken.length;
    return taken;
  }

  /** Gives up `count` bytes that are here. */
  skip(count: number): void {
    this.#start += count;
  }

  /** From here on bytes come in larger pieces (true), or in small ones again. */
  expectBody(large: boolean): void {
    const size = large ? BODY_BYTES : WAITING_BYTES;
    if (this.#filling === null && this.#buffer.length !== size && this.size <= size) {
      this.#resize(size);
    }
  }

  /**
   * Takes everything up to an empty line, without that line, as text of one char per byte; null when the client
   * leaves before the first byte. `begun` is called when a byte is there.
   */
  async head(max: number, begun: () => void): Promise<string | null> {
    this.expectBody(false);
    // Robustness that RFC 9112 §2.2 asks for: an empty line before the request line is passed over.
    for (let empty = 0;; empty += 2) {
      while (this.size < 2) {
        if (this.size === 1) begun();
        if (!await this.fill()) {
          if (this.size === 0) return null;
          throw new BadRequest(400, "the request ended early");
        }
      }
      if (this.#buffer[this.#start] !== CR || this.#buffer[this.#start + 1] !== LF) break;
      if (empty >= 4) throw new BadRequest(400, "empty lines stand where a request should");
      this.skip(2);
    }
    begun();
    const first = this.#buffer[this.#start]!;
    if (first <= 0x20 || first >= 0x7f) throw new BadRequest(400, "this is no HTTP request");
    const end = await this.#find(isHeadEnd, max);
    if (end === null) throw tooLong(this.#peekLine(max), max);
    const text = latin1(this.#buffer.subarray(this.#start, end));
    this.#start = end + 4;
    return text;
  }

  /** Takes one line of at most `max` bytes, without its CR LF. */
  async line(max: number): Promise<string> {
    const end = await this.#find(isLineEnd, max);
    if (end === null) throw new BadRequest(400, "a line of the body's framing is too long");
    const text = latin1(this.#buffer.subarray(this.#start, end));
    this.#start = end + 2;
    return text;
  }

  /** Where it ends that `isEnd` looks for; null when that is beyond `max`. */
  async #find(isEnd: (bytes: Uint8Array, at: number, end: number) => boolean, max: number) {
    let seen = 0;
    while (true) {
      for (; seen < this.size; seen++) {
        if (seen > max) return null;
        if (this.#isBareLf(this.#start + seen)) {
          throw new BadRequest(400, "a line ends without a carriage return");
        }
        if (isEnd(this.#buffer, this.#start + seen, this.#end)) return this.#start + seen;
        // A piece of an end may be here: look at it again when more is.
        if (this.#buffer[this.#start + seen] === CR && this.size - seen < 4) break;
      }
      if (seen > max) return null;
      if (!await this.fill()) throw new BadRequest(400, "the request ended early");
    }
  }

  /** At once, for a client that ends its lines so waits for an answer now. */
  #isBareLf(at: number): boolean {
    return this.#buffer[at] === LF && (at === this.#start || this.#buffer[at - 1] !== CR);
  }

  #peekLine(max: number): string {
    const line = latin1(this.#buffer.subarray(this.#start, Math.min(this.#end, this.#start + max)));
    return line.split("\r\n", 1)[0]!;
  }

  async #fill(): Promise<boolean> {
    if (this.ended) return false;
    if (this.#start === this.#end) this.#start = this.#end = 0;
    else if (this.#end === this.#buffer.length) this.#resize(this.#buffer.length);
    const count = await this.#conn.read(this.#buffer.subarray(this.#end));
    if (count === null) this.ended = true;
    else this.#end += count;
    return !this.ended;
  }

  /** Moves what is here to the front of a buffer that has room for more. */
  #resize(size: number): void {
    const grown = this.size >= size ? size * 2 : size;
    const buffer = new Uint8Array(grown);
    buffer.set(this.#buffer.subarray(this.#start, this.#end));
    this.#end = this.size;
    this.#start = 0;
    this.#buffer = buffer;
  }

  /** Reads and forgets, until the client has ended its side or so many bytes were passed over. */
  async passOver(bytesMax: number): Promise<void> {
    let bytes = 0;
    do {
      bytes += this.size;
      this.skip(this.size);
    } while (bytes < bytesMax && await this.fill());
  }
}

function isLineEnd(bytes: Uint8Array, at: number, end: number): boolean {
  return bytes[at] === CR && at + 1 < end && bytes[at + 1] === LF;
}

function isHeadEnd(bytes: Uint8Array, at: number, end: number): boolean {
  return bytes[at] === CR && at + 3 < end && bytes[at + 1] === LF && bytes[at + 2] === CR &&
    bytes[at + 3] === LF;
}

function tooLong(line: string, max: number): BadRequest {
  return line.length >= max
    ? new BadRequest(414, `the request line is longer than ${max} bytes`)
    : new BadRequest(431, `the request's head is longer than ${max} bytes`);
}

const PIECE = 8 * 1024;

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) {
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  }
  return text;
}
