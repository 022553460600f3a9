import { assertEquals, assertRejects } from "@std/assert";
import { CRYPTO_AT_ONCE_MAX, PBKDF2_ITERATIONS_MAX } from "../limits.ts";
import { boundCrypto } from "./crypto.ts";

/** A SubtleCrypto whose work is done when the test says so. */
function slow() {
  const given: unknown[][] = [];
  const finish: (() => void)[] = [];
  class SubtleCrypto {
    deriveBits(...all: unknown[]): Promise<string> {
      given.push(all);
      return new Promise((resolve) => finish.push(() => resolve("done")));
    }
    deriveKey(...all: unknown[]): Promise<string> {
      return this.deriveBits(...all);
    }
    importKey(): Promise<string> {
      throw new TypeError("at once");
    }
  }
  const scope = { SubtleCrypto };
  boundCrypto(scope as never);
  return { subtle: new SubtleCrypto(), given, finish };
}

const hard = { name: "PBKDF2", hash: "SHA-256", salt: new Uint8Array(8), iterations: 1 };

Deno.test("boundCrypto() lets few operations run at once, the others in the order of their calls", async () => {
  const { subtle, given, finish } = slow();
  const all = Array.from({ length: 10 }, (_, i) => subtle.deriveBits({ ...hard, iterations: i }));
  assertEquals(given.length, CRYPTO_AT_ONCE_MAX);
  for (let i = 0; i < 10; i++) {
    finish[i]!();
    assertEquals(await all[i], "done");
  }
  const iterations = given.map(([algorithm]) => (algorithm as typeof hard).iterations);
  assertEquals(iterations, Array.from({ length: 10 }, (_, i) => i));
});

Deno.test("boundCrypto(): what fails gives its place back", async () => {
  const { subtle, finish } = slow();
  for (let i = 0; i < 2 * CRYPTO_AT_ONCE_MAX; i++) await assertRejects(() => subtle.importKey());
  const one = subtle.deriveBits(hard);
  finish[0]!();
  assertEquals(await one, "done");
});

Deno.test("boundCrypto() refuses what would burn a core for long, also if it says otherwise at first", async () => {
  const { subtle, given, finish } = slow();
  const most = "a process may have 2000000 at most";
  const many = { ...hard, iterations: PBKDF2_ITERATIONS_MAX + 1 };
  await assertRejects(() => subtle.deriveBits(many), RangeError, most);
  await assertRejects(
    () => subtle.deriveKey(hard, null, { name: "HMAC", length: 1e6 }),
    RangeError,
  );
  await assertRejects(() => subtle.deriveBits(hard, null, 4e9), RangeError);
  let asked = 0;
  const fickle = {
    ...hard,
    get iterations() {
      return asked++ === 0 ? 1 : 4e9;
    },
    get name() {
      return "PBKDF2";
    },
  };
  const bits = subtle.deriveBits(fickle, null, { valueOf: () => asked++ > 0 ? 8 : 4e9 });
  finish[0]!();
  await bits;
  assertEquals(given, [[{ ...hard, iterations: 1 }, null, 8]]);
});

Deno.test("boundCrypto() changes nothing of what the real one does", async () => {
  boundCrypto(globalThis);
  const password = new TextEncoder().encode("password");
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveKey"]);
  const salt = new Uint8Array(8);
  const aes = await crypto.subtle.deriveKey(
    { name: "PBKDF2", hash: { name: "SHA-256" }, salt, iterations: 1_000 },
    key,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
  const gcm = { name: "AES-GCM", iv: new Uint8Array(12) };
  const secret = await crypto.subtle.encrypt(gcm, aes, password);
  assertEquals(new Uint8Array(await crypto.subtle.decrypt(gcm, aes, secret)), password);
  assertEquals((await crypto.subtle.digest("SHA-256", password)).byteLength, 32);
  const pair = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, [
    "deriveBits",
  ]);
  const shared = { name: "ECDH", public: pair.publicKey };
  assertEquals((await crypto.subtle.deriveBits(shared, pair.privateKey, 256)).byteLength, 32);
  await assertRejects(() => crypto.subtle.digest("nonsense", password), DOMException);
});
