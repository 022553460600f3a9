/**
 * The listener for strangers (design.md §4, "The front door"): on any address but the default one, with TLS or
 * behind a proxy. Bounds its connections in number and in time, reads HTTP/1.1 strictly, and hands what is left to
 * the same RequestHandler as Deno.serve does on the fast path.
 *
 *   Deno.listen ─► #taken ─► (Tls) ─► Connection ─► RequestHandler
 *                     └► too many: 503, closed
 */
import { HTTP_CLOSE_SECONDS, WS_MESSAGE_BYTES_MAX } from "../../../limits.ts";
import type { Log } from "../../../log.ts";
import type { RequestHandler } from "../handler.ts";
import { type CertificateFiles, CertificateWatch, readCertificate } from "./certificate.ts";
import type { ClientConn } from "./client_conn.ts";
import { Connection } from "./connection.ts";
import { Held } from "./held.ts";
import { type FrontDoorLimits, parseLimits } from "./limits.ts";
import { clientKey } from "./networks.ts";
import { TrustedProxies } from "./proxies.ts";
import { Tls } from "./tls.ts";
import type { WebSockets } from "./websocket.ts";

export interface FrontDoorOptions {
  /** As in `connections=1000`. */
  limits?: readonly string[];
  tls?: CertificateFiles | null;
  /** Networks whose X-Forwarded headers count, as in `10.0.0.0/8`. */
  trustedProxies?: readonly string[];
  /** Answers are compressed for clients that take them so. */
  compression?: boolean;
  /** The largest WebSocket message. */
  wsMessageBytesMax?: number;
}

/** How often the clock is looked at: what is late is late by so much more. */
const LOOK_MS = 250;
/** Without descriptors nothing can be accepted: until some are free again. */
const PAUSE_MS = 100;
const FULL = new TextEncoder().encode(
  "HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n" +
    "overloaded: too many connections\n",
);

export class FrontDoor {
  readonly #handler: RequestHandler;
  readonly #log: Log;
  readonly #limits: FrontDoorLimits;
  readonly #files: CertificateFiles | null;
  readonly #proxies: TrustedProxies;
  readonly #compression: boolean;
  readonly #wsMessageBytesMax: number;
  readonly #held: Held;
  readonly #connections = new Set<Connection>();
  readonly #byClient = new Map<string, number>();
  readonly #loaded = loadWebSockets();
  #listener: Deno.TcpListener | undefined;
  #tls: Tls | null = null;
  #watch: CertificateWatch | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #webSockets: WebSockets | undefined;
  #nextPing = 0;
  #warnedAt = -Infinity;
  #closing = false;

