/**
 * `node:` modules that a script may import. None has any power: they are written in JavaScript for the web
 * (`@jspm/core`, `@noble/hashes`), are bundled with the script and run where it runs. Everything else that Node
 * has is refused, with what to use instead.
 */
import type { Refusal } from "./sources.ts";

/** As deno.json has them; a test compares. */
export const JSPM_VERSION = "2.1.0";
export const NOBLE_VERSION = "2.4.0";

/** Files of `@jspm/core/nodelibs/browser` without their ending. */
const POLYFILLS: ReadonlySet<string> = new Set([
  "assert",
  "assert/strict",
  "buffer",
  "diagnostics_channel",
  "events",
  "path",
  "path/posix",
  "process",
  "punycode",
  "querystring",
  "stream",
  "stream/promises",
  "string_decoder",
  "url",
  "util",
  "util/types",
]);

/** What a package would want of these, and what a process uses. */
const INSTEAD: Record<string, string> = {
  child_process: "spawn() of @kinode/process starts another script",
  cluster: "spawn() of @kinode/process starts another script",
  fs: "keep bytes with setState() of @kinode/process",
  "fs/promises": "keep bytes with setState() of @kinode/process",
  http: "export default { fetch(request) } serves, fetch() calls",
  http2: "export default { fetch(request) } serves, fetch() calls",
  https: "fetch() calls other servers",
  net: "fetch() and WebSocket call other servers",
  tls: "fetch() and WebSocket call other servers",
  worker_threads: "spawn() of @kinode/process starts another script",
  zlib: "the web has CompressionStream and DecompressionStream",
  os: "a process knows nothing of the machine",
};

/** A module of the runtime's own, in JavaScript; or a file of a package that the runtime brings along. */
export type NodeModule = { code: string } | { file: string };

/** Of a specifier, the name without `node:`; `null` if it is none of Node's. */
export function nodeNameOf(specifier: string): string | null {
  if (specifier.startsWith("node:")) return specifier.slice("node:".length);
  const name = specifier.replace(/\/$/, "");
  const known = POLYFILLS.has(name) || name in OWN || name in INSTEAD;
  return known || OTHERS.has(name) ? name : null;
}

/** The module behind `node:<name>`. */
export function nodeModule(name: string): NodeModule | Refusal {
  const code = Object.hasOwn(OWN, name) ? OWN[name] : undefined;
  if (code !== undefined) return { code };
  if (POLYFILLS.has(name)) return { file: `node:/${name}.js` };
  const instead = Object.hasOwn(INSTEAD, name) ? INSTEAD[name] : undefined;
  return {
    text: `cannot import "node:${name}": a process has no access to the system`,
    hint: instead ?? "use @kinode/process, or what the web has: fetch, crypto, URL, TextEncoder",
  };
}

/** Where a file of these lies, from the folder in which the packages of this program lie. */
export function packagePathOf(file: string): string | null {
  const polyfill = /^node:\/((?:[\w-]+\/)?[\w.-]+\.js)$/.exec(file)?.[1];
  if (polyfill !== undefined) return `@jspm/core/${JSPM_VERSION}/nodelibs/browser/${polyfill}`;
  const hash = /^noble:\/([\w-]+\.js)$/.exec(file)?.[1];
  return hash === undefined ? null : `@noble/hashes/${NOBLE_VERSION}/${hash}`;
}

/** Node's other names, without `node:`. */
const OTHERS: ReadonlySet<string> = new Set([
  "console",
  "constants",
  "dgram",
  "dns",
  "dns/promises",
  "domain",
  "inspector",
  "module",
  "path/win32",
  "perf_hooks",
  "readline",
  "repl",
  "stream/web",
  "sys",
  "trace_events",
  "tty",
  "v8",
  "vm",
  "wasi",
]);

