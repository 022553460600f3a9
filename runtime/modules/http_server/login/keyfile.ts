/**
 * `<home>/keyfile.json`: the node's secrets, sealed with the owner's password (spec/http.md §2.7).
 *
 *   password ─Argon2id, in the browser─► hash ─PBKDF2, 1,000,000 rounds─► key ─AES-256-GCM─► { jwt_secret }
 *
 * The node keeps neither password nor hash: whoever opens the seal knew it. Until somebody does after a start,
 * nobody is logged in.
 */
import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { bytesOf, textOf } from "../../../protocol/message.ts";
import { count, decodeJson, object, type Of, string } from "../../../protocol/serde.ts";

/** What the file holds in the clear; all bytes in base64. */
const Sealed = object({
  version: count,
  /** The hash is salted with the node's name: under another name the password would not fit any more. */
  node: string,
  iterations: count,
  salt: string,
  nonce: string,
  sealed: string,
  /** Unix seconds: a cookie that was given before this moment is worth nothing. */
  not_before: count,
});
type Sealed = Of<typeof Sealed>;

const Secrets = object({ jwt_secret: string });

/** Kinode's own two bytes can be guessed in a second (spec/http.md §7.2, 9). */
const JWT_SECRET_BYTES = 32;
const SALT_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 1;

/** PBKDF2 on top of Argon2id, as Kinode has it: half a second for each guess at a stolen file. */
export const KEYFILE_ROUNDS = 1_000_000;
/** More would hold a thread for longer than anybody waits. */
const ROUNDS_MAX = 100 * KEYFILE_ROUNDS;

/** A keyfile that cannot be used, said to the person who started the node. */
export class KeyfileUnusable extends Error {
  override name = "KeyfileUnusable";
}

export class WrongPassword extends Error {
  override name = "WrongPassword";
}

export interface KeyfileOptions {
  path: string;
  node: string;
  /** Rounds of PBKDF2 for a new file: KEYFILE_ROUNDS, but in tests and for fake nodes. */
  iterations: number;
}

export class Keyfile {
  readonly #path: string;
  #sealed: Sealed;

  private constructor(path: string, sealed: Sealed) {
    this.#path = path;
    this.#sealed = sealed;
  }

  /** `null`: there is none, no password was ever set. Throws KeyfileUnusable. */
  static async read({ path, node }: KeyfileOptions): Promise<Keyfile | null> {
    let sealed: Sealed;
    try {
      sealed = decodeJson(await Deno.readTextFile(path), Sealed, path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      const hint = "put a copy of it back, or move it away to set a new password";
      throw new KeyfileUnusable(`${path} cannot be read: ${(error as Error).message}; ${hint}`);
    }
    if (sealed.version !== VERSION) {
      throw new KeyfileUnusable(
        `${path} is of version ${sealed.version}, written by a newer kinode`,
      );
    }
    if (sealed.node !== node) {
      const hint = `start with --name ${sealed.node}, or with another --home`;
      throw new KeyfileUnusable(
        `${path} belongs to the node ${sealed.node}, not to ${node}: ${hint}`,
      );
    }
    const fault = faultOf(sealed);
    if (fault !== null) {
      throw new KeyfileUnusable(
        `${path} is damaged (${fault}): put a copy of it back, ` +
          "or move it away to set a new password",
      );
    }
    return new Keyfile(path, sealed);
  }

  /** Makes fresh secrets and seals them with `hash`. The file is whole or not there at all. */
  static async create({ path, node, iterations }: KeyfileOptions, hash: string): Promise<Keyfile> {
    const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const secret = crypto.getRandomValues(new Uint8Array(JWT_SECRET_BYTES));
    const key = await keyOf(hash, salt, iterations);
    const plain = bytesOf(JSON.stringify({ jwt_secret: encodeBase64(secret) }));
    const sealed = await crypto.subtle.encrypt(
      { name: "AES-GCM", iv: nonce },
      key,
      plain as BufferSource,
    );
    const fresh: Sealed = {
      version: VERSION,
      node,
      iterations,
      salt: encodeBase64(salt),
      nonce: encodeBase64(nonce),
      sealed: encodeBase64(sealed),
      not_before: 0,
    };
    const file = new Keyfile(path, fresh);
    await file.#write(fresh);
    return file;
  }

  /** The secret that signs cookies. Throws WrongPassword; takes half a second either way. */
  async open(hash: string): Promise<Uint8Array> {
    const { salt, nonce, sealed, iterations } = this.#sealed;
    const key = await keyOf(hash, decodeBase64(salt), iterations);
    let plain: ArrayBuffer;
    try {
      const iv = decodeBase64(nonce) as BufferSource;
      plain = await crypto.subtle.decrypt(
        { name: "AES-GCM", iv },
        key,
        decodeBase64(sealed) as BufferSource,
      );
    } catch {
      throw new WrongPassword("the keyfile does not open with this password");
    }
    return decodeBase64(decodeJson(textOf(new Uint8Array(plain)), Secrets, "keyfile").jwt_secret);
  }

  /** Unix seconds. */
  get notBefore(): number {
    return this.#sealed.not_before;
  }

  /** Every cookie given before `seconds` is worth nothing from now on, also after a restart. */
  async setNotBefore(seconds: number): Promise<void> {
    const sealed = { ...this.#sealed, not_before: Math.max(seconds, this.notBefore) };
    await this.#write(sealed);
    this.#sealed = sealed;
  }

  /** The file as base64: what Kinode answers a login with. It opens nothing without the password. */
  toBase64(): string {
    return encodeBase64(JSON.stringify(this.#sealed));
  }

  async #write(sealed: Sealed): Promise<void> {
    const temporary = `${this.#path}.${crypto.randomUUID()}`;
    try {
      const file = await Deno.open(temporary, { write: true, createNew: true, mode: 0o600 });
      try {
        const bytes = bytesOf(`${JSON.stringify(sealed, null, 2)}\n`);
        for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
        await file.sync();
      } finally {
        file.close();
      }
      await Deno.rename(temporary, this.#path);
    } catch (error) {
      await Deno.remove(temporary).catch(() => {});
      throw error;
    }
  }
}

/** What no keyfile of ours has, `null` if nothing: else the password would be called wrong. */
function faultOf({ iterations, salt, nonce, sealed }: Sealed): string | null {
  if (iterations < 1 || iterations > ROUNDS_MAX) return `iterations: ${iterations}`;
  if (sizeOf(salt) !== SALT_BYTES) return `salt: not ${SALT_BYTES} bytes`;
  if (sizeOf(nonce) !== NONCE_BYTES) return `nonce: not ${NONCE_BYTES} bytes`;
  return sizeOf(sealed) > TAG_BYTES ? null : "sealed: too short";
}

/** How many bytes a text of base64 is; -1 if it is none. */
function sizeOf(base64: string): number {
  try {
    return decodeBase64(base64).length;
  } catch {
    return -1;
  }
}

async function keyOf(hash: string, salt: Uint8Array, iterations: number): Promise<CryptoKey> {
  const password = await crypto.subtle.importKey(
    "raw",
    bytesOf(hash) as BufferSource,
    "PBKDF2",
    false,
    [
      "deriveKey",
    ],
  );
  return await crypto.subtle.deriveKey(
    { name: "PBKDF2", hash: "SHA-256", salt: salt as BufferSource, iterations },
    password,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}
