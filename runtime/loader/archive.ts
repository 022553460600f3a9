/**
 * A zip file as a folder in memory: nothing of it is ever written to a disk. It is looked over before anything is
 * unpacked, and refused as a whole, by the name of the entry, if an entry's name could lead anywhere, is there
 * twice, or is a link; or if it would unpack to more than it should. Each content is checked against its CRC-32.
 */
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import {
  ARCHIVE_ENTRIES_MAX,
  ARCHIVE_RATIO_FREE_BYTES,
  ARCHIVE_RATIO_MAX,
  ARCHIVE_UNPACKED_BYTES_MAX,
} from "../limits.ts";
import yauzl, { type Entry, type ZipFile } from "yauzl";

/** What is wrong with an archive; the message names the entry. */
export class ArchiveRefused extends Error {
  override name = "ArchiveRefused";
  constructor(message: string, readonly hint: string | null = null) {
    super(message);
  }
}

const AGAIN = "zip it again, from a tool that you trust";
const STORED = 0;
const DEFLATED = 8;
/** Of Unix's mode: what kind of file it is, and a link. */
const KIND = 0o170000;
const LINK = 0o120000;

export class Archive {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #zip: ZipFile;
  readonly #entries: Map<string, Entry>;

  private constructor(
    bytes: Uint8Array<ArrayBuffer>,
    zip: ZipFile,
    entries: Map<string, Entry>,
  ) {
    this.#bytes = bytes;
    this.#zip = zip;
    this.#entries = entries;
  }

  /** Looks over a whole zip file; throws ArchiveRefused. */
  static async open(bytes: Uint8Array<ArrayBuffer>): Promise<Archive> {
    try {
      const zip = await yauzl.fromBufferPromise(Buffer.from(bytes.buffer), {
        lazyEntries: true,
        strictFileNames: true,
      });
      return new Archive(bytes, zip, await lookOver(zip));
    } catch (error) {
      if (error instanceof ArchiveRefused) throw error;
      throw new ArchiveRefused(`it is no whole zip file: ${(error as Error).message}`, AGAIN);
    }
  }

  /** Names of its files, with `/`. */
  get names(): Iterable<string> {
    return this.#entries.keys();
  }

  /** What a file unpacks to, as it says; 0 if there is none of that name. */
  sizeOf(name: string): number {
    return this.#entries.get(name)?.uncompressedSize ?? 0;
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** The content of a file; `null` if there is none of that name. Throws ArchiveRefused if it is damaged. */
  async read(name: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const entry = this.#entries.get(name);
    if (entry === undefined) return null;
    try {
      const { fileDataStart } = await this.#zip.readLocalFileHeaderPromise(entry, {
        minimal: true,
      });
      const packed = this.#bytes.subarray(fileDataStart, fileDataStart + entry.compressedSize);
      const bytes = await unpack(packed, entry);
      if (crc32(bytes) === entry.crc32) return bytes;
      throw new Error("its checksum is another");
    } catch (error) {
      throw new ArchiveRefused(`${name} is damaged: ${(error as Error).message}`, AGAIN);
    }
  }
}

/** Not by yauzl's own streams, whose errors can escape; nor by node:zlib, which knows no bound in Deno 2.4. */
async function unpack(
  packed: Uint8Array<ArrayBuffer>,
  { compressionMethod, uncompressedSize }: Entry,
): Promise<Uint8Array<ArrayBuffer>> {
  if (compressionMethod !== STORED && compressionMethod !== DEFLATED) {
    throw new Error(`it is packed by method ${compressionMethod}, and not deflated or stored`);
  }
  const bytes = new Uint8Array(uncompressedSize);
  const stream = new Blob([packed]).stream();
  const plain = compressionMethod === STORED
    ? stream
    : stream.pipeThrough(new DecompressionStream("deflate-raw"));
  let length = 0;
  for await (const chunk of plain) {
    if (length + chunk.length > uncompressedSize) throw new Error("it is longer than it says");
    bytes.set(chunk, length);
    length += chunk.length;
  }
  if (length < uncompressedSize) throw new Error("it is shorter than it says");
  return bytes;
}

async function lookOver(zip: ZipFile): Promise<Map<string, Entry>> {
  if (zip.entryCount > ARCHIVE_ENTRIES_MAX) {
    throw new ArchiveRefused(`it has ${zip.entryCount} entries, of at most ${ARCHIVE_ENTRIES_MAX}`);
  }
  const entries = new Map<string, Entry>();
  const seen = new Set<string>();
  let unpacked = 0;
  for await (const entry of zip.eachEntry()) {
    const name = entry.fileName;
    checkName(name, seen);
    if ((entry.externalFileAttributes >>> 16 & KIND) === LINK) {
      throw new ArchiveRefused(`${shown(name)} is a link`, "put the file itself into the archive");
    }
    if (entry.isEncrypted()) {
      throw new ArchiveRefused(`${shown(name)} is encrypted`, "zip it without a password");
    }
    unpacked += entry.uncompressedSize;
    checkSize(entry, unpacked);
    if (!name.endsWith("/")) entries.set(name, entry);
  }
  return entries;
}

/** Absolute names, `..`, drive letters and backslashes were refused by yauzl. */
function checkName(name: string, seen: Set<string>): void {
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(name)) {
    throw new ArchiveRefused(`${shown(name)} has a control character in its name`, AGAIN);
  }
  const parts = name.replace(/\/$/, "").split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..")) {
    throw new ArchiveRefused(`${shown(name)} is no plain path`, AGAIN);
  }
  if (seen.has(name)) throw new ArchiveRefused(`${shown(name)} is there twice`, AGAIN);
  seen.add(name);
}

function checkSize({ fileName, compressedSize, uncompressedSize }: Entry, unpacked: number): void {
  if (unpacked > ARCHIVE_UNPACKED_BYTES_MAX) {
    const max = ARCHIVE_UNPACKED_BYTES_MAX >> 20;
    throw new ArchiveRefused(`it unpacks to more than ${max} MB, at ${shown(fileName)}`);
  }
  const dense = uncompressedSize > ARCHIVE_RATIO_MAX * compressedSize;
  if (dense && uncompressedSize > ARCHIVE_RATIO_FREE_BYTES) {
    const text = `${shown(fileName)} unpacks to more than ${ARCHIVE_RATIO_MAX} times its size`;
    throw new ArchiveRefused(text, "this is how bombs are made; leave that file out");
  }
}

function shown(name: string): string {
  return JSON.stringify(name);
}
