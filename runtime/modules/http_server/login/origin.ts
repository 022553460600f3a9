/**
 * Requests that a page of another site makes the owner's browser send, with the owner's cookie (CSRF), or to a
 * node on loopback that only believes to be alone (DNS rebinding).
 */
import { tryParseAddress } from "../../../protocol/ip_address.ts";

const READS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** As much of a request as says who made it; its URL as the client sees it. */
type Asked = Pick<Request, "url" | "headers">;

/** Whether the request may change something and was made by a page of another origin. */
export function isForeignWrite(asked: Asked & { method: string }, isUpgrade: boolean): boolean {
  return (isUpgrade || !READS.has(asked.method)) && isForeign(asked);
}

/** Whether a page of another origin made the request. Programs send neither header, and have no page. */
export function isForeign({ url, headers }: Asked): boolean {
  const origin = headers.get("origin");
  if (origin !== null) return !isOwn(origin, headers.get("host") ?? "", url.startsWith("https:"));
  const site = headers.get("sec-fetch-site");
  return site !== null && site !== "same-origin" && site !== "none";
}

/** Whether a page in a browser made the request, wherever it came from. What its user types is no page's. */
export function isOfPage(headers: Headers): boolean {
  return headers.has("origin") || (headers.get("sec-fetch-site") ?? "none") !== "none";
}

/**
 * Over https a page of http is another's: whoever is in between can have written it. The other way round a proxy that we
 * were not told of may speak TLS. A Host with the scheme's own port is the same as one without.
 */
function isOwn(origin: string, host: string, isHttps: boolean): boolean {
  try {
    const page = new URL(origin);
    if (isHttps && page.protocol !== "https:") return false;
    return page.host !== "" && page.host === new URL(`${page.protocol}//${host}`).host;
  } catch {
    return false; // `null`, mostly: a page that hides where it comes from.
  }
}

/** Whether a Host header names this machine itself: no other name may lead to what is for local programs only. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  return name === "localhost" || name.endsWith(".localhost") || name === "[::1]" ||
    /^127\.\d+\.\d+\.\d+$/.test(name);
}

/** Whether a Host header is an address: nobody but its owner makes a browser take that for a page's origin. */
export function isAddressHost(host: string): boolean {
  return tryParseAddress(host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1")) !== null;
}
