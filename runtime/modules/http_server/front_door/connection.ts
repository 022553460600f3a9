/**
 * One connection of the front door, from its first byte to its end: requests one after the other, each answered
 * before the next is read. Whatever is waited for has an end: what the client owes us by `readDue`, what it should
 * take by `writeDue`, and after it has ended its side the rest by `leaveDue` (FrontDoor looks at the clock).
 *
 *   head ─► parseHead ─► RequestHandler ─► writeAnswer ─► head …
 *                └► 4xx, close      └► WebSocket: its stream takes the connection
 */
import type { RequestHandler } from "../handler.ts";
import { textResponse } from "../outgoing.ts";
import { writeAnswer } from "./answer.ts";
import { Body } from "./body.ts";
import { type ClientConn, writeAll } from "./client_conn.ts";
import { acceptsGzip } from "./compress.ts";
import type { ConnStream } from "./conn_stream.ts";
import { checkHandshake, wantsWebSocket } from "./handshake.ts";
import { parseHead, type RequestHead } from "./head.ts";
import type { Held } from "./held.ts";
import type { FrontDoorLimits } from "./limits.ts";
import type { TrustedProxies } from "./proxies.ts";
import { BadRequest, Reader } from "./reader.ts";
import { FrontDoorRequest } from "./request.ts";
import type { WebSockets } from "./websocket.ts";

export interface Door {
  scheme: "http" | "https";
  limits: FrontDoorLimits;
  handler: RequestHandler;
  proxies: TrustedProxies;
  webSockets: WebSockets;
  /** Answers are compressed for clients that take them so. */
  compression: boolean;
  held: Held;
  /** Milliseconds on a clock that only goes forward. */
  now(): number;
  /** No more requests: the node stops. */
  readonly closing: boolean;
}

/** So much of a response may wait for a slow reader at a time; each such piece has its own time. */
const WRITE_BYTES = 64 * 1024;
/** A client that ended its side gets what comes within this time; it may as well have gone. */
const LEAVE_SECONDS = 2;
/** After an answer that refuses the rest of a request: how long and how much of it is passed over. */
const LINGER_SECONDS = 1;
const LINGER_BYTES_MAX = 4 * 1024 * 1024;
const CONTINUE = new TextEncoder().encode("HTTP/1.1 100 Continue\r\n\r\n");

export class Connection {
  readonly #conn: ClientConn;
  readonly #door: Door;
  readonly #reader: Reader;
  readonly #peer: { hostname: string; port: number };
  #readDue = Infinity;
  #writeDue = Infinity;
  #leaveDue = Infinity;
  /** Milliseconds that the body of this request was waited for. */
  #bodyMs = 0;
  /** A request has begun, and nothing of its answer is out. */
  #owesAnswer = false;
  /** What was wrong with the body of this request: told instead of any answer that is not out yet. */
  #malformed: BadRequest | null = null;
  #request: FrontDoorRequest | null = null;
  #cancelAnswer: (() => void) | null = null;
  #stream: ConnStream | null = null;
  /** The first request has begun: from the second on a connection may be idle for longer. */
  #used = false;
  #tooLate = false;
  #closed = false;

  constructor(conn: ClientConn, door: Door) {
    this.#conn = conn;
    this.#door = door;
    this.#reader = new Reader(conn);
    const { hostname, port } = conn.remoteAddr as Deno.NetAddr;
    this.#peer = { hostname, port };
  }

