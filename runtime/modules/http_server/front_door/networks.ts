/** Whom the front door counts as one, and whom it is told to trust. */
import {
  isV4,
  type Network,
  tryParseAddress,
  tryParseNetwork,
} from "../../../protocol/ip_address.ts";

/** `10.0.0.0/8`, or one address. Throws SyntaxError. */
export function parseNetwork(text: string): Network {
  const network = tryParseNetwork(text);
  if (network !== null) return network;
  throw new SyntaxError(
    `--trust-proxy ${text}: this is neither an IP address nor a network such as 10.0.0.0/8 or fd00::/8.`,
  );
}

/** What counts as one client: an IPv4 address, or the /64 that one IPv6 customer has. */
export function clientKey(hostname: string): string {
  const address = tryParseAddress(hostname);
  if (address === null) return hostname;
  return isV4(address) ? `4:${address}` : `6:${address >> 64n}`;
}
