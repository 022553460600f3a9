// Types for yauzl, which brings none: only what runtime/loader/archive.ts uses.

declare module "yauzl" {
  import type { Buffer } from "node:buffer";

  export interface Options {
    lazyEntries?: boolean;
    /** Names as text, and refused when they are absolute or lead upwards. */
    decodeStrings?: boolean;
    /** A backslash in a name is refused, not taken for a slash. */
    strictFileNames?: boolean;
  }

  export interface Entry {
    fileName: string;
    compressedSize: number;
    uncompressedSize: number;
    crc32: number;
    /** 0: stored, 8: deflated. */
    compressionMethod: number;
    /** The upper half is the file's mode where a Unix wrote it. */
    externalFileAttributes: number;
    isEncrypted(): boolean;
  }

  export interface ZipFile {
    readonly entryCount: number;
    eachEntry(): AsyncIterable<Entry>;
    readLocalFileHeaderPromise(
      entry: Entry,
      options: { minimal: true },
    ): Promise<{ fileDataStart: number }>;
  }

  export function fromBufferPromise(buffer: Buffer, options?: Options): Promise<ZipFile>;

  const yauzl: { fromBufferPromise: typeof fromBufferPromise };
  export default yauzl;
}
