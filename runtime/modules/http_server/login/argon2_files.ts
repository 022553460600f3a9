/**
 * Argon2id for the browser: the files of `@noble/hashes` as they are, ES modules that import one another by
 * relative names, served under `/login/`.
 */
import { argon2id } from "@noble/hashes/argon2";

/** `argon2.js` and all that it imports; argon2_files_test.ts holds the list against the package. */
const FILES: ReadonlySet<string> = new Set([
  "argon2.js",
  "blake2.js",
  "utils.js",
  "_blake.js",
  "_md.js",
  "_u64.js",
]);

/** The text of one of the files; `null` if the name is none of them. */
export async function readArgon2File(name: string): Promise<string | null> {
  return FILES.has(name) ? await Deno.readTextFile(new URL(name, packageUrl())) : null;
}

/** The Argon2id hash of a password as the login page sends it. */
export function passwordHash(password: string, node: string): string {
  const bytes = argon2id(password, node, { t: 2, m: 19456, p: 1, dkLen: 32 });
  return `0x${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** Deno cannot say where a package lies (as in loader/bundle_worker.ts); the package's own stack frames can. */
function packageUrl(): string {
  try {
    argon2id("", "", { t: 0, m: 0, p: 0 });
  } catch (error) {
    const own = /file:\/\/[^\s)]+?\/argon2\.js/.exec((error as Error).stack ?? "")?.[0];
    if (own !== undefined) return own;
  }
  throw new Error("the package @noble/hashes does not say where it lies");
}
