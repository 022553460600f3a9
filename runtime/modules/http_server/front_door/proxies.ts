/**
 * Whom we believe about who the client is. A proxy of the `--trust-proxy` list says it with X-Forwarded-For, -Proto
 * and -Host; from anybody else these are the client's own words, and change nothing. A request that came through a
 * proxy never counts as local, whatever they say (`isLocal` in incoming.ts).
 */
import {
  type IpAddress,
  isWithin,
  type Network,
  tryParseAddress,
} from "../../../protocol/ip_address.ts";
import { parseNetwork } from "./networks.ts";

export interface Client {
  hostname: string;
  port: number;
  /** As the client sees us. */
  scheme: "http" | "https";
  /** Null: as in the Host header. */
  host: string | null;
}

const HOST = /^(?:[\w.~-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/;

export class TrustedProxies {
  readonly #networks: Network[];

  /** `10.0.0.0/8`, `::1` and the like. Throws SyntaxError with a text for the person. */
  constructor(networks: readonly string[]) {
    this.#networks = networks.map(parseNetwork);
  }

  trusts(hostname: string): boolean {
    if (this.#networks.length === 0) return false;
    const address = tryParseAddress(hostname);
    return address !== null && this.#has(address);
  }

  /** Who sent a request, behind the proxies that we trust; null when they contradict themselves. */
  clientOf(
    peer: { hostname: string; port: number },
    scheme: "http" | "https",
    headers: Headers,
  ): Client | null {
    if (!this.trusts(peer.hostname)) return { ...peer, scheme, host: null };
    const said = headers.get("x-forwarded-proto")?.trim().toLowerCase() ?? scheme;
    if (said !== "http" && said !== "https") return null;
    const host = headers.get("x-forwarded-host")?.trim() ?? null;
    if (host !== null && !HOST.test(host)) return null;
    const from = this.#firstStranger(headers.get("x-forwarded-for"));
    if (from === null) return null;
    // A proxy that says nothing is one all the same: what comes through it is not local.
    if (from === undefined) headers.set("x-forwarded-for", peer.hostname);
    return { ...(from ?? peer), scheme: said, host };
  }

  /** From the right: each proxy adds the one that it heard from. Undefined: none is named. */
  #firstStranger(list: string | null): { hostname: string; port: number } | null | undefined {
    if (list === null) return undefined;
    let last: { hostname: string; port: number } | undefined;
    for (const word of list.split(",").reverse()) {
      const [text, port] = withoutPort(word.trim());
      const address = tryParseAddress(text);
      if (address === null) return null;
      last = { hostname: text, port };
      if (!this.#has(address)) break;
    }
    return last;
  }

  #has(address: IpAddress): boolean {
    return this.#networks.some((network) => isWithin(address, network));
  }
}

/** Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. 0: unknown. */
function withoutPort(text: string): [string, number] {
  const match = /^(?:\[([\da-fA-F:.]+)\]|(\d+\.\d+\.\d+\.\d+))(?::(\d{1,5}))?$/.exec(text);
  return match === null ? [text, 0] : [match[1] ?? match[2]!, Number(match[3] ?? 0)];
}
