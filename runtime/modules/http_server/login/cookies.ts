/** The login cookie (spec/http.md §2.7): `kinode-auth_<node>=<jwt>`, for a secure subdomain `…@<process id>`. */
import { jwtVerify, SignJWT } from "jose";
import { LOGIN_SECONDS, LOGIN_TOKENS_ASKED_MAX, LOGIN_TOKENS_KNOWN_MAX } from "./limits.ts";
import { anything, count, object, string } from "../../../protocol/serde.ts";

const Claims = object({ username: string, subdomain: anything, expiration: count });

/** Three words of base64url; anything else is not worth a signature check. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

export interface Signer {
  node: string;
  secret: Uint8Array;
  /** Unix seconds: what was given before is worth nothing. */
  notBefore(): number;
  /** Unix seconds. */
  now(): number;
}

export class Cookies {
  readonly #signer: Signer;
  /** Tokens whose signature was found good, and until when they are: one check per login and start is enough. */
  readonly #known = new Map<string, number>();

  constructor(signer: Signer) {
    this.#signer = signer;
  }

  /** A fresh token. `subdomain` is the process that it is for, `null` for the whole node. */
  async sign(subdomain: string | null): Promise<string> {
    const { node, secret, now, notBefore } = this.#signer;
    const given = Math.max(now(), notBefore());
    const claims = { username: node, subdomain, expiration: given + LOGIN_SECONDS };
    return await new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(secret);
  }

  /** Whether the Cookie header holds a token of this node for `subdomain` that is still good. */
  async isGood(cookieHeader: string, subdomain: string | null): Promise<boolean> {
    const name = cookieName(this.#signer.node, subdomain);
    let asked = 0;
    for (const part of cookieHeader.split("; ")) {
      const [key, value, ...rest] = part.split("=");
      if (key !== name || value === undefined || rest.length > 0 || !JWT.test(value)) continue;
      if (await this.#isGoodToken(value, subdomain)) return true;
      if (++asked === LOGIN_TOKENS_ASKED_MAX) return false;
    }
    return false;
  }

  async #isGoodToken(token: string, subdomain: string | null): Promise<boolean> {
    const { now, notBefore } = this.#signer;
    const key = `${subdomain ?? ""} ${token}`;
    const until = this.#known.get(key) ?? await this.#verify(token, subdomain);
    if (until === null || until <= now() || until - LOGIN_SECONDS < notBefore()) {
      this.#known.delete(key);
      return false;
    }
    if (this.#known.size >= LOGIN_TOKENS_KNOWN_MAX) this.#known.clear();
    this.#known.set(key, until);
    return true;
  }

  /** Until when the token is good, unix seconds; `null` if it is none of ours. */
  async #verify(token: string, subdomain: string | null): Promise<number | null> {
    try {
      const { payload } = await jwtVerify(token, this.#signer.secret, { algorithms: ["HS256"] });
      const claims = Claims(payload, "claims");
      const isOurs = claims.username === this.#signer.node &&
        (claims.subdomain ?? null) === subdomain;
      return isOurs ? claims.expiration : null;
    } catch {
      return null; // Forged, cut short, of another node: all the same to who is not logged in.
    }
  }
}

export function cookieName(node: string, subdomain: string | null): string {
  return subdomain === null ? `kinode-auth_${node}` : `kinode-auth_${node}@${subdomain}`;
}

/** The Set-Cookie line. Lax: a link from elsewhere into the node finds its owner logged in; writes are checked by Origin. */
export function setCookie(name: string, value: string, secure: boolean): string {
  const age = value === "" ? 0 : LOGIN_SECONDS;
  const attributes = `Path=/; Max-Age=${age}; HttpOnly; SameSite=Lax`;
  return `${name}=${value}; ${attributes}${secure ? "; Secure" : ""}`;
}