const OWN: Record<string, string> = {
  timers: `
const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
const setImmediate = (callback, ...args) => setTimeout(callback, 0, ...args);
const clearImmediate = (timer) => clearTimeout(timer);
export { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate };
export default { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate };
`,
  "timers/promises": `
export function setTimeout(delay, value, { signal } = {}) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const aborted = () => (globalThis.clearTimeout(timer), reject(signal.reason));
    const timer = globalThis.setTimeout(() => (signal?.removeEventListener("abort", aborted), resolve(value)), delay);
    signal?.addEventListener("abort", aborted, { once: true });
  });
}
export const setImmediate = (value, options) => setTimeout(0, value, options);
export async function* setInterval(delay, value, options) {
  while (true) yield await setTimeout(delay, value, options);
}
export const scheduler = { wait: (delay, options) => setTimeout(delay, undefined, options), yield: () => setTimeout(0) };
export default { setTimeout, setImmediate, setInterval, scheduler };
`,
  async_hooks: `
const hooks = globalThis[Symbol.for("kinode.async_hooks")];
export const { AsyncLocalStorage, AsyncResource } = hooks;
export default hooks;
`,
  crypto: `
import { Buffer } from "node:buffer";
import { md5, ripemd160, sha1 } from "noble:/legacy.js";
import { sha224, sha256, sha384, sha512, sha512_256 } from "noble:/sha2.js";
import { hmac } from "noble:/hmac.js";
const hashes = { md5, ripemd160, rmd160: ripemd160, sha1, sha224, sha256, sha384, sha512, "sha512-256": sha512_256 };
const named = (name) => {
  const hash = hashes[String(name).toLowerCase()];
  if (hash === undefined) throw new Error("Digest method not supported: " + name);
  return hash;
};
const bytes = (data, encoding) =>
  typeof data === "string" ? Buffer.from(data, encoding) : new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength);
class Hash {
  #hash;
  constructor(hash) { this.#hash = hash; }
  update(data, encoding) { this.#hash.update(bytes(data, encoding)); return this; }
  digest(encoding) {
    const digest = Buffer.from(this.#hash.digest());
    return encoding === undefined || encoding === "buffer" ? digest : digest.toString(encoding);
  }
  copy() { return new Hash(this.#hash.clone()); }
}
const web = globalThis.crypto;
export const webcrypto = web;
export const subtle = web.subtle;
export const getRandomValues = (array) => web.getRandomValues(array);
export const randomUUID = () => web.randomUUID();
export const getHashes = () => Object.keys(hashes);
export const createHash = (name) => new Hash(named(name).create());
export const createHmac = (name, key) => new Hash(hmac.create(named(name), bytes(key)));
export const hash = (name, data, encoding = "hex") => createHash(name).update(data).digest(encoding);
export function randomFillSync(buffer) {
  const view = bytes(buffer);
  for (let at = 0; at < view.length; at += 65536) web.getRandomValues(view.subarray(at, at + 65536));
  return buffer;
}
export function randomBytes(size, callback) {
  const random = randomFillSync(Buffer.alloc(size));
  if (callback === undefined) return random;
  queueMicrotask(() => callback(null, random));
}
export function randomInt(min, max) {
  if (max === undefined) [min, max] = [0, min];
  const range = max - min;
  if (!(range > 0 && range <= 2 ** 48)) throw new RangeError("randomInt: max must be greater than min, by at most 2^48");
  const end = 2 ** 48 - 2 ** 48 % range;
  while (true) {
    const drawn = randomBytes(6).readUIntBE(0, 6);
    if (drawn < end) return min + drawn % range;
  }
}
export function timingSafeEqual(a, b) {
  const [x, y] = [bytes(a), bytes(b)];
  if (x.length !== y.length) throw new RangeError("Input buffers must have the same byte length");
  let difference = 0;
  for (let i = 0; i < x.length; i++) difference |= x[i] ^ y[i];
  return difference === 0;
}
export default {
  webcrypto, subtle, getRandomValues, randomUUID, getHashes, createHash, createHmac, hash, randomFillSync, randomBytes,
  randomInt, timingSafeEqual,
};
`,
};
