/** For the unit tests here: an HttpServer whose messages a test reads one by one, and raw TCP clients. */
import { type Address, parseAddress } from "../../protocol/address.ts";
import type { Bind, HttpServerAction, WsMessageType } from "../../protocol/http_server.ts";
import {
  type Body,
  type KernelMessage,
  request,
  responseTo,
  textOf,
} from "../../protocol/message.ts";
import { HttpServer } from "./http_server.ts";
import type { HttpSettings } from "./settings.ts";
import { PendingRequests } from "./pending.ts";
import { type Asked, Streams } from "./streams.ts";

export const eraA = parseAddress("fake.dev@http_server:distro:sys");
export const eraB = parseAddress("fake.dev@http-server:distro:sys");
export const app = parseAddress("fake.dev@a:b:template.os");
export const other = parseAddress("fake.dev@x:y:template.os");

/** The owner is who has the cookie `owner=1`. */
export const testLogin = {
  answer: () => null,
  isLoggedIn: (headers: Headers, subdomain: string | null) =>
    Promise.resolve(
      headers.get("cookie") === (subdomain === null ? "owner=1" : `owner=${subdomain}`),
    ),
  refuse: (_headers: Headers, subdomain: string | null) => new Response(`login page ${subdomain}`),
};
/** Requests that wait, and the streams beside them, without a server around. */
export function makePending(
  options: { lookMs?: number; now?: () => number } = {},
  send: (message: KernelMessage) => void = () => {},
): { pending: PendingRequests; streams: Streams } {
  const streams = new Streams({
    send,
    reply: (to, refused, bytes) => {
      const body = JSON.stringify(refused === null ? { Ok: null } : { Err: refused.error });
      send(responseTo(to, body, bytes && { mime: null, bytes }));
    },
    waitsForClient: (id, waits) => pending.waitsForClient(id, waits),
    lost: (id) => pending.lost(id),
  });
  const pending = new PendingRequests({ streams, ...options });
  return { pending, streams };
}

export const asked: Asked = { app, boundAs: eraB, streaming: true };

/** A module under test: what it sends waits here until the test takes it. */
export class Testbed {
  readonly lines: string[] = [];
  readonly server: HttpServer;
  readonly #sent: KernelMessage[] = [];
  readonly #takers: ((message: KernelMessage) => void)[] = [];
  port = 0;

  constructor(settings: Partial<HttpSettings> = {}) {
    const log = (line: string) => void this.lines.push(line);
    this.server = new HttpServer({
      node: "fake.dev",
      send: (message) => this.send(message),
      log: { info: log, warn: log },
      login: testLogin,
      settings,
    });
  }

  listen(): this {
    this.port = this.server.listen({ hostname: "127.0.0.1", port: 0 });
    return this;
  }

  /** So many of the next messages find the queue of their process full. */
  full = 0;

  send(message: KernelMessage): boolean {
    if (this.full > 0) {
      this.full--;
      return false;
    }
    const taker = this.#takers.shift();
    if (taker === undefined) this.#sent.push(message);
    else taker(message);
    return true;
  }

