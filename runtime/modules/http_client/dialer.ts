/**
 * The one way from http_client to a server: a name is resolved once, each address is checked, and the connection
 * is made to the address that was checked. A name that means something else a moment later gains nothing.
 */
import process from "node:process";
import { tryParseAddress } from "../../protocol/ip_address.ts";
import type { NetworkPolicy } from "../../protocol/network.ts";
import { CLIENT_CONNECT_SECONDS, CLIENT_HEAD_START_MS, CLIENT_LOOKUPS_MAX } from "./limits.ts";
import { plainHost, refusal, refusalOfName } from "./policy.ts";
import { AtATime } from "../../protocol/at_a_time.ts";

/** All addresses of a name, the best first. */
export type Resolve = (name: string) => Promise<string[]>;

/** The policy of the process does not allow it. */
export class Refused extends Error {
  override name = "Refused";
}

export class Dialer {
  readonly #resolve: Resolve;
  /** The system resolves on threads that the whole node shares. */
  readonly #lookups = new AtATime(CLIENT_LOOKUPS_MAX);

  constructor(resolve: Resolve = ofTheSystem) {
    this.#resolve = resolve;
  }

  /** Throws `Refused`, or why there is no connection, or the reason of `signal`. */
  async connect(
    policy: NetworkPolicy,
    host: string,
    port: number,
    signal: AbortSignal,
  ): Promise<Deno.TcpConn> {
    signal.throwIfAborted();
    const name = plainHost(host);
    const addresses = await orAborted(this.#addressesOf(policy, name, port), signal);
    const allowed: string[] = [];
    let refused = "";
    for (const address of addresses) {
      const text = refusal(policy, { host: name, port, address });
      if (text === null) allowed.push(address);
      else refused ||= text;
    }
    if (allowed.length > 0) return await connectToFirst(allowed, port, signal);
    throw refused === ""
      ? new Error(`failed to lookup address information: ${name} has no address`)
      : new Refused(refused);
  }

  async #addressesOf(policy: NetworkPolicy, name: string, port: number): Promise<string[]> {
    if (tryParseAddress(name) !== null) return [name];
    // What no address of it could allow is not even asked for: a question to a name server says something, too.
    const text = refusalOfName(policy, name, port);
    if (text !== null) throw new Refused(text);
    return await this.#lookups.take(() => this.#resolve(name));
  }
}

async function ofTheSystem(name: string): Promise<string[]> {
  // Deno 2.4 warns of a module of its own that node:dns uses.
  Object.assign(process, { noDeprecation: true });
  const { lookup } = await import("node:dns/promises");
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch (error) {
    const { code } = error as { code?: string };
    throw new Error(`failed to lookup address information: ${name} is not known (${code})`);
  }
}

/** The first that accepts. An address that says nothing for a moment is not waited for (RFC 8305 §5). */
async function connectToFirst(
  addresses: string[],
  port: number,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  const attempts: Promise<Deno.TcpConn>[] = [];
  for (const address of addresses) {
    const before = attempts.at(-1);
    const turn = before === undefined ? Promise.resolve() : failureOrDelay(before, either);
    attempts.push(turn.then(() => connectTo(address, port, either)));
  }
  try {
    return await Promise.any(attempts);
  } catch (error) {
    signal.throwIfAborted();
    throw (error as AggregateError).errors[0];
  } finally {
    done.abort();
    // Two may have connected in the same moment.
    const winner = await Promise.any(attempts).catch(() => null);
    for (const attempt of attempts) {
      attempt.then((other) => other === winner || other.close(), () => {});
    }
  }
}

function failureOrDelay(before: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const next = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", next);
      resolve();
    };
    const timer = setTimeout(next, CLIENT_HEAD_START_MS);
    signal.addEventListener("abort", next);
    before.catch(next);
  });
}

async function connectTo(
  hostname: string,
  port: number,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  signal.throwIfAborted();
  const late = new AbortController();
  const seconds = CLIENT_CONNECT_SECONDS;
  const timer = setTimeout(
    () => late.abort(new Error(`no connection to ${hostname} within ${seconds} s`)),
    seconds * 1000,
  );
  try {
    const either = AbortSignal.any([signal, late.signal]);
    const connection = await Deno.connect({ hostname, port, signal: either });
    connection.setNoDelay(true);
    return connection;
  } catch (error) {
    throw late.signal.aborted ? late.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}

/** What still resolves then is for nobody. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort);
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