  constructor(handler: RequestHandler, log: Log, options: FrontDoorOptions = {}) {
    this.#handler = handler;
    this.#log = log;
    this.#limits = parseLimits(options.limits ?? []);
    this.#files = options.tls ?? null;
    this.#compression = options.compression ?? true;
    this.#wsMessageBytesMax = options.wsMessageBytesMax ?? WS_MESSAGE_BYTES_MAX;
    const { held_mb } = this.#limits;
    this.#held = new Held(held_mb * 1024 * 1024, () => {
      this.#warn(`clients that do not go on make the node hold ${held_mb} MB: the oldest are cut`);
    });
    this.#proxies = new TrustedProxies(options.trustedProxies ?? []);
  }

  /** Connections that are open, WebSockets included. */
  get size(): number {
    return this.#connections.size;
  }

  /** Returns the port. Throws Deno.errors.AddrInUse when it is taken, and what `readCertificate` throws. */
  listen(address: { hostname: string; port: number }): number {
    if (this.#files !== null) this.#tls = this.#speakTls(this.#files);
    const listener = this.#listener = Deno.listen(address);
    this.#accept(listener);
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    return (listener.addr as Deno.NetAddr).port;
  }

  /** Takes nothing more, says 1001 to every WebSocket, lets answers under way leave, then ends what is left. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#watch?.close();
    this.#listener?.close();
    const until = performance.now() + HTTP_CLOSE_SECONDS * 1000;
    this.#webSockets?.closeAll();
    for (const connection of this.#connections) connection.closeIfIdle();
    while (this.size > 0 && performance.now() < until) await pause(10);
    for (const connection of this.#connections) connection.gone();
    this.#tls?.close();
    clearInterval(this.#timer);
    await this.#loaded;
  }

  #speakTls(files: CertificateFiles): Tls {
    const writeSeconds = this.#limits.write_seconds;
    const certificate = readCertificate(files);
    const tls = new Tls(certificate, { writeSeconds, now: () => performance.now() });
    this.#watch = new CertificateWatch(files, certificate, (fresh) => {
      tls.renew(fresh);
      this.#log.info("http-server: new connections get the new certificate");
    }, this.#log);
    return tls;
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    this.#webSockets ??= await this.#makeWebSockets();
    while (!this.#closing) {
      try {
        this.#taken(await listener.accept());
      } catch (error) {
        if (this.#closing) return;
        this.#warn(`cannot take a connection: ${(error as Error).message}`);
        await pause(PAUSE_MS);
      }
    }
  }

  async #makeWebSockets(): Promise<WebSockets> {
    const { WebSockets } = await this.#loaded;
    return new WebSockets({
      messageBytesMax: this.#wsMessageBytesMax,
      messageSeconds: this.#limits.body_seconds_total,
      held: this.#held,
      now: () => performance.now(),
    });
  }

  #taken(outer: Deno.TcpConn): void {
    const { hostname } = outer.remoteAddr as Deno.NetAddr;
    const client = this.#proxies.trusts(hostname) ? null : clientKey(hostname);
    const ofClient = client === null ? 0 : this.#byClient.get(client) ?? 0;
    const { connections, connections_per_address } = this.#limits;
    if (ofClient >= connections_per_address || this.size >= connections) {
      this.#warn(
        ofClient >= connections_per_address
          ? `${hostname} has ${ofClient} connections open: more are refused`
          : `${this.size} connections are open: more are refused`,
      );
      return turnAway(outer, this.#tls !== null);
    }
    if (!trySetOptions(outer)) return outer.close();
    if (client !== null) this.#byClient.set(client, ofClient + 1);
    this.#serve(outer).then(() => {
      if (client !== null) this.#left(client);
    });
  }

  /** Resolves when nothing of the connection is left. */
  async #serve(outer: Deno.TcpConn): Promise<void> {
    const link = this.#tls?.link(outer) ?? null;
    const conn: ClientConn = link ?? outer;
    const connection = new Connection(conn, this.#door());
    this.#connections.add(connection);
    await connection.serve(link === null ? Promise.resolve() : link.handshake());
    await link?.whenClosed;
    this.#connections.delete(connection);
  }

  #left(client: string): void {
    const count = this.#byClient.get(client)! - 1;
    if (count === 0) this.#byClient.delete(client);
    else this.#byClient.set(client, count);
  }

  #door() {
    const isClosing = () => this.#closing;
    return {
      scheme: this.#files === null ? "http" as const : "https" as const,
      limits: this.#limits,
      handler: this.#handler,
      proxies: this.#proxies,
      webSockets: this.#webSockets!,
      compression: this.#compression,
      held: this.#held,
      now: () => performance.now(),
      get closing() {
        return isClosing();
      },
    };
  }

  #look(): void {
    const now = performance.now();
    for (const connection of this.#connections) connection.look(now);
    if (now < this.#nextPing) return;
    this.#nextPing = now + this.#limits.ping_seconds * 1000;
    this.#webSockets?.pingAll();
  }

  /** At most one line in ten seconds: an attack must not fill the terminal. */
  #warn(text: string): void {
    const now = performance.now();
    if (now - this.#warnedAt < 10_000) return;
    this.#warnedAt = now;
    this.#log.warn(`http-server: ${text}`);
  }
}

function loadWebSockets(): Promise<typeof import("./websocket.ts")> {
  return import("./websocket.ts");
}

/** Says why, if that costs nothing: with TLS it would cost a handshake. */
function turnAway(conn: Deno.TcpConn, isTls: boolean): void {
  const said = isTls ? Promise.resolve() : conn.write(FULL);
  said.catch(() => {}).finally(() => conn.close());
}

/** False for a client that has gone already (macOS then knows no options). */
function trySetOptions(conn: Deno.TcpConn): boolean {
  try {
    // A peer that vanished without a word is found by the system, in hours.
    conn.setKeepAlive(true);
    conn.setNoDelay(true);
    return true;
  } catch {
    return false;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
