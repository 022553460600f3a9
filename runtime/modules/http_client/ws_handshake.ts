/**
 * From a URL to a connection on which frames can be exchanged (RFC 6455 §4.1). Our own, because Deno's
 * WebSocket does not check `sec-websocket-accept`, reports no pings, cannot be cut off while its peer does
 * not answer, and on 2.4 takes no headers.
 */
import { CLIENT_HANDSHAKE_BYTES_MAX } from "../../limits.ts";
import { ByteReader } from "./byte_reader.ts";
import { portOf } from "./http_call.ts";

/** RFC 6455 §1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** Not the caller's to say. */
const OF_THE_HANDSHAKE = [
  "sec-websocket-accept",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-version",
];

export interface WsWish {
  url: URL;
  /** As `outgoing` made them. */
  headers: Map<string, string>;
  /** PEM, trusted beside the system's. */
  caCerts: string[];
  /** The connection on which hands are shaken. */
  dial(host: string, port: number, signal: AbortSignal): Promise<Deno.TcpConn>;
}

export interface WsConnection {
  connection: Deno.Conn;
  /** Holds what came in one packet with the handshake. */
  reader: ByteReader;
  /** The subprotocol that the server chose; "" for none. */
  protocol: string;
}

/** Throws what went wrong; `signal` ends it at every point, with its reason. */
export async function openConnection(wish: WsWish, signal: AbortSignal): Promise<WsConnection> {
  const { url, dial, caCerts } = wish;
  const hostname = hostOf(url);
  let connection: Deno.Conn = await dial(hostname, portOf(url), signal);
  const cut = () => closeQuietly(connection);
  signal.addEventListener("abort", cut);
  try {
    signal.throwIfAborted(); // It may have come when all was connected already.
    if (url.protocol === "wss:") {
      const tls = await Deno.startTls(connection as Deno.TcpConn, { hostname, caCerts });
      connection = tls;
      signal.throwIfAborted();
      await tls.handshake();
    }
    const reader = new ByteReader(connection);
    const protocol = await shakeHands(wish, connection, reader);
    signal.throwIfAborted();
    return { connection, reader, protocol };
  } catch (error) {
    cut();
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", cut);
  }
}

/** Closing twice is an error in Deno; here it is the usual case. */
export function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It was closed before.
  }
}

/** All of `bytes`; Deno writes as many at a time as the socket takes. */
export async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  while (bytes.length > 0) bytes = bytes.subarray(await connection.write(bytes));
}

async function shakeHands(
  { url, headers }: WsWish,
  connection: Deno.Conn,
  reader: ByteReader,
): Promise<string> {
  const key = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
  const lines = [`GET ${url.pathname}${url.search} HTTP/1.1`];
  if (!headers.has("host")) lines.push(`Host: ${url.host}`);
  lines.push("Connection: Upgrade", "Upgrade: websocket");
  lines.push("Sec-WebSocket-Version: 13", `Sec-WebSocket-Key: ${key}`);
  if (url.username + url.password !== "" && !headers.has("authorization")) {
    lines.push(`Authorization: Basic ${btoa(unescape(`${url.username}:${url.password}`))}`);
  }
  for (const [name, value] of headers) {
    if (!OF_THE_HANDSHAKE.includes(name)) lines.push(`${name}: ${value}`);
  }
  const head = lines.join("\r\n") + "\r\n\r\n";
  await writeAll(connection, Uint8Array.from(head, (char) => char.charCodeAt(0)));
  return await checkAnswer(
    await readHead(reader),
    key,
    headers.get("sec-websocket-protocol") ?? "",
  );
}

async function readHead(reader: ByteReader): Promise<string[]> {
  let head = "";
  for (let newlines = 0; newlines < 4;) {
    const byte = await reader.some(1);
    if (byte === null) throw new Error("the server closed the connection during the handshake");
    const char = String.fromCharCode(byte[0]!);
    newlines = char === "\r\n\r\n"[newlines] ? newlines + 1 : char === "\r" ? 1 : 0;
    head += char;
    if (head.length > CLIENT_HANDSHAKE_BYTES_MAX) {
      throw new RangeError(
        `the server's answer is longer than ${CLIENT_HANDSHAKE_BYTES_MAX} bytes`,
      );
    }
  }
  return head.trimEnd().split("\r\n");
}

/** RFC 6455 §4.1, the client's six points; returns the subprotocol. */
async function checkAnswer(
  [status = "", ...lines]: string[],
  key: string,
  asked: string,
): Promise<string> {
  if (!/^HTTP\/1\.1 101(?: |$)/.test(status)) {
    throw new Error(`the server answered "${status.slice(0, 100)}"`);
  }
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers.append(line.slice(0, Math.max(colon, 0)), line.slice(colon + 1).trim());
  }
  const words = (name: string) => (headers.get(name) ?? "").split(",").map((word) => word.trim());
  const has = (name: string, word: string) =>
    words(name).some((each) => each.toLowerCase() === word);
  if (!has("upgrade", "websocket")) throw new Error("the server did not upgrade to WebSocket");
  if (!has("connection", "upgrade")) throw new Error("the server did not upgrade the connection");
  if (headers.get("sec-websocket-accept") !== await acceptOf(key)) {
    throw new Error("the server's sec-websocket-accept does not fit");
  }
  if (headers.has("sec-websocket-extensions")) {
    throw new Error("the server uses an extension that was not asked for");
  }
  const protocol = headers.get("sec-websocket-protocol");
  if (protocol !== null && !asked.split(",").some((each) => each.trim() === protocol)) {
    throw new Error(`the server speaks "${protocol}", which was not asked for`);
  }
  return protocol ?? "";
}

async function acceptOf(key: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(key + GUID));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

/** An IPv6 address without its brackets. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}
