/** For the tests beside this file: servers that do as they are told, and a client whose messages are recorded. */
import type { Address } from "../../protocol/address.ts";
import {
  type Body,
  type KernelMessage,
  type LazyLoadBlob,
  request,
  textOf,
} from "../../protocol/message.ts";
import { Dialer } from "./dialer.ts";
import { HttpClient, type HttpClientOptions } from "./http_client.ts";

export const APP = "fake.dev@app:pkg:template.os" as Address;
export const ERA_A = "fake.dev@http_client:distro:sys" as Address;
export const ERA_B = "fake.dev@http-client:distro:sys" as Address;

export const OTHER = "fake.dev@other:pkg:template.os" as Address;
export const ACK = { Ok: "WebSocketAck" };
export const CLOSED = { WebSocketClose: { channel_id: 0 } };

const encoder = new TextEncoder();

export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

export function blobOf(content: string | Uint8Array): LazyLoadBlob {
  return { mime: null, bytes: typeof content === "string" ? bytes(content) : content };
}

/** Speaks TCP as `talk` wants; what it leaves open is closed at the end. */
export class RawServer implements AsyncDisposable {
  readonly host: string;
  /** Connections accepted so far. */
  accepted = 0;
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.Conn>();
  readonly #talks: Promise<void>[] = [];
  readonly #accepting: Promise<void>;

  constructor(talk: (connection: Deno.Conn) => Promise<void>) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.host = `127.0.0.1:${this.#listener.addr.port}`;
    this.#accepting = this.#accept(talk);
  }

  /** Resolves when `talk` is done with all that was accepted. */
  async talked(): Promise<void> {
    await Promise.all(this.#talks);
  }

  async #accept(talk: (connection: Deno.Conn) => Promise<void>): Promise<void> {
    for await (const connection of this.#listener) {
      this.accepted++;
      this.#open.add(connection);
      this.#talks.push(talk(connection).catch(() => {}).finally(() => this.#close(connection)));
    }
  }

  #close(connection: Deno.Conn): void {
    if (!this.#open.delete(connection)) return;
    try {
      connection.close();
    } catch {
      // `talk` did.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) this.#close(connection);
    await this.#accepting;
    await this.talked();
  }
}

/** What came with a request's head; as a rule nothing follows it before an answer. One character per byte. */
export async function readHead(connection: Deno.Conn): Promise<string> {
  let head = "";
  const part = new Uint8Array(4096);
  while (!head.includes("\r\n\r\n")) {
    const length = await connection.read(part);
    if (length === null) throw new Error(`closed after ${head}`);
    head += String.fromCharCode(...part.subarray(0, length));
  }
  return head;
}

export async function write(connection: Deno.Conn, content: string | Uint8Array): Promise<void> {
  let left = typeof content === "string" ? bytes(content) : content;
  while (left.length > 0) left = left.subarray(await connection.write(left));
}

/** Resolves when the peer has closed or cut the connection. */
export async function untilClosed(connection: Deno.Conn): Promise<void> {
  const ignored = new Uint8Array(64 * 1024);
  while (await connection.read(ignored).catch(() => null) !== null);
}

/** What a right answer to a WebSocket handshake is. */
export async function switching(head: string, ...more: string[]): Promise<string> {
  const key = /^sec-websocket-key: (.*)$/im.exec(head)![1]!.trim();
  const digest = await crypto.subtle.digest(
    "SHA-1",
    bytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"),
  );
  const accept = btoa(String.fromCharCode(...new Uint8Array(digest)));
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: keep-alive, Upgrade",
    `Sec-WebSocket-Accept: ${accept}`,
    ...more,
  ];
  return lines.join("\r\n") + "\r\n\r\n";
}

/** A server that shakes hands and then does as `talk` wants. */
export function wsServer(talk: (connection: Deno.Conn, head: string) => Promise<void>): RawServer {
  return new RawServer(async (connection) => {
    const head = await readHead(connection);
    await write(connection, await switching(head));
    await talk(connection, head);
  });
}

/** A server's frame: unmasked, final. */
export function serverFrame(opcode: number, payload: string | Uint8Array = ""): Uint8Array {
  const content = typeof payload === "string" ? bytes(payload) : payload;
  return new Uint8Array([0x80 | opcode, content.length, ...content]); // Short ones only.
}

/** A client's frame as a server sees it: `[opcode, payload]`, one character per byte; `null` at the end. */
export async function readFrame(connection: Deno.Conn): Promise<[number, string] | null> {
  const head = await exactly(connection, 2);
  if (head === null) return null;
  const [first = 0, second = 0] = head;
  let length = second & 0x7f;
  if (length === 126) {
    const [high = 0, low = 0] = await exactly(connection, 2) ?? [];
    length = high << 8 | low;
  }
  const mask = await exactly(connection, 4);
  const payload = await exactly(connection, length);
  if (mask === null || payload === null || (second & 0x80) === 0) throw new Error("bad frame");
  const plain = payload.map((byte, i) => byte ^ mask[i & 3]!);
  return [first & 0x0f, String.fromCharCode(...plain)];
}

