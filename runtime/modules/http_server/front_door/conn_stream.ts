import { Duplex } from "node:stream";
import { type ClientConn, writeAll } from "./client_conn.ts";
import type { Reader } from "./reader.ts";

/** A read of so many bytes has more behind it, mostly. */
const LARGE_BYTES = 4 * 1024;

/** A connection as the Node stream that `ws` wants. */
export class ConnStream extends Duplex {
  readonly #conn: ClientConn;
  readonly #reader: Reader;
  readonly #opened = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<void>();
  /** Resolves when the connection is closed. */
  readonly whenClosed = this.#closed.promise;
  /** Bytes that the client has sent. */
  received = 0;

  constructor(conn: ClientConn, reader: Reader) {
    super({ allowHalfOpen: true, emitClose: true });
    this.#conn = conn;
    this.#reader = reader;
  }

  /** From now on it reads. */
  open(): void {
    this.#opened.resolve();
  }

  /** Ends it without another word. */
  cut(): void {
    this.destroy();
    this.#conn.cut?.();
  }

  /** `ws` sets the timeouts and delays of a real socket; ours are FrontDoor's. */
  setTimeout(): void {}
  setNoDelay(): void {}

  override _read(): void {
    this.#next().then((bytes) => this.push(bytes), (error) => this.destroy(error));
  }

  override _write(
    bytes: Uint8Array,
    _encoding: string,
    done: (error?: Error | null) => void,
  ): void {
    writeAll(this.#conn, bytes).then(() => {
      done();
      this.emit("left", bytes.length);
    }, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#conn.closeWrite().then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#conn.close();
    this.#closed.resolve();
    done(error);
  }

  async #next(): Promise<Uint8Array | null> {
    await this.#opened.promise;
    while (this.#reader.size === 0) {
      if (!await this.#reader.fill()) return null;
    }
    const bytes = this.#reader.take(Infinity);
    this.received += bytes.length;
    this.emit("arrived", bytes.length);
    // Large reads while there is much to read; an idle socket holds a small buffer.
    this.#reader.expectBody(bytes.length >= LARGE_BYTES);
    return bytes;
  }
}