  /** The next message that the module sends, or has sent. */
  next(): Promise<KernelMessage> {
    const message = this.#sent.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** What it has sent and no test took. */
  rest(): KernelMessage[] {
    return this.#sent.splice(0);
  }

  /** An action of a process; returns the reply's JSON, undefined when none came. */
  act(
    action: HttpServerAction | string,
    { source = app, target = eraB, blob = null as Body | null, ...options } = {} as ActOptions,
  ): unknown {
    const text = typeof action === "string" ? action : JSON.stringify(action, idAsText);
    const lazy_load_blob = blob === null ? null : { mime: null, bytes: blob };
    const message = request(source, target, text, {
      expects_response: 5,
      lazy_load_blob,
      ...options,
    });
    this.server.deliver(message);
    const reply = this.#sent.at(-1);
    if (reply?.kind !== "Response" || reply.id !== message.id) return undefined;
    return JSON.parse(this.#sent.pop()!.body as string);
  }

  /** An action whose reply is to be taken with `next`. */
  tell(action: HttpServerAction, blob: Body | null = null): void {
    const lazy_load_blob = blob === null ? null : { mime: null, bytes: blob };
    const text = JSON.stringify(action, idAsText);
    this.server.deliver(request(app, eraB, text, { expects_response: 5, lazy_load_blob }));
  }

  bind(path: string, flags: Partial<Omit<Bind, "path">> = {}, { source = app } = {}): void {
    const action = { path, authenticated: false, local_only: false, cache: false, ...flags };
    this.act({ Bind: action }, { source });
  }

  bindWs(path: string, { extension = false, source = app, target = eraB } = {}): void {
    const action = { WebSocketBind: { path, authenticated: false, extension } };
    this.act(action, { source, target });
  }

  /** The process's answer to an Http request. */
  respond(asked: KernelMessage, status: number, blob: Body | null = null, headers = {}): void {
    const lazy_load_blob = blob === null ? null : { mime: null, bytes: blob };
    this.server.deliver(responseTo(asked, JSON.stringify({ status, headers }), lazy_load_blob));
  }

  url(path: string, scheme = "http"): string {
    return `${scheme}://127.0.0.1:${this.port}${path}`;
  }

  connect(): Promise<RawClient> {
    return RawClient.connect(this.port);
  }

  /** A raw client that has done the WebSocket handshake. */
  async connectWs(path: string): Promise<RawClient> {
    const client = await this.connect();
    await client.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${HANDSHAKE}\r\n`);
    await client.readUntil("\r\n\r\n");
    return client;
  }
}

function idAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}` : value;
}

interface ActOptions {
  source?: Address;
  target?: Address;
  blob?: Body | null;
  id?: bigint;
  rsvp?: Address | null;
  expects_response?: number | null;
}

export const HANDSHAKE = "Connection: Upgrade\r\nUpgrade: websocket\r\n" +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/** A TCP client that sends what it likes. */
export class RawClient {
  readonly #conn: Deno.Conn;
  #received = "";

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  static async connect(port: number): Promise<RawClient> {
    return new RawClient(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  async write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string"
      ? Uint8Array.from(data, (char) => char.charCodeAt(0))
      : data;
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }

  /** All bytes as Latin-1 up to and with `mark`; throws at the end of the stream. */
  async readUntil(mark: string): Promise<string> {
    while (!this.#received.includes(mark)) {
      if (!await this.#readMore()) throw new Error(`closed after ${this.#received}`);
    }
    return this.#take(this.#received.indexOf(mark) + mark.length);
  }

  async readToEnd(): Promise<string> {
    while (await this.#readMore());
    return this.#take(this.#received.length);
  }

  close(): void {
    this.#conn.close();
  }

  #take(length: number): string {
    const taken = this.#received.slice(0, length);
    this.#received = this.#received.slice(length);
    return taken;
  }

  async #readMore(): Promise<boolean> {
    const buffer = new Uint8Array(65_536);
    const count = await this.#conn.read(buffer).catch(() => null);
    if (count === null) return false;
    for (const byte of buffer.subarray(0, count)) this.#received += String.fromCharCode(byte);
    return true;
  }
}

/** One masked frame of a client. */
export function frame(opcode: number, payload: Uint8Array | string): Uint8Array {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  const length = bytes.length < 126
    ? [0x80 | bytes.length]
    : [0xfe, bytes.length >> 8, bytes.length & 0xff];
  const mask = [1, 2, 3, 4];
  return Uint8Array.from([
    0x80 | opcode,
    ...length,
    ...mask,
    ...bytes.map((byte, i) => byte ^ mask[i % 4]!),
  ]);
}

/** The close frame with a code. */
export function closeFrame(code: number, reason = ""): Uint8Array {
  return frame(8, Uint8Array.from([code >> 8, code & 0xff, ...new TextEncoder().encode(reason)]));
}

export const PATH = "/a:b:template.os";

/** A listening module on which `app` has bound `/`. */
export async function serving(use: (testbed: Testbed) => Promise<void>): Promise<void> {
  const testbed = new Testbed().listen();
  testbed.bind("/");
  testbed.rest();
  try {
    await use(testbed);
  } finally {
    await testbed.server.close();
  }
}

/** A bound path, a raw client on it, and the id that the process was told. */
export async function openChannel(
  use: (testbed: Testbed, client: RawClient, id: number) => Promise<void>,
  options: { extension?: boolean; target?: Address; settings?: Partial<HttpSettings> } = {},
): Promise<void> {
  const testbed = new Testbed(options.settings).listen();
  testbed.bindWs("/", options);
  testbed.rest();
  const client = await testbed.connectWs(PATH);
  const opened = JSON.parse(textOf((await testbed.next()).body)).WebSocketOpen;
  try {
    await use(testbed, client, opened.channel_id);
  } finally {
    client.close();
    await testbed.server.close();
  }
}

export function push(
  testbed: Testbed,
  channel_id: number,
  message_type: WsMessageType,
  blob: string,
) {
  return testbed.act({ WebSocketPush: { channel_id, message_type } }, { blob });
}

/** What an event says, in short: body, text of the blob, kind. */
export function said({ body, lazy_load_blob, kind }: KernelMessage): unknown[] {
  return [JSON.parse(textOf(body)), lazy_load_blob && textOf(lazy_load_blob.bytes), kind];
}

export const pushed = (channel_id: number, message_type: WsMessageType, text: string) => [
  { WebSocketPush: { channel_id, message_type } },
  text,
  "Request",
];
export const closed = (id: number) => [{ WebSocketClose: id }, null, "Request"];
export const NOT_FOUND = { Err: "WsChannelNotFound" };
