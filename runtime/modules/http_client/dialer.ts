/**
 * The one way from http_client to a server: a name is resolved once, each address is checked, and the connection
 * is made to the address that was checked. A name that means something else a moment later gains nothing.
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { CLIENT_CONNECT_SECONDS } from "../../limits.ts";
import type { NetworkPolicy } from "../../protocol/network.ts";
import { plainHost, refusal } from "./policy.ts";

/** All addresses of a name, the best first. */
export type Resolve = (name: string) => Promise<string[]>;

/** The policy of the process does not allow it. */
export class Refused extends Error {
  override name = "Refused";
}

export class Dialer {
  readonly #resolve: Resolve;

  constructor(resolve: Resolve = ofTheSystem) {
    this.#resolve = resolve;
  }

  /** Throws `Refused`, or why there is no connection. `signal` is its caller's to look at again afterwards. */
  async connect(
    policy: NetworkPolicy,
    host: string,
    port: number,
    signal?: AbortSignal,
  ): Promise<Deno.TcpConn> {
    const name = plainHost(host);
    const addresses = await this.#addressesOf(policy, name, port);
    signal?.throwIfAborted();
    let why: unknown = new Error(`failed to lookup address information: ${name} has no address`);
    let refused: string | null = null;
    for (const address of addresses) {
      const text = refusal(policy, { host: name, port, address });
      refused ??= text;
      if (text !== null) continue;
      try {
        return await connectTo(address, port, signal);
      } catch (error) {
        signal?.throwIfAborted();
        why = error;
      }
      refused = null;
    }
    throw refused === null ? why : new Refused(refused);
  }

  async #addressesOf(policy: NetworkPolicy, name: string, port: number): Promise<string[]> {
    if (isIP(name) !== 0) return [name];
    // What no address of it could allow is not even asked for: a question to a name server says something, too.
    const text = refusal(policy, { host: name, port, address: "192.0.2.1" });
    if (text !== null) throw new Refused(text.replace(" (192.0.2.1), a public address", ""));
    return await this.#resolve(name);
  }
}

async function ofTheSystem(name: string): Promise<string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch (cause) {
    const { code } = cause as { code?: string };
    throw new Error(`failed to lookup address information: ${name} is not known (${code})`, {
      cause,
    });
  }
}

async function connectTo(
  hostname: string,
  port: number,
  signal?: AbortSignal,
): Promise<Deno.TcpConn> {
  const late = new AbortController();
  const seconds = CLIENT_CONNECT_SECONDS;
  const timer = setTimeout(
    () => late.abort(new Error(`no connection to ${hostname} within ${seconds} s`)),
    seconds * 1000,
  );
  const either = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
  try {
    const connection = await Deno.connect({ hostname, port, signal: either });
    connection.setNoDelay(true);
    return connection;
  } catch (error) {
    throw late.signal.aborted ? late.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}