async function exactly(connection: Deno.Conn, length: number): Promise<Uint8Array | null> {
  const all = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const read = await connection.read(all.subarray(at));
    if (read === null) return null;
    at += read;
  }
  return all;
}

interface Envelope {
  blob?: LazyLoadBlob | null;
  source?: Address;
  target?: Address;
  expects?: number | null;
}

/** As `World` goes out. */
export function dial(host: string, port: number, signal: AbortSignal): Promise<Deno.TcpConn> {
  return new Dialer().connect("local", host, port, signal);
}

/** An HttpClient and everything that it sends. */
export class World implements AsyncDisposable {
  readonly client: HttpClient;
  readonly sent: KernelMessage[] = [];
  readonly lines: string[] = [];
  #taken = 0;
  #wake: () => void = () => {};

  constructor(options: Partial<HttpClientOptions> = {}) {
    const log = (text: string) => void this.lines.push(text);
    this.client = new HttpClient({
      node: "fake.dev",
      send: (message) => {
        this.sent.push(message);
        this.#wake();
      },
      log: { info: log, warn: log },
      policyOf: () => "local",
      ...options,
    });
  }

  /** Says `action` to the client; returns the request. */
  say(action: unknown, envelope: Envelope = {}): KernelMessage {
    const { source = APP, target = ERA_B, blob = null, expects = 5 } = envelope;
    const body: Body = typeof action === "string" ? action : JSON.stringify(action);
    const options = { expects_response: expects, lazy_load_blob: blob };
    const message = request(source, target, body, options);
    message.rsvp = expects === null ? null : source; // As the kernel does.
    this.client.deliver(message);
    return message;
  }

  /** The next message that the client sent and this method did not return yet. */
  async next(): Promise<KernelMessage> {
    while (this.sent.length <= this.#taken) await new Promise<void>((wake) => this.#wake = wake);
    return this.sent[this.#taken++]!;
  }

  /** `next()`, its body parsed. */
  async nextBody(): Promise<unknown> {
    return JSON.parse(textOf((await this.next()).body));
  }

  /** What was sent and not taken. */
  get rest(): KernelMessage[] {
    return this.sent.slice(this.#taken);
  }

  /** Says an action and returns the body of the next message. */
  async ask(action: unknown, envelope: Envelope = {}): Promise<unknown> {
    this.say(action, envelope);
    return await this.nextBody();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }
}

export function get(url: string, more: Record<string, unknown> = {}) {
  return { Http: { method: "GET", version: null, url, headers: {}, ...more } };
}

export function open(
  server: { host: string },
  channel_id = 0,
  headers: Record<string, string> = {},
) {
  return { WebSocketOpen: { url: `ws://${server.host}`, headers, channel_id } };
}

export function push(message_type: string, channel_id = 0) {
  return { WebSocketPush: { channel_id, message_type } };
}

export function close(channel_id = 0) {
  return { WebSocketClose: { channel_id } };
}

export function unknown(channel_id = 0) {
  return { Err: { WsPushUnknownChannel: { channel_id } } };
}

/** Registers a test that needs a certificate; where openssl is missing it is skipped, which is said, but in CI. */
export function testWithCertificate(
  name: string,
  fn: (made: { cert: string; key: string }) => Promise<void>,
): void {
  const ignore = !hasOpenssl() && Deno.env.get("CI") !== "true";
  if (ignore) console.log(`SKIP ${name}: needs openssl: apt-get install openssl`);
  Deno.test({ name, ignore, fn: async () => await fn(await selfSigned()) });
}

function hasOpenssl(): boolean {
  try {
    const options: Deno.CommandOptions = { args: ["version"], stdout: "null", stderr: "null" };
    return new Deno.Command("openssl", options).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function selfSigned(): Promise<{ cert: string; key: string }> {
  const folder = await Deno.makeTempDir();
  const args = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost".split(" ");
  args.push("-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=CA:FALSE");
  args.push("-keyout", `${folder}/key.pem`, "-out", `${folder}/cert.pem`);
  await new Deno.Command("openssl", { args, stdout: "null", stderr: "null" }).output();
  const [cert, key] = await Promise.all(
    ["cert.pem", "key.pem"].map((name) => Deno.readTextFile(`${folder}/${name}`)),
  );
  await Deno.remove(folder, { recursive: true });
  return { cert: cert!, key: key! };
}