  /** Resolves when the connection is closed. Never rejects. `ready`: before it nothing can be read. */
  async serve(ready: Promise<void>): Promise<void> {
    try {
      await this.#reading(this.#door.limits.head_seconds, ready);
      while (await this.#exchange());
    } catch (error) {
      if (error instanceof BadRequest && this.#owesAnswer) await this.#refuse(error);
    } finally {
      this.#end();
    }
  }

  /** Looks at the clock. */
  look(now: number): void {
    if (now < Math.min(this.#readDue, this.#writeDue, this.#leaveDue)) return;
    if (now >= this.#writeDue) return this.gone();
    const tellable = now >= this.#readDue && this.#owesAnswer;
    this.#readDue = this.#leaveDue = Infinity;
    if (!tellable) return this.#end();
    this.#tooLate = true;
    const late = new BadRequest(408, "the request did not come within its time");
    this.#refuse(late).finally(() => this.#end());
  }

  /** The node stops: a connection between two requests has no reason to stay. */
  closeIfIdle(): void {
    if (this.#request === null && this.#stream === null && !this.#owesAnswer) this.#end();
  }

  /** Ends it at once, whatever is under way and whatever of it was written and has not left. */
  gone(): void {
    this.#end();
    this.#conn.cut?.();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#request?.gone();
    this.#cancelAnswer?.();
    if (this.#stream !== null) this.#stream.destroy();
    else this.#conn.close();
  }

  /** Whether another request may follow. */
  async #exchange(): Promise<boolean> {
    const { limits, handler } = this.#door;
    const text = await this.#readHead();
    if (text === null || this.#tooLate) return false;
    const head = parseHead(text, { lines: limits.head_lines, urlBytes: limits.url_bytes });
    const body = this.#bodyOf(head);
    if (body.complete) this.#watch();
    const headers = new Headers(head.fields);
    const request = this.#request = this.#requestOf(head, headers, body);
    if (wantsWebSocket(head, headers)) checkHandshake(head, headers);
    const response = head.target === "*"
      ? new Response(null, { status: 204 })
      : await this.#handle(request, head, headers);
    if (this.#stream !== null) {
      await this.#stream.whenClosed;
      return false;
    }
    if (this.#malformed !== null) throw this.#malformed;
    const keepAlive = body.tryPassOver() && head.keepAlive && !this.#door.closing;
    const gzip = this.#door.compression && acceptsGzip(headers.get("accept-encoding"));
    const wanted = { method: head.method, version: head.version, keepAlive, gzip };
    const more = await this.#answer(response, wanted, (error) => handler.failed(error));
    this.#request = null;
    if (!body.complete) await this.#linger();
    return more && !this.#door.closing;
  }

  #readHead(): Promise<string | null> {
    const { head_seconds, idle_seconds, head_bytes } = this.#door.limits;
    const begin = () => {
      if (this.#owesAnswer) return;
      this.#owesAnswer = this.#used = true;
      this.#bodyMs = 0;
      this.#readDue = this.#door.now() + head_seconds * 1000;
    };
    const seconds = this.#used ? idle_seconds : Math.min(idle_seconds, head_seconds);
    return this.#reading(seconds, this.#reader.head(head_bytes, begin));
  }

  #bodyOf(head: RequestHead): Body {
    let told = !head.expectsContinue;
    const { body_seconds, body_seconds_total } = this.#door.limits;
    return new Body(this.#reader, head.framing, {
      wanted: async () => {
        if (!told && this.#owesAnswer) await this.#write(CONTINUE);
        told = true;
      },
      within: async (work) => {
        const left = body_seconds_total - this.#bodyMs / 1000;
        const since = this.#door.now();
        try {
          return await this.#reading(Math.min(body_seconds, left), work);
        } finally {
          this.#bodyMs += this.#door.now() - since;
        }
      },
      complete: () => this.#watch(),
      malformed: (error) => this.#malformed = error,
    });
  }

  #requestOf(head: RequestHead, headers: Headers, body: Body): FrontDoorRequest {
    const { proxies, scheme } = this.#door;
    const client = proxies.clientOf(this.#peer, scheme, headers);
    if (client === null) throw new BadRequest(400, "the X-Forwarded headers are malformed");
    if (client.host !== null) headers.set("host", client.host);
    const { held } = this.#door;
    const holds = (bytes: number, moved: number) => held.set(this, bytes, moved);
    return new FrontDoorRequest(head, client, headers, body, holds);
  }

  async #handle(
    request: FrontDoorRequest,
    head: RequestHead,
    headers: Headers,
  ): Promise<Response> {
    const { handler, webSockets } = this.#door;
    try {
      return await handler.handle(request, request.peer, (_, options) => {
        if (!wantsWebSocket(head, headers) || this.#closed) return null;
        this.#leaveDue = Infinity;
        this.#owesAnswer = false;
        const accepted = webSockets.accept(
          this.#conn,
          this.#reader,
          headers,
          options,
        );
        this.#stream = accepted.stream;
        return { socket: accepted.socket, response: new Response(null, { status: 204 }) };
      });
    } catch (error) {
      return handler.failed(error);
    }
  }

  async #answer(
    response: Response,
    wanted: Parameters<typeof writeAnswer>[1],
    failed: (error: unknown) => Response,
  ): Promise<boolean> {
    const sink = {
      write: (bytes: Uint8Array) => {
        this.#owesAnswer = false;
        return this.#write(bytes);
      },
      streaming: (cancel: (() => void) | null) => this.#cancelAnswer = cancel,
    };
    try {
      return await writeAnswer(response, wanted, sink);
    } catch (error) {
      // The body failed before anything of the answer was out; else only the end can say so.
      if (!this.#owesAnswer || this.#closed) throw error;
      return await writeAnswer(failed(error), wanted, sink);
    }
  }

  async #refuse({ status, message, headers }: BadRequest): Promise<void> {
    const response = textResponse(status, message);
    for (const [name, value] of headers) response.headers.set(name, value);
    const wanted = { method: "GET", version: "1.1" as const, keepAlive: false, gzip: false };
    try {
      await this.#answer(response, wanted, () => response);
      if (!this.#tooLate) await this.#linger();
    } catch {
      // The client does not even take the refusal.
    }
  }

  /** While an answer is made: hears a client that leaves. What it sends meanwhile is its next request. */
  #watch(): void {
    if (this.#reader.size > 0) return;
    this.#reader.fill().then(
      (more) => {
        if (!more) this.#leaveDue = this.#door.now() + LEAVE_SECONDS * 1000;
      },
      () => this.#end(),
    );
  }

  /** Closing with unread bytes would reset the connection, and the answer with it. */
  async #linger(): Promise<void> {
    await this.#conn.closeWrite();
    await this.#reading(LINGER_SECONDS, this.#reader.passOver(LINGER_BYTES_MAX));
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const { held, limits, now } = this.#door;
    try {
      for (let at = 0; at < bytes.length; at += WRITE_BYTES) {
        const piece = bytes.subarray(at, at + WRITE_BYTES);
        held.set(this, bytes.length - at, Math.min(at, WRITE_BYTES));
        this.#writeDue = now() + limits.write_seconds * 1000;
        await writeAll(this.#conn, piece);
      }
    } finally {
      held.set(this, 0, 0);
      this.#writeDue = Infinity;
    }
  }

  async #reading<T>(seconds: number, work: Promise<T>): Promise<T> {
    this.#readDue = this.#door.now() + seconds * 1000;
    try {
      return await work;
    } finally {
      this.#readDue = Infinity;
    }
  }
}
