/** What a client says when it logs in: the body of `POST /login`, and where it wants to go. */
import { decodeJson, object, optional, string } from "../../../protocol/serde.ts";

const Body = object({
  password_hash: string,
  subdomain: optional(string),
  setup: optional(string),
});

const HASH = /^0x[0-9a-f]{1,128}$/i;
/** What a process id consists of, Kinode 0.9's `_` included. */
const NOT_OF_A_PROCESS_ID = /[^\w.:-]/g;

export interface LoginBody {
  hash: string;
  /** The process whose secure subdomain it is for; `null`: the whole node. */
  subdomain: string | null;
  /** The token of a first start; may be empty. */
  setup: string;
}

/** `null` for what is no login. */
export function tryReadBody(text: string): LoginBody | null {
  try {
    const { password_hash: hash, subdomain, setup } = decodeJson(text, Body, "login");
    if (!HASH.test(hash)) return null;
    const process = (subdomain ?? "").replace(NOT_OF_A_PROCESS_ID, "");
    return { hash, subdomain: process === "" ? null : process, setup: setup ?? "" };
  } catch {
    return null;
  }
}

/** A path of this node and nothing else: `//other.org` would be another host's. */
export function redirectOf(query: string): string | null {
  const path = new URLSearchParams(query).get("redirect");
  return path !== null && /^\/(?![/\\])[\x21-\x7e]*$/.test(path) ? path : null;
}
