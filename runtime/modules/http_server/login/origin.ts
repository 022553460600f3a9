/**
 * Requests that a page of another site makes the owner's browser send, with the owner's cookie (CSRF), or to a
 * node on loopback that only believes to be alone (DNS rebinding).
 */

const READS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Whether the request may change something and was made by a page of another origin. */
export function isForeignWrite(method: string, headers: Headers, isUpgrade: boolean): boolean {
  return (isUpgrade || !READS.has(method)) && isForeign(headers);
}

/** Whether a page of another origin made the request. Programs send neither header, and have no page. */
export function isForeign(headers: Headers): boolean {
  const origin = headers.get("origin");
  if (origin !== null) return hostOf(origin) !== (headers.get("host") ?? "").toLowerCase();
  const site = headers.get("sec-fetch-site");
  return site !== null && site !== "same-origin" && site !== "none";
}

/** Whether a page made the request, of whatever origin: all processes' pages share the node's. */
export function isOfPage(headers: Headers): boolean {
  return headers.has("origin") || headers.has("sec-fetch-site");
}

/** The host of an origin with its port as a Host header has it; `null` for what is none (`"null"`). */
function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host;
  } catch {
    return null;
  }
}

/** Whether a Host header names this machine itself: no other name may lead to what is for local programs only. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  return name === "localhost" || name.endsWith(".localhost") || name === "[::1]" ||
    /^127\.\d+\.\d+\.\d+$/.test(name);
}
