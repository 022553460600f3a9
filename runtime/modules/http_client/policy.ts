/** Which addresses a policy reaches. Asked with the address that is connected to, not with a name alone. */
import { BlockList, isIP } from "node:net";
import type { NetworkPolicy } from "../../protocol/network.ts";

/**
 * Link-local addresses, where clouds tell a machine its secrets, and what is nobody's. As IPv6 they are known
 * in the forms of NAT64 and 6to4, too; the mapped form BlockList knows.
 */
const FORBIDDEN = blockList([
  "0.0.0.0/8 169.254.0.0/16 224.0.0.0/4 255.255.255.255/32 100.100.100.200/32",
  "::/128 fe80::/10 ff00::/8 fd00:ec2::254/128 64:ff9b::a9fe:0/112 2002:a9fe::/32",
]);

/** Loopback, private and shared ranges; those that lead through a gateway to any IPv4 address. */
const LOCAL = blockList([
  "10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 172.16.0.0/12 192.0.0.0/24 192.168.0.0/16 198.18.0.0/15",
  "240.0.0.0/4 ::1/128 fc00::/7 fec0::/10 64:ff9b::/96 64:ff9b:1::/48 2001::/32 2002::/16",
]);

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
  const reach = reachOf(policy, name, port, address);
  const kind = kindOf(address);
  if (reach === "all" || kind === "public" && reach !== "none") return null;
  if (kind === "local" && reach === "local") return null;
  const place = isIP(name) === 6 ? `[${name}]:${port}` : `${name}:${port}`;
  const what = name === address ? place : `${place} (${address})`;
  const allow = kind === "forbidden"
    ? `network: "all", or [${JSON.stringify(address)}] and call that address`
    : `network: [${JSON.stringify(place)}]`;
  return `the network policy ${JSON.stringify(policy)} of this process does not reach ${what}, ` +
    `a ${kind} address: to allow it, say export const config = { ${allow} }`;
}

/** `[::1]`, `LOCALHOST` and `localhost.` without what a URL adds to a host. */
export function plainHost(host: string): string {
  return host.toLowerCase().replace(/^\[(.*)\]$/, "$1").replace(/\.+$/, "");
}

/**
 * A place that is named may be on this machine; one below a `*.` may not, since others decide where such names
 * lead; only as an address can it be a forbidden one.
 */
function reachOf(policy: NetworkPolicy, name: string, port: number, address: string) {
  if (typeof policy === "string") return policy;
  let reach: NetworkPolicy = "none";
  for (const place of policy) {
    const [host, only] = splitPlace(place);
    if (only !== null && only !== port) continue;
    if (isIP(host) !== 0 && host === address && name === address) return "all";
    if (host === name) reach = "local";
    if (host.startsWith("*.") && name.endsWith(host.slice(1)) && reach === "none") reach = "public";
  }
  return reach;
}

function splitPlace(place: string): [host: string, port: number | null] {
  if (isIP(place) === 6) return [place.toLowerCase(), null];
  const [, host = place, port] = /^(.*?)(?::(\d+))?$/.exec(place) ?? [];
  return [plainHost(host), port === undefined ? null : Number(port)];
}

function kindOf(address: string): "public" | "local" | "forbidden" {
  const plain = address.replace(/%.*$/, ""); // An IPv6 address may name an interface.
  const family = isIP(plain) === 6 ? "ipv6" : "ipv4";
  if (isIP(plain) === 0 || FORBIDDEN.check(plain, family)) return "forbidden";
  return LOCAL.check(plain, family) ? "local" : "public";
}

function blockList(lines: string[]): BlockList {
  const list = new BlockList();
  for (const network of lines.join(" ").split(" ")) {
    const [address = "", bits] = network.split("/");
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? "ipv6" : "ipv4");
  }
  return list;
}
