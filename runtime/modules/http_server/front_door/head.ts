/**
 * The head of a request, read so that nobody can read it otherwise (RFC 9112): what one server takes for the end
 * of a request and another for its middle is how a request is smuggled past a proxy. What is not plainly right is
 * refused, and its connection closes: nothing behind it is read as a request.
 */
import { BadRequest } from "./reader.ts";

export type Framing = { kind: "none" } | { kind: "length"; bytes: number } | { kind: "chunked" };

export interface RequestHead {
  method: string;
  /** `/path?query`, or `*`. */
  target: string;
  /** The authority of an absolute-form target; null for any other. */
  authority: string | null;
  version: "1.0" | "1.1";
  /** As they came, but their names in lower case. */
  fields: [string, string][];
  /** Of HTTP/1.0 it may be missing: empty. */
  host: string;
  framing: Framing;
  /** The client wants another request on this connection. */
  keepAlive: boolean;
  expectsContinue: boolean;
}

export interface HeadBounds {
  lines: number;
  urlBytes: number;
}

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}) ([\x21-\x7e]+) HTTP\/(\d)\.(\d)$/;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Visible, space, tab and bytes above ASCII; no control character, so no lone CR, LF or NUL. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const HOST = /^(?:[\w.~-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/;
const ABSOLUTE = /^https?:\/\/([^/?#]+)([^#]*)$/i;
/** Digits only, and few enough to be an exact number. */
const LENGTH = /^\d{1,15}$/;

export function parseHead(text: string, { lines: linesMax, urlBytes }: HeadBounds): RequestHead {
  const [first, ...rest] = text.split("\r\n");
  const { method, target, version } = parseRequestLine(first!, urlBytes);
  if (rest.length > linesMax) {
    throw new BadRequest(431, `the request has more than ${linesMax} header lines`);
  }
  const fields = rest.map(parseField);
  const all = (wanted: string) => fields.filter(([name]) => name === wanted).map(([, v]) => v);
  const host = parseHost(all("host"), version);
  const connection = all("connection").join(",").toLowerCase().split(",").map((v) => v.trim());
  return {
    method,
    ...parseTarget(method, target, host),
    version,
    fields,
    host,
    framing: parseFraming(all("transfer-encoding"), all("content-length"), version),
    // HTTP/1.0 has keep-alive as an extension only; we do not take part in it.
    keepAlive: version === "1.1" && !connection.includes("close"),
    expectsContinue: parseExpect(all("expect"), version),
  };
}

function parseRequestLine(line: string, urlBytes: number) {
  const match = REQUEST_LINE.exec(line);
  if (match === null) throw new BadRequest(400, "the request line is malformed");
  const [, method, target, major, minor] = match as unknown as [
    string,
    string,
    string,
    ...string[],
  ];
  if (major !== "1") throw new BadRequest(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
  if (target.length > urlBytes) {
    throw new BadRequest(414, `the request's target is longer than ${urlBytes} bytes`);
  }
  // RFC 9110 §2.5: a higher minor version is answered as the highest that we know.
  return { method, target, version: minor === "0" ? "1.0" as const : "1.1" as const };
}

function parseField(line: string): [string, string] {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(colon, 0));
  const value = line.slice(colon + 1);
  // A folded line begins with a space, and a space before the colon is no part of a name: both fail here.
  if (!NAME.test(name)) throw new BadRequest(400, "a header line is malformed");
  if (!VALUE.test(value)) throw new BadRequest(400, `the header ${name} has a control character`);
  return [name.toLowerCase(), value.replace(/^[ \t]+|[ \t]+$/g, "")];
}

function parseHost(hosts: string[], version: string): string {
  if (hosts.length > 1) throw new BadRequest(400, "the request has more than one Host header");
  const [host] = hosts;
  if (host === undefined && version === "1.0") return "";
  if (host === undefined) throw new BadRequest(400, "the request has no Host header");
  if (!HOST.test(host)) throw new BadRequest(400, 'Invalid request header "host"');
  return host;
}

function parseTarget(method: string, target: string, host: string) {
  // A proxy's method, and one that could only mirror the client's cookies.
  if (method === "CONNECT" || method === "TRACE") {
    throw new BadRequest(501, `${method} is not served here`);
  }
  if (target === "*" && method === "OPTIONS") return { target, authority: null };
  if (target.includes("#")) throw new BadRequest(400, "the request's target has a fragment");
  if (target.startsWith("/")) return { target, authority: null };
  const absolute = ABSOLUTE.exec(target);
  if (absolute === null) throw new BadRequest(400, "the request's target is malformed");
  const [, authority = "", rest = ""] = absolute;
  // RFC 9112 §3.2.2 has the target win; that of two names one is wrong, is all that we need to know.
  if (!HOST.test(authority) || (host !== "" && authority.toLowerCase() !== host.toLowerCase())) {
    throw new BadRequest(400, "the request's target names another host than its Host header");
  }
  return { target: rest.startsWith("/") ? rest : `/${rest}`, authority };
}

function parseFraming(codings: string[], lengths: string[], version: string): Framing {
  if (codings.length > 0) {
    if (lengths.length > 0) {
      throw new BadRequest(400, "the request has both Content-Length and Transfer-Encoding");
    }
    if (version === "1.0") throw new BadRequest(400, "HTTP/1.0 has no Transfer-Encoding");
    if (codings.length > 1 || codings[0]!.toLowerCase() !== "chunked") {
      throw new BadRequest(501, "of transfer encodings only chunked is known here");
    }
    return { kind: "chunked" };
  }
  if (lengths.length === 0) return { kind: "none" };
  if (lengths.length > 1) throw new BadRequest(400, "the request has more than one Content-Length");
  if (!LENGTH.test(lengths[0]!)) throw new BadRequest(400, "the Content-Length is malformed");
  const bytes = Number(lengths[0]);
  return bytes === 0 ? { kind: "none" } : { kind: "length", bytes };
}

function parseExpect(expected: string[], version: string): boolean {
  if (expected.length === 0 || version === "1.0") return false;
  if (expected.length > 1 || expected[0]!.toLowerCase() !== "100-continue") {
    throw new BadRequest(417, "of expectations only 100-continue is known here");
  }
  return true;
}
