/** A package's package.json. It is a stranger's, and read in the node's own thread: nothing in it may be slow to read. */
import { textOf } from "../protocol/message.ts";

/** What decides which file is meant. All of it is somebody else's, and checked where it is used. */
export interface PackageJson {
  name?: unknown;
  version?: unknown;
  exports?: unknown;
  imports?: unknown;
  browser?: unknown;
  module?: unknown;
  main?: unknown;
  sideEffects?: unknown;
}

/** A larger one counts as empty: the longest that are known name a thousand files, in half of it. */
const BYTES_MAX = 1024 * 1024;
/** Each is tried at every import of the package; the rest does not count. */
const PATTERNS_MAX = 1_000;

/** A pattern of `exports` or `imports`: one `*`, and nothing that means something else in a regular expression. */
const PATTERN = /^[\w@#./~-]*\*[\w@#./~-]*$/;

/** Empty where it is no JSON object, or larger than any. */
export function parsePackageJson(bytes: Uint8Array<ArrayBuffer>): PackageJson {
  if (bytes.length > BYTES_MAX) return {};
  try {
    const json = JSON.parse(textOf(bytes)) as unknown;
    if (!isRecord(json)) return {};
    const { exports, imports } = json;
    return { ...json, exports: withoutTraps(exports), imports: withoutTraps(imports) };
  } catch {
    return {};
  }
}

/**
 * `resolve.exports` makes a regular expression of each key with a `*`, as it is written: some of them take it longer
 * than the world has. Node knows no key with two of them either.
 */
function withoutTraps(subpaths: unknown): unknown {
  if (!isRecord(subpaths)) return subpaths;
  let patterns = 0;
  const sound = Object.entries(subpaths).filter(([key]) =>
    !key.includes("*") || PATTERN.test(key) && ++patterns <= PATTERNS_MAX
  );
  return Object.fromEntries(sound);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
