/** Which addresses a policy reaches. Asked with the address that is connected to, not with a name alone. */
import {
  type IpAddress,
  isWithin,
  mapped,
  type Network,
  tryParseAddress,
  tryParseNetwork,
} from "../../protocol/ip_address.ts";
import { RPC_PATH } from "../../protocol/http_server.ts";
import type { NetworkPolicy } from "../../protocol/network.ts";

/** Link-local; where clouds tell a machine its secrets (Alibaba, Oracle, Azure, AWS, Google); nobody's. */
const FORBIDDEN = networks(
  "169.254.0.0/16 fe80::/10 100.100.100.200 192.0.0.192 168.63.129.16 fd00:ec2::254 fd20:ce::254 " +
    "224.0.0.0/4 255.255.255.255 ff00::/8 64:ff9b:1::/48",
);

/** Loopback, also as what a system takes for it; private and shared ranges. */
const LOCAL = networks(
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 172.16.0.0/12 192.0.0.0/24 192.168.0.0/16 198.18.0.0/15 " +
    "240.0.0.0/4 ::/127 fc00::/7 fec0::/10",
);

/** IPv6 addresses that lead to an IPv4 address which they hold, and how far it is from their end. */
const [NAT64, COMPATIBLE, SIX_TO_FOUR, TEREDO] = networks("64:ff9b::/96 ::/96 2002::/16 2001::/32");

export interface Destination {
  /** As it stands in the URL. */
  host: string;
  port: number;
  /** What it was resolved to. */
  address: string;
}

/** Why `policy` does not let a process go there, and how to allow it; `null` if it does. */
export function refusal(
  policy: NetworkPolicy,
  { host, port, address }: Destination,
): string | null {
  const name = plainHost(host);
  const reach = reachOf(policy, name, port);
  const kind = kindOf(tryParseAddress(address));
  if (reach === "all" || kind === "public" && reach !== "none") return null;
  if (kind === "local" && reach === "local") return null;
  const place = name.includes(":") ? `[${name}]:${port}` : `${name}:${port}`;
  const what = name === address ? place : `${place} (${address})`;
  const allow = kind === "forbidden"
    ? `network: "all" into its config, or a list with ${
      JSON.stringify(address)
    } and call that address`
    : `network: [${JSON.stringify(place)}] into its config`;
  return `the network policy ${JSON.stringify(policy)} of this process does not reach ${what}, ` +
    `a ${kind} address: to allow it, put ${allow}`;
}

/**
 * Why no process may call this, whatever its policy; `null` if it may. What comes in by that path comes from
 * http_server itself, so that a process could make up events for another; and what a proxy decodes counts as well.
 */
export function refusalOfPath({ pathname }: URL): string | null {
  let path = pathname;
  for (let before = ""; before !== path;) {
    before = path;
    path = path.replace(/%([0-7][0-9a-f])/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  }
  return path.toLowerCase().includes(RPC_PATH)
    ? `${RPC_PATH} is for programs and not for processes: send a message, which needs a capability`
    : null;
}

/** Why `policy` reaches nothing at all by that name; `null` if it depends on the address. */
export function refusalOfName(policy: NetworkPolicy, host: string, port: number): string | null {
  const name = plainHost(host);
  if (reachOf(policy, name, port) !== "none") return null;
  return `the network policy ${JSON.stringify(policy)} of this process does not reach ` +
    `${name}:${port}: to allow it, put network: ["${name}:${port}"] into its config`;
}

/** `[::1]`, `LOCALHOST` and `localhost.` without what a URL adds to a host. */
export function plainHost(host: string): string {
  return host.toLowerCase().replace(/^\[(.*)\]$/, "$1").replace(/\.+$/, "");
}

/**
 * A place that is named may be on this machine; one below a `*.` may not, since others decide where such names
 * lead; only as an address can it be a forbidden one.
 */
function reachOf(policy: NetworkPolicy, name: string, port: number) {
  if (typeof policy === "string") return policy;
  const address = tryParseAddress(name);
  let reach: NetworkPolicy = "none";
  for (const place of policy) {
    const [host, only] = splitPlace(place);
    if (only !== null && only !== port) continue;
    if (address !== null && tryParseAddress(host) === address) return "all";
    if (host === name) reach = "local";
    if (host.startsWith("*.") && name.endsWith(host.slice(1)) && reach === "none") reach = "public";
  }
  return reach;
}

function splitPlace(place: string): [host: string, port: number | null] {
  if (tryParseAddress(place) !== null) return [place, null];
  const [, host = place, port] = /^(.*?)(?::(\d+))?$/.exec(place) ?? [];
  return [plainHost(host), port === undefined ? null : Number(port)];
}

/** The worse of an address and the one that it holds. */
function kindOf(address: IpAddress | null): "public" | "local" | "forbidden" {
  const addresses = address === null ? [] : [address, innerOf(address)];
  const isIn = (list: Network[]) =>
    addresses.some((one) => one !== null && list.some((network) => isWithin(one, network)));
  if (address === null || isIn(FORBIDDEN)) return "forbidden";
  return isIn(LOCAL) ? "local" : "public";
}

function innerOf(address: IpAddress): IpAddress | null {
  const last = BigInt.asUintN(32, address);
  if (isWithin(address, NAT64!) || isWithin(address, COMPATIBLE!)) return mapped(last);
  if (isWithin(address, SIX_TO_FOUR!)) return mapped(BigInt.asUintN(32, address >> 80n));
  return isWithin(address, TEREDO!) ? mapped(last ^ 0xffff_ffffn) : null;
}

function networks(text: string): Network[] {
  return text.split(" ").map((word) => tryParseNetwork(word)!);
}
