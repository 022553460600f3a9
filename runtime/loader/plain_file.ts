/**
 * A file read for sure from inside of a folder: neither a link that leads out, nor one that is put in the way
 * between the look and the read, nor a folder on the way that becomes a link, gets anything else read.
 */
import { isAbsolute, relative, SEPARATOR } from "@std/path";

export type PlainFile =
  /** Below the folder, with `/`, links followed. */
  | { inside: string; bytes: Uint8Array<ArrayBuffer> }
  | { fault: "missing" | "outside" | "folder" | "special" | "large" | "changing" };

/** A file that is saved while it is read is read again; one that changes for ever is none. */
const ATTEMPTS = 5;
const CHUNK_BYTES = 64 * 1024;

/** `path` below `root` with `/` between its parts; `null` when it is not below. */
export function relativeInside(root: string, path: string): string | null {
  const rest = relative(root, path);
  if (rest === "" || rest === ".." || rest.startsWith(`..${SEPARATOR}`) || isAbsolute(rest)) {
    return null;
  }
  return rest.replaceAll(SEPARATOR, "/");
}

/** Reads `path` if it lies in `root`, which is a real path. Throws what Deno throws. */
export async function readInside(root: string, path: string, bytesMax: number): Promise<PlainFile> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const file = await readOnce(root, path, bytesMax);
    if (file !== "changed") return file;
  }
  return { fault: "changing" };
}

async function readOnce(root: string, path: string, max: number): Promise<PlainFile | "changed"> {
  const real = await realPath(path);
  if (real === null) return { fault: "missing" };
  const inside = relativeInside(root, real);
  if (inside === null) return { fault: "outside" };
  const info = await lstat(real);
  if (info === null || info.isSymlink) return "changed";
  if (info.isDirectory) return { fault: "folder" };
  // A named pipe would keep us reading for ever.
  if (!info.isFile) return { fault: "special" };
  if (info.size > max) return { fault: "large" };
  using file = await Deno.open(real);
  if (!isSame(info, await file.stat())) return "changed";
  const bytes = await readAll(file, max);
  if (bytes === null) return { fault: "large" };
  // Again from the outside: what was opened must still be what lies there, under no link.
  if (await realPath(path) !== real) return "changed";
  const after = await lstat(real);
  return after !== null && isSame(info, after) ? { inside, bytes } : "changed";
}

function isSame(a: Deno.FileInfo, b: Deno.FileInfo): boolean {
  if (a.ino !== null && b.ino !== null) return a.ino === b.ino && a.dev === b.dev;
  return a.size === b.size && a.mtime?.getTime() === b.mtime?.getTime();
}

/** `null` if there are more than `max`. */
async function readAll(file: Deno.FsFile, max: number): Promise<Uint8Array<ArrayBuffer> | null> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  while (length <= max) {
    const chunk = new Uint8Array(CHUNK_BYTES);
    const count = await file.read(chunk);
    if (count === null) break;
    chunks.push(chunk.subarray(0, count));
    length += count;
  }
  if (length > max) return null;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function realPath(path: string): Promise<string | null> {
  return orNull(Deno.realPath(path));
}

function lstat(path: string): Promise<Deno.FileInfo | null> {
  return orNull(Deno.lstat(path));
}

/** Whether Deno says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/** `null` for what is not there. What cannot be seen (permission denied, links in a circle) may be there: it throws. */
async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
