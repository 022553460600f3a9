/** The header rules of spec/http.md §4.3, both ways; HTTP requests and WebSocket handshakes share them. */

/** RFC 9110 §5.6.2. */
export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** What a value may not hold: with CR and LF a caller could write headers, or a whole request, of its own. */
// deno-lint-ignore no-control-regex
const NOT_IN_A_VALUE = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/**
 * These say where a request ends and what the connection is for. Connections are shared by all processes, so
 * they are the node's to write: a wrong length would put one process's bytes into another's request.
 */
const OF_THE_CONNECTION = new Set([
  "connection",
  "content-length",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * A process's headers as they may go out: names in lower case, one value per name, invalid names and values
 * silently dropped (as Kinode does). A value is its UTF-8 bytes, one character each, as the wire wants it.
 */
export function outgoing(headers: Record<string, string>): Map<string, string> {
  const out = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (!TOKEN.test(name) || NOT_IN_A_VALUE.test(value) || OF_THE_CONNECTION.has(lower)) continue;
    out.set(lower, asBytes(value).trim());
  }
  return out;
}

/**
 * A server's headers as a process sees them: each word of a name begins upper-case (`X-Foo-Bar`), a value
 * that is not plain ASCII is "". Of several `set-cookie` the last one stays; any other repeated header comes
 * from Deno already joined with ", ".
 */
export function incoming(headers: Iterable<[string, string]>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of headers) {
    const words = name.replace(/(^|-)[a-z]/g, (first) => first.toUpperCase());
    out[words] = /^[\t\x20-\x7e]*$/.test(value) ? value : "";
  }
  return out;
}

function asBytes(value: string): string {
  // deno-lint-ignore no-control-regex
  if (/^[\u0000-\u007f]*$/.test(value)) return value;
  return Array.from(new TextEncoder().encode(value), (byte) => String.fromCharCode(byte)).join("");
}
