/**
 * An outbound HTTP request, from the action that a process sent to one that may be fetched, and on through
 * redirects. Only http and https leave here: Deno's `fetch` would read `file:` and `blob:` URLs as well.
 */
import type { actions, HttpClientError } from "../../protocol/http_client.ts";
import type { Of } from "../../protocol/serde.ts";
import { outgoing, TOKEN } from "./headers.ts";

export interface HttpCall {
  method: string;
  /** `null`: whatever is agreed with the server. */
  version: "HTTP/1.1" | "HTTP/2.0" | null;
  url: URL;
  headers: Map<string, string>;
  body: Uint8Array | ReadableStream<Uint8Array> | null;
}

/** Deno's fetch refuses them, as every browser does (Fetch §2.2.1). */
const FORBIDDEN_METHODS = ["CONNECT", "TRACE", "TRACK"];
/** Kinode's names; of these Deno's fetch speaks two. */
const VERSIONS = ["HTTP/0.9", "HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "HTTP/3.0"];
/** Of the body that a redirect dropped. */
const BODY_HEADERS = ["content-encoding", "content-language", "content-location", "content-type"];
const STREAMED =
  "redirected with 307, which wants the body again, and it was a stream: send it whole";
/** Not for another server than the one they were meant for. */
const CREDENTIALS = ["authorization", "cookie", "cookie2", "host", "proxy-authorization"];

/** Checks an `Http` action, in Kinode's order: method, URL, version, then what the node itself refuses. */
export function readCall(
  wish: Of<typeof actions.Http>,
  bytes: Uint8Array,
): HttpCall | { Err: HttpClientError } {
  const { method, version } = wish;
  if (!TOKEN.test(method) || FORBIDDEN_METHODS.includes(method.toUpperCase())) {
    return { Err: { BadMethod: { method } } };
  }
  const url = URL.parse(wish.url);
  if (url === null) return { Err: { BadUrl: { url: wish.url } } };
  if (version !== null && !VERSIONS.includes(version)) return { Err: { BadVersion: { version } } };
  if (version !== null && version !== "HTTP/1.1" && version !== "HTTP/2.0") {
    return failed(`${version} is not spoken here: ask for HTTP/1.1, HTTP/2.0 or null`);
  }
  if (!isWeb(url)) return failed(`only http and https URLs can be requested, not ${url.protocol}`);
  // An empty blob is no body: Kinode's library attaches one to every request.
  const body = bytes.length > 0 ? bytes : null;
  if (body !== null && (method.toUpperCase() === "GET" || method.toUpperCase() === "HEAD")) {
    return {
      Err: { BuildRequestFailed: `a ${method} request cannot have a body: empty the blob` },
    };
  }
  const headers = outgoing(wish.headers);
  if (headers.has("authorization")) url.username = url.password = ""; // Else Deno would send both.
  return { method, version, url, headers, body };
}

/** Where `response` points to, or `null` if it is to be taken as it stands. */
export function findRedirect(from: URL, response: Response): URL | null {
  if (![301, 302, 303, 307, 308].includes(response.status)) return null;
  const location = response.headers.get("location");
  return location === null ? null : URL.parse(location, from);
}

/** The request that goes to `url` because `call` was answered with a redirect; reqwest's rules. */
export function redirected(call: HttpCall, status: number, url: URL): HttpCall {
  if (!isWeb(url)) throw new TypeError(`redirected to ${url.protocol}, which is not http or https`);
  const headers = new Map(call.headers);
  if (url.origin !== call.url.origin) { for (const name of CREDENTIALS) headers.delete(name); }
  if (status === 307 || status === 308) {
    if (call.body instanceof ReadableStream) {
      throw new TypeError(STREAMED.replace("307", `${status}`));
    }
    return { ...call, url, headers };
  }
  for (const name of BODY_HEADERS) headers.delete(name);
  const method = call.method === "HEAD" ? "HEAD" : "GET";
  return { ...call, method, url, headers, body: null };
}

/** Also where a URL leaves it out. */
export function portOf({ port, protocol }: URL): number {
  if (port !== "") return Number(port);
  return protocol === "https:" || protocol === "wss:" ? 443 : 80;
}

function isWeb(url: URL): boolean {
  return url.protocol === "http:" || url.protocol === "https:";
}

function failed(text: string): { Err: HttpClientError } {
  return { Err: { ExecuteRequestFailed: text } };
}
