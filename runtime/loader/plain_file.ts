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
  const bytes = await readAll(file, info.size);
  if (bytes === null) return "changed";
  // Again from the outside: what was opened must still be what lies there, under no link.
  if (await realPath(path) !== real) return "changed";
  const after = await lstat(real);
  return after !== null && isSame(info, after) ? { inside, bytes } : "changed";
}

function isSame(a: Deno.FileInfo, b: Deno.FileInfo): boolean {
  if (a.ino !== null && b.ino !== null) return a.ino === b.ino && a.dev === b.dev;
  return a.size === b.size && a.mtime?.getTime() === b.mtime?.getTime();
}

/** `null` if it has not `size` bytes any more. In one piece: to put 16 MB together takes the thread some milliseconds. */
async function readAll(file: Deno.FsFile, size: number): Promise<Uint8Array<ArrayBuffer> | null> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size;) {
    const count = await file.read(bytes.subarray(at));
    if (count === null) return null;
    at += count;
  }
  return await file.read(new Uint8Array(1)) === null ? bytes : null;
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
