/**
 * What processes bound with `cache: true`. Small content stays in memory; large content goes to a file named by
 * the hash of its bytes, which two bindings of the same bytes share, and which is removed with the last of them.
 * Until it is written, and where it cannot be, it is served out of memory. The folder is a cache: it is emptied
 * at the start, for bindings do not outlive the node.
 */
import { encodeHex } from "@std/encoding/hex";
import { join } from "@std/path";
import { STATIC_FILE_CHUNK_BYTES, STATIC_MEMORY_BYTES_MAX } from "../../limits.ts";
import type { Log } from "../../log.ts";
import { AtATime } from "../../protocol/at_a_time.ts";
import { type Body, bytesOf } from "../../protocol/message.ts";

export class StaticContent {
  readonly mime: string;
  readonly size: number;
  readonly #store: StaticStore;
  #bytes: Uint8Array<ArrayBuffer> | null;
  #hash: string | null = null;
  #hashing: Promise<string> | null = null;
  #released = false;

  /** Made by a StaticStore. */
  constructor(store: StaticStore, mime: string, bytes: Uint8Array<ArrayBuffer>) {
    this.#store = store;
    this.mime = mime;
    this.size = bytes.length;
    this.#bytes = bytes;
  }

  /** SHA-256 in hex: a promise the first time only. */
  hash(): string | Promise<string> {
    if (this.#hash !== null) return this.#hash;
    return this.#hashing ??= crypto.subtle.digest("SHA-256", this.#bytes!).then((digest) =>
      this.#hash = encodeHex(digest)
    );
  }

  /** All bytes, unless they lie on the disk. */
  inMemory(): Uint8Array<ArrayBuffer> | null {
    return this.#bytes;
  }

  /** The bytes from `start` up to `end`. */
  body(start = 0, end = this.size): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> {
    if (this.#bytes === null) return readFile(this.#store.pathOf(this.#hash!), start, end);
    return start === 0 && end === this.size ? this.#bytes : this.#bytes.subarray(start, end);
  }

  /** It is bound: if it is large it goes to the disk, unless it is released first. */
  async bound(): Promise<void> {
    if (this.size <= STATIC_MEMORY_BYTES_MAX || !this.#store.hasFolder) return;
    const hash = await this.hash();
    if (this.#released || !await this.#store.keep(hash, this.#bytes!)) return;
    if (this.#released) return this.#store.drop(hash);
    this.#bytes = null;
  }

  /** Its binding is gone. What is being sent of it is sent to the end. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    if (this.#bytes === null) this.#store.drop(this.#hash!);
  }
}

export interface StaticStoreOptions {
  /** `null`: everything stays in memory. */
  folder: string | null;
  log: Log;
}

export class StaticStore {
  readonly #folder: string | null;
  readonly #log: Log;
  /** How many bindings share a file; the promise is its writing. */
  readonly #files = new Map<string, { users: number; written: Promise<boolean> }>();
  /** Writes and removes one after the other: what is bound again while it is removed is written after that. */
  readonly #disk = new AtATime(1);
  #emptied = false;
  #warned = false;

  constructor({ folder, log }: StaticStoreOptions) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Content for a binding; call its `bound` when it is bound. */
  make(mime: string, body: Body): StaticContent {
    // Bytes that came out of a port are nobody else's, and text is encoded into memory of its own.
    return new StaticContent(this, mime, bytesOf(body) as Uint8Array<ArrayBuffer>);
  }

  get hasFolder(): boolean {
    return this.#folder !== null;
  }

  pathOf(hash: string): string {
    return join(this.#folder!, hash);
  }

  /** True when the bytes are on the disk, until `drop` is called as often as this. */
  async keep(hash: string, bytes: Uint8Array): Promise<boolean> {
    let file = this.#files.get(hash);
    if (file === undefined) {
      const written = this.#disk.take(() => this.#write(hash, bytes));
      this.#files.set(hash, file = { users: 0, written });
    }
    file.users++;
    if (await file.written) return true;
    this.#files.delete(hash);
    return false;
  }

  drop(hash: string): void {
    const file = this.#files.get(hash);
    if (file === undefined || --file.users > 0) return;
    this.#files.delete(hash);
    // Windows does not remove what is being sent: then the next start does.
    void this.#disk.take(() => Deno.remove(this.pathOf(hash)).catch(() => {}));
  }

  /** Resolves when nothing is being written or removed. */
  async close(): Promise<void> {
    await this.#disk.take(() => {});
  }

  async #write(hash: string, bytes: Uint8Array): Promise<boolean> {
    try {
      if (!this.#emptied) await this.#empty();
      this.#emptied = true;
      await Deno.writeFile(this.pathOf(hash), bytes);
      return true;
    } catch (error) {
      if (!this.#warned) {
        this.#log.warn(`static content stays in memory, it cannot be written: ${error}`);
      }
      this.#warned = true;
      return false;
    }
  }

  async #empty(): Promise<void> {
    await Deno.remove(this.#folder!, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
    await Deno.mkdir(this.#folder!, { recursive: true });
  }
}

/** Reads as the client takes it. */
function readFile(path: string, start: number, end: number): ReadableStream<Uint8Array> {
  let file: Deno.FsFile | null = null;
  let left = end - start;
  return new ReadableStream({
    async pull(controller) {
      if (file === null) {
        file = await Deno.open(path);
        if (start > 0) await file.seek(start, Deno.SeekMode.Start);
      }
      const buffer = new Uint8Array(Math.min(left, STATIC_FILE_CHUNK_BYTES));
      const count = await file.read(buffer) ?? 0;
      left -= count;
      if (count > 0) controller.enqueue(buffer.subarray(0, count));
      if (count > 0 && left > 0) return;
      file.close();
      controller.close();
    },
    cancel() {
      file?.close();
    },
  }, { highWaterMark: 0 });
}
