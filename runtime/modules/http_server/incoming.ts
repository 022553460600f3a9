/**
 * An HTTP request on its way to a process: what the server must know of it, and the JSON that the process
 * gets (spec/http.md §2.2). This is the hot path: headers are read once, nothing is parsed as a URL, and the
 * JSON is written as text at once (Headers.forEach costs 2 µs, for..of 5, request.signal 25; Deno 2.9.6).
 */
import type { Match } from "./patterns.ts";
import type { HttpBinding } from "./bindings.ts";
import { isLoopbackHost } from "./login/origin.ts";

/** Rust's idea of visible ASCII: a header value with anything else reaches the process as `""`. */
const INVISIBLE = /[^\t\x20-\x7e]/;
const HOST = /^(?:[\w.~-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/;
/** What a proxy adds: behind one, every peer looks local. */
const FORWARDED =
  /^(?:forwarded|via|x-forwarded(?:-.*)?|x-real-ip|x-client-ip|true-client-ip|cf-connecting-ip)$/;

/** The headers of one request, read in one pass. */
export class Head {
  /** `"name":"value",…`, ready for the JSON object. */
  json = "";
  host = "";
  upgrade = "";
  wsVersion = "";
  contentLength: string | null = null;
  forwarded = false;
  /** Names; Deno joins the lines of one name. */
  count = 0;
  /** Seconds that the client wants to wait for an answer, as it wrote them (§7.4). */
  timeout = "";

  constructor(headers: Headers) {
    // Deno joins repeated headers with ", " before we see them; Kinode keeps the last one.
    headers.forEach((value, name) => this.#read(name, value));
  }

  #read(name: string, value: string): void {
    this.count++;
    // A name is an HTTP token, which has nothing that JSON would escape.
    const text = INVISIBLE.test(value) ? '""' : JSON.stringify(value);
    this.json += this.json === "" ? `"${name}":${text}` : `,"${name}":${text}`;
    switch (name) {
      case "host":
        this.host = value;
        break;
      case "upgrade":
        this.upgrade = value;
        break;
      case "sec-websocket-version":
        this.wsVersion = value;
        break;
      case "content-length":
        this.contentLength = value;
        break;
      case "x-hyperware-http-server-timeout":
        this.timeout = value;
        break;
      default:
        this.forwarded ||= FORWARDED.test(name);
    }
  }
}

/** What was asked for: all as it came, undecoded. */
export interface RequestTarget {
  /** As the client sees us: behind a proxy with TLS, too. */
  scheme: "http" | "https";
  /** Without the port. */
  hostname: string;
  /** The path on this node. */
  path: string;
  /** As the client asked for it, where that is another: at the host of a process. */
  shown?: string;
  /** Without the `?`; empty when there is none. */
  query: string;
}

/**
 * Takes Deno's request.url apart, which is the scheme, `://`, the Host header + the request line's path, none of them
 * checked: a Host such as `h/other:path?` would move the path. Null: the host is malformed, or is not the one
 * that the request line names.
 */
export function tryParseTarget(url: string, host: string): RequestTarget | null {
  const start = url.startsWith("http://") ? 7 : url.indexOf("://") + 3;
  const end = host === "" ? authorityEnd(url, start) : start + host.length;
  // Without a Host header it is HTTP/2's authority, or Deno's "localhost".
  const authority = url.slice(start, end);
  if (!HOST.test(authority)) return null;
  if (host !== "") {
    if (authority !== host && authority.toLowerCase() !== host.toLowerCase()) return null;
    if (end < url.length && authorityEnd(url, end) !== end) return null;
  }
  const hash = url.indexOf("#", end);
  const stop = hash === -1 ? url.length : hash;
  const mark = url.indexOf("?", end);
  const hasQuery = mark !== -1 && mark < stop;
  const path = url.slice(end, hasQuery ? mark : stop);
  return {
    scheme: start === 8 ? "https" : "http",
    hostname: withoutPort(host === "" ? authority : host),
    path: path === "" ? "/" : path,
    query: hasQuery ? url.slice(mark + 1, stop) : "",
  };
}

function authorityEnd(url: string, start: number): number {
  for (let at = start; at < url.length; at++) {
    const char = url[at];
    if (char === "/" || char === "?" || char === "#") return at;
  }
  return url.length;
}

function withoutPort(host: string): string {
  const colon = host.lastIndexOf(":");
  return colon > host.lastIndexOf("]") ? host.slice(0, colon) : host;
}

/** The other end of a connection. */
export type Peer = Pick<Deno.NetAddr, "hostname" | "port">;

/** `ip:port` as Rust writes a socket address. */
export function socketAddress({ hostname, port }: Peer): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

export function isLoopback({ hostname }: Pick<Peer, "hostname">): boolean {
  const ip = hostname.startsWith("::ffff:") ? hostname.slice(7) : hostname;
  return ip === "::1" || /^127\.\d+\.\d+\.\d+$/.test(ip);
}

/**
 * From a program on this machine: no proxy between, behind which every peer looks local, and no name that leads here
 * from elsewhere (DNS rebinding). HTTP/1.0 names no host, and no browser speaks it.
 */
export function isLocal(peer: Peer, { forwarded, host }: Head): boolean {
  return isLoopback(peer) && !forwarded && (host === "" || isLoopbackHost(host));
}

export interface HttpRequestParts {
  method: string;
  peer: Peer;
  head: Head;
  target: RequestTarget;
  match: Match<HttpBinding>;
  /** The body is not in the blob but to be asked for. */
  streams: boolean;
}

/** The body of the kernel request: `{"Http":{…}}`. */
export function httpRequestJson(parts: HttpRequestParts): string {
  const { method, peer, head, target, match } = parts;
  const path = target.path.endsWith("/") ? target.path.slice(0, -1) : target.path;
  const query = target.query === ""
    ? "{}"
    : JSON.stringify(Object.fromEntries(new URLSearchParams(target.query)));
  return `{"Http":{"source_socket_addr":"${socketAddress(peer)}"` +
    `,"method":${JSON.stringify(method)}` +
    `,"url":${JSON.stringify(`${target.scheme}://${target.hostname}${path}`)}` +
    `,"bound_path":${JSON.stringify(match.value.path)}` +
    `,"headers":{${head.json}}` +
    `,"url_params":${JSON.stringify(match.params)}` +
    `,"query_params":${query}` +
    `,"path_and_query":${JSON.stringify(withQuery(target))}` +
    (parts.streams ? ',"body":"stream"}}' : "}}");
}

/** An extension: Kinode's own fields lose a trailing slash and all but the last of a key's values. */
function withQuery({ path, shown = path, query }: RequestTarget): string {
  return query === "" ? shown : `${shown}?${query}`;
}
