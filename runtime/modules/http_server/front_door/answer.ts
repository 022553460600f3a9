/** A Response as bytes of HTTP/1.1: the head, and a body of known length or in chunks. */
import { STATUS_TEXT } from "@std/http/status";
import { compresses, gzip, gzipped, isLarge, isWorthIt } from "./compress.ts";

export interface Wanted {
  method: string;
  version: "1.0" | "1.1";
  /** Another request may follow. */
  keepAlive: boolean;
  /** The client takes gzip. */
  gzip: boolean;
}

/** Where the bytes go; `write` resolves when the client has taken them, more or less. */
export interface Sink {
  write(bytes: Uint8Array): Promise<void>;
  /** Gets a way to end the body's source while it is silent. */
  streaming(cancel: (() => void) | null): void;
}

/** The body is not what its head said, or broke off: only the end of the connection can say so. */
export class Broken extends Error {}

type Piece = ReadableStreamReadResult<Uint8Array>;

const LAST_CHUNK = new TextEncoder().encode("0\r\n\r\n");
const CRLF = new TextEncoder().encode("\r\n");
const LENGTH = /^\d{1,15}$/;
/** A piece below this size is copied into one write with its frame. */
const COPIED_BYTES_MAX = 16 * 1024;

/** Whether another request may follow. Rejects when the connection or the body breaks: then nothing may follow. */
export async function writeAnswer(
  response: Response,
  wanted: Wanted,
  sink: Sink,
): Promise<boolean> {
  const { status, headers, body } = response;
  const bodiless = wanted.method === "HEAD" || status === 204 || status === 304 || body === null;
  if (bodiless) {
    await body?.cancel();
    const length = lengthOf(headers);
    // HEAD tells what GET would give, its length and encoding too.
    if (length !== null && isWorthIt(length)) compresses(response, takesGzip(wanted));
    const needsLength = body === null && status >= 200 && status !== 204 && status !== 304 &&
      length === null;
    await sink.write(headOf(response, needsLength ? { length: 0 } : "none", wanted));
    return wanted.keepAlive;
  }
  const reader = body.getReader();
  sink.streaming(() => void reader.cancel().catch(() => {}));
  try {
    return await new Writing(response, reader, wanted, sink).write();
  } catch (error) {
    reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    sink.streaming(null);
  }
}

/** HTTP/1.0 has no chunks, and what is compressed piece by piece has no length. */
function takesGzip({ gzip, version }: Wanted): boolean {
  return gzip && version === "1.1";
}

/** What the head says of the body; null: nothing. */
function lengthOf(headers: Headers): number | null {
  const said = headers.get("content-length");
  return said !== null && LENGTH.test(said) ? Number(said) : null;
}

class Writing {
  /** What is to come of a body whose length was said. */
  #left: number | null;
  #isCompressed: boolean | null = null;

  constructor(
    readonly response: Response,
    readonly reader: ReadableStreamDefaultReader<Uint8Array>,
    readonly wanted: Wanted,
    readonly sink: Sink,
  ) {
    this.#left = lengthOf(response.headers);
  }

  async write(): Promise<boolean> {
    if (this.#left !== null && !(isWorthIt(this.#left) && this.#compresses())) {
      return await this.#ofLength();
    }
    const first = this.#read();
    const ready = await soon(first);
    // A body that is there as a whole has its end right behind its first piece.
    if (ready?.done) return await this.#whole(new Uint8Array(0));
    if (ready !== undefined) {
      const second = this.#read();
      const isWhole = (await soon(second))?.done === true;
      const inPieces = isLarge(ready.value.length) && this.#compresses();
      if (isWhole && !inPieces) return await this.#whole(ready.value);
      return await this.#chunked([first, second]);
    }
    return await this.#chunked([first]);
  }

