// Types for yauzl, which brings none: only what runtime/loader/archive.ts uses.

declare module "yauzl" {
  import type { Buffer } from "node:buffer";
  import type { Readable } from "node:stream";

  export interface Options {
    lazyEntries?: boolean;
    /** Names as text, and refused when they are absolute or lead upwards. */
    decodeStrings?: boolean;
    /** A content of another length than the directory says is an error of its stream. */
    validateEntrySizes?: boolean;
    /** A backslash in a name is refused, not taken for a slash. */
    strictFileNames?: boolean;
  }

  export interface Entry {
    fileName: string;
    compressedSize: number;
    uncompressedSize: number;
    crc32: number;
    /** The upper half is the file's mode where a Unix wrote it. */
    externalFileAttributes: number;
    isEncrypted(): boolean;
  }

  export interface ZipFile {
    readonly entryCount: number;
    eachEntry(): AsyncIterable<Entry>;
    openReadStreamPromise(entry: Entry): Promise<Readable>;
  }

  export function fromBufferPromise(buffer: Buffer, options?: Options): Promise<ZipFile>;

  const yauzl: { fromBufferPromise: typeof fromBufferPromise };
  export default yauzl;
}
