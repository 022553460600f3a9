/**
 * Between Deno's fetch, which resolves names and connects by itself, and the Dialer, which checks first: a SOCKS5
 * proxy (RFC 1928, RFC 1929) on loopback.
 *
 *   fetch ─ TLS and HTTP, untouched ─► Tunnel ─► Dialer ─► server
 *
 * The user name is a secret that stands for a policy: who does not know it gets nothing. A connection that
 * is reused was checked for the same policy, as each policy has a pool of its own.
 */
import type { NetworkPolicy } from "../../protocol/network.ts";
import { Newest } from "../../protocol/newest.ts";
import { ByteReader, GrowingBytes } from "./byte_reader.ts";
import type { Dialer } from "./dialer.ts";
import { portOf } from "./http_call.ts";
import { CLIENT_POOLS_MAX, CLIENT_TUNNEL_GREETINGS_MAX, CLIENT_TUNNEL_SECONDS } from "./limits.ts";
import { plainHost } from "./policy.ts";
import { closeQuietly, writeAll } from "./ws_handshake.ts";

/** RFC 1928 §4. */
const CONNECT = 1;
const NAME = 3;
const PUMP_BYTES = 64 * 1024;
const SUCCEEDED = new Uint8Array([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
const NOT_ALLOWED = new Uint8Array([5, 2, 0, 1, 0, 0, 0, 0, 0, 0]);

interface Wish {
  secret: string;
  policy: NetworkPolicy;
  host: string;
  port: number;
}

export class Tunnel {
  readonly #dialer: Dialer;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #policies = new Map<string, NetworkPolicy>();
  readonly #open = new Set<Deno.Conn>();
  readonly #closing = new AbortController();
  /** Why the last attempt of a policy at a place failed; SOCKS has room for a number only. */
  readonly #failures = new Newest<string, unknown>(CLIENT_POOLS_MAX);
  readonly #accepting: Promise<void>;
  #greetings = 0;

  constructor(dialer: Dialer) {
    this.#dialer = dialer;
    this.#accepting = this.#accept();
  }

  /** What a client gives as its proxy to go where `policy` lets it; a secret. */
  urlFor(policy: NetworkPolicy): string {
    const secret = crypto.randomUUID();
    this.#policies.set(secret, policy);
    return `socks5h://${secret}:x@127.0.0.1:${this.#listener.addr.port}`;
  }

  /** Nobody goes through `proxy` any more. */
  forget(proxy: string): void {
    this.#policies.delete(new URL(proxy).username);
  }

  /** Why `proxy` was refused the last connection there that it was refused. */
  failureOf(proxy: string, url: URL): unknown {
    return this.#failures.get(placeOf(new URL(proxy).username, url.hostname, portOf(url)));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#listener.close();
    for (const connection of this.#open) closeQuietly(connection);
    await this.#accepting;
  }

  async #accept(): Promise<void> {
    const serving = new Set<Promise<void>>();
    for await (const connection of this.#listener) {
      // What breaks off here, fetch sees and reports.
      const served: Promise<void> = this.#serve(connection).catch(() => {}).finally(() =>
        serving.delete(served)
      );
      serving.add(served);
    }
    await Promise.all(serving);
  }

  async #serve(client: Deno.TcpConn): Promise<void> {
    using _ = this.#hold(client);
    client.setNoDelay(true);
    const reader = new ByteReader(client);
    const wish = await this.#greetInTime(client, reader);
    if (wish === null) return;
    // Who asked says nothing until it is answered: what is read now is the end of it.
    const first = reader.some(PUMP_BYTES);
    const server = await this.#connect(wish, first);
    if (server === null) return await writeAll(client, NOT_ALLOWED);
    using _server = this.#hold(server);
    await writeAll(client, SUCCEEDED);
    // When fetch lets go of it, for whatever reason, the server hears so at once.
    const answered = pump(server, client).then(() => client.closeWrite());
    answered.catch(() => closeQuietly(client));
    for (let part = await first; part !== null; part = await reader.some(PUMP_BYTES)) {
      await writeAll(server, part);
    }
  }

  /** `null`: it is not to be, and `failureOf` knows why. `unasked` settles if the asker goes. */
  async #connect(
    { secret, policy, host, port }: Wish,
    unasked: Promise<unknown>,
  ): Promise<Deno.TcpConn | null> {
    const gone = new AbortController();
    const leave = () => gone.abort();
    unasked.then(leave, leave);
    try {
      const signal = AbortSignal.any([this.#closing.signal, gone.signal]);
      return await this.#dialer.connect(policy, host, port, signal);
    } catch (error) {
      this.#failures.set(placeOf(secret, host, port), error);
      return null;
    }
  }

  /** Anybody on this machine can connect here: few may stand at the door, and not for long. */
  async #greetInTime(client: Deno.TcpConn, reader: ByteReader): Promise<Wish | null> {
    if (this.#greetings === CLIENT_TUNNEL_GREETINGS_MAX) return null;
    this.#greetings++;
    const timer = setTimeout(() => closeQuietly(client), CLIENT_TUNNEL_SECONDS * 1000);
    try {
      return await this.#greet(client, reader);
    } finally {
      clearTimeout(timer);
      this.#greetings--;
    }
  }

  /** SOCKS up to what is wished for; `null` if it is none of ours who asks. */
  async #greet(client: Deno.TcpConn, reader: ByteReader): Promise<Wish | null> {
    const [version, methods = 0] = await exactly(reader, 2);
    const offered = await exactly(reader, methods);
    if (version !== 5 || !offered.includes(2)) return null;
    await writeAll(client, new Uint8Array([5, 2]));
    const secret = text(await exactly(reader, (await exactly(reader, 2))[1]!));
    await exactly(reader, (await exactly(reader, 1))[0]!);
    const policy = this.#policies.get(secret);
    await writeAll(client, new Uint8Array([1, policy === undefined ? 1 : 0]));
    if (policy === undefined) return null;
    const [, command, , kind] = await exactly(reader, 4);
    // Only names come here: what a URL names by its address is checked and fetched without a tunnel.
    if (command !== CONNECT || kind !== NAME) return null;
    const host = text(await exactly(reader, (await exactly(reader, 1))[0]!));
    const [high = 0, low = 0] = await exactly(reader, 2);
    return { secret, policy, host, port: high << 8 | low };
  }

  #hold(connection: Deno.Conn): Disposable {
    this.#open.add(connection);
    return {
      [Symbol.dispose]: () => {
        this.#open.delete(connection);
        closeQuietly(connection);
      },
    };
  }
}

function placeOf(secret: string, host: string, port: number): string {
  return `${secret} ${plainHost(host)} ${port}`;
}

async function pump(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const storage = new Uint8Array(PUMP_BYTES);
  for (let length; (length = await from.read(storage)) !== null;) {
    await writeAll(to, storage.subarray(0, length));
  }
}

async function exactly(reader: ByteReader, length: number): Promise<Uint8Array> {
  const bytes = new GrowingBytes();
  if (!await reader.appendTo(bytes, length)) throw new Error("it broke off");
  return bytes.take();
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