  async #whole(given: Uint8Array): Promise<boolean> {
    const bytes = isWorthIt(given.length) && this.#compresses() ? await gzip(given) : given;
    const head = headOf(this.response, { length: bytes.length }, this.wanted);
    await this.#send(head, bytes);
    return this.wanted.keepAlive;
  }

  #compresses(): boolean {
    return this.#isCompressed ??= compresses(this.response, takesGzip(this.wanted));
  }

  async #ofLength(): Promise<boolean> {
    let head: Uint8Array | null = headOf(this.response, "given", this.wanted);
    for (let piece = await this.#read(); !piece.done; piece = await this.#read()) {
      if (head === null) await this.sink.write(piece.value);
      else await this.#send(head, piece.value);
      head = null;
    }
    if (head !== null) await this.sink.write(head);
    return this.wanted.keepAlive;
  }

  /** `begun`: reads that are under way. HTTP/1.0 knows no chunks: there the connection's end is the body's. */
  async #chunked(begun: Promise<Piece>[]): Promise<boolean> {
    const chunked = this.wanted.version === "1.1";
    const wanted = chunked ? this.wanted : { ...this.wanted, keepAlive: false };
    const plain = this.#pieces(begun);
    const pieces = this.#compresses() ? gzipped(plain) : plain;
    let head: Uint8Array | null = headOf(this.response, chunked ? "chunked" : "none", wanted);
    try {
      const first = pieces.next();
      // The head alone, when the first piece takes its time.
      if (await soon(first) === undefined) {
        await this.sink.write(head);
        head = null;
      }
      for (let next = await first; !next.done; next = await pieces.next()) {
        const size = chunked ? frame(next.value.length) : new Uint8Array(0);
        const front = head === null ? size : joined(head, size);
        head = null;
        await this.#send(front, next.value, chunked ? CRLF : null);
      }
    } finally {
      // Not awaited: the body may be in the middle of a read, which ends when it is cancelled.
      pieces.return();
    }
    const end = chunked ? LAST_CHUNK : new Uint8Array(0);
    await this.sink.write(head === null ? end : joined(head, end));
    return wanted.keepAlive;
  }

  /** An empty chunk would say that the body has ended. */
  async *#pieces(begun: Promise<Piece>[]): AsyncGenerator<Uint8Array, void> {
    while (true) {
      const { done, value } = await (begun.shift() ?? this.#read());
      if (done) return;
      if (value.length > 0) yield value;
    }
  }

  /** Rejects when the body is not as long as its head says. */
  async #read(): Promise<Piece> {
    const piece = await this.reader.read();
    if (this.#left === null) return piece;
    this.#left -= piece.value?.length ?? 0;
    if (this.#left < 0) throw new Broken("the body is longer than its Content-Length");
    if (piece.done && this.#left > 0) {
      throw new Broken("the body is shorter than its Content-Length");
    }
    return piece;
  }

  async #send(front: Uint8Array, bytes: Uint8Array, back: Uint8Array | null = null): Promise<void> {
    if (bytes.length <= COPIED_BYTES_MAX) {
      return await this.sink.write(joined(front, bytes, back ?? new Uint8Array(0)));
    }
    if (front.length > 0) await this.sink.write(front);
    await this.sink.write(bytes);
    if (back !== null) await this.sink.write(back);
  }
}

type Framing = { length: number } | "given" | "chunked" | "none";

function headOf(response: Response, framing: Framing, { keepAlive }: Wanted): Uint8Array {
  const { status } = response;
  const reason = STATUS_TEXT[status as keyof typeof STATUS_TEXT] ?? "";
  let text = `HTTP/1.1 ${status} ${reason}\r\n`;
  response.headers.forEach((value, name) => {
    const ours = name === "connection" || name === "transfer-encoding" ||
      (name === "content-length" && typeof framing === "object");
    if (!ours) text += `${name}: ${value}\r\n`;
  });
  if (!response.headers.has("date")) text += `date: ${new Date().toUTCString()}\r\n`;
  if (typeof framing === "object") text += `content-length: ${framing.length}\r\n`;
  if (framing === "chunked") text += "transfer-encoding: chunked\r\n";
  if (!keepAlive) text += "connection: close\r\n";
  return new TextEncoder().encode(`${text}\r\n`);
}

function frame(size: number): Uint8Array {
  return new TextEncoder().encode(`${size.toString(16)}\r\n`);
}

function joined(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Enough for a stream that has its bytes already; one that waits for a process takes a turn of the loop. */
const TURNS = 16;

/** What `work` comes to if it does within this turn of the event loop; undefined when it does not. */
async function soon<T>(work: Promise<T>): Promise<T | undefined> {
  let result: T | undefined;
  let failed = false;
  work.then((value) => result = value, () => failed = true);
  for (let i = 0; i < TURNS && result === undefined && !failed; i++) await null;
  // Rejects here, before the head is out: then it can still be an honest 500.
  return failed ? await work : result;
}
