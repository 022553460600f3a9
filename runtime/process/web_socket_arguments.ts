/** What a script may give to `new WebSocket()` and to `close()`, by the web's rules and with its errors. */

/** RFC 6455 §5.5.1: a close frame's 125 bytes hold the code, too. */
const REASON_BYTES_MAX = 123;

/** The URL with `http` and `https` turned into `ws` and `wss`; throws a SyntaxError. */
export function parseUrl(url: string | URL): string {
  const parsed = URL.parse(String(url));
  if (parsed === null) throw syntaxError(`Cannot open "${url}": it is no absolute URL`);
  if (parsed.protocol === "http:" || parsed.protocol === "https:") {
    parsed.protocol = parsed.protocol.replace("http", "ws");
  }
  if (parsed.protocol !== "ws:" && parsed.protocol !== "wss:") {
    throw syntaxError(`Cannot open "${url}": its scheme is not ws or wss`);
  }
  if (parsed.hash !== "" || parsed.href.endsWith("#")) {
    throw syntaxError(`Cannot open "${url}": a WebSocket's URL has no fragment`);
  }
  return parsed.href;
}

/** What may stand after the URL, as Deno and Node have it: subprotocols, or an object. */
export interface WebSocketOptions {
  protocols?: string | string[];
  /** Sent with the handshake, beside its own. */
  headers?: HeadersInit;
}

/** The headers that say it; throws as `parseProtocols`, or a TypeError for what are no headers. */
export function headersFrom(
  given: string | string[] | WebSocketOptions,
): Record<string, string> {
  const isList = typeof given === "string" || Array.isArray(given);
  const { protocols = [], headers = {} } = isList ? { protocols: given } : given;
  const names = parseProtocols(protocols);
  const all = Object.fromEntries(new Headers(headers));
  if (names.length > 0) all["sec-websocket-protocol"] = names.join(", ");
  return all;
}

/** The subprotocols to offer; throws a SyntaxError if one is no token or comes twice. */
export function parseProtocols(protocols: string | string[]): string[] {
  const names = [protocols].flat();
  const bad = names.find((name) =>
    typeof name !== "string" || !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)
  );
  if (bad !== undefined) throw syntaxError(`Cannot offer the subprotocol "${bad}": it is no token`);
  if (new Set(names.map((name) => name.toLowerCase())).size < names.length) {
    throw syntaxError("Cannot offer a subprotocol twice");
  }
  return names;
}

/** Throws if a script may not close with this code or reason. */
export function checkClose(code: number | undefined, reason: string | undefined): void {
  if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
    throw new DOMException(
      `Cannot close with code ${code}: it may be 1000 or 3000 to 4999`,
      "InvalidAccessError",
    );
  }
  if (reason !== undefined && new TextEncoder().encode(reason).length > REASON_BYTES_MAX) {
    throw syntaxError(`Cannot close with this reason: it has more than ${REASON_BYTES_MAX} bytes`);
  }
}

function syntaxError(message: string): DOMException {
  return new DOMException(message, "SyntaxError");
}
