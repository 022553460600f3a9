/**
 * The HTTP requests under way, per process: how many, how many bytes they hold, and who ends them. Each ends:
 * with an answer, an error, its time, or its process.
 */
import {
  CLIENT_BYTES_PER_PROCESS_MAX,
  CLIENT_ERROR_CHARS_MAX,
  CLIENT_REQUESTS_PER_PROCESS_MAX,
} from "../../limits.ts";
import { type Address, packageOf, processOf } from "../../protocol/address.ts";
import type { HttpClientError } from "../../protocol/http_client.ts";
import type { NetworkPolicy } from "../../protocol/network.ts";
import type { Connections } from "./connections.ts";
import type { Fetcher, HttpAnswer } from "./fetcher.ts";
import type { HttpCall } from "./http_call.ts";
import { Pace } from "./pace.ts";

/** A request that counts. */
export interface Held {
  /** Where it may go. */
  policy: NetworkPolicy;
  /** Aborted when its time is over, its process ended, or `abort` was called. */
  signal: AbortSignal;
  abort(reason: Error): void;
  /** Resolves when there is room for one more connection; rejects as `signal` does. */
  admitted(): Promise<void>;
  /** Its time is over so many seconds from now; `null`: never. */
  setTime(seconds: number | null, why?: string): void;
  /** Counts bytes that are held for it; throws when it is too many. */
  take(bytes: number): void;
  release(): void;
}

export interface RequestsOptions {
  fetcher: Fetcher;
  policyOf(process: Address): NetworkPolicy;
  connections: Connections;
}

interface Account {
  underWay: Set<AbortController>;
  bytes: number;
}

/** Why a request ended that nobody is to hear of. */
export const ENDED = new Error("the process ended");
/** The longest that setTimeout takes. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export class Requests {
  readonly #fetcher: Fetcher;
  readonly #policyOf: (process: Address) => NetworkPolicy;
  readonly #connections: Connections;
  readonly #pace = new Pace();
  readonly #accounts = new Map<Address, Account>();

  constructor({ fetcher, policyOf, connections }: RequestsOptions) {
    this.#fetcher = fetcher;
    this.#policyOf = policyOf;
    this.#connections = connections;
  }

  /** `null` if the process ended meanwhile: then there is nobody to answer. */
  async run(
    owner: Address,
    call: HttpCall,
    seconds: number,
  ): Promise<HttpAnswer | { Err: HttpClientError } | null> {
    const held = this.begin(owner, seconds);
    if ("Err" in held) return held;
    const { signal, policy, take } = held;
    try {
      take(call.body instanceof Uint8Array ? call.body.length : 0);
      await held.admitted();
      const answer = await this.#fetcher.fetch(call, signal, { policy, take });
      return signal.reason === ENDED ? null : answer;
    } catch (error) {
      return signal.reason === ENDED ? null : failed(explain(error));
    } finally {
      held.release();
    }
  }

  /** Counts one more until it is released. */
  begin(owner: Address, seconds: number): Held | { Err: HttpClientError } {
    const account = this.#account(owner);
    if (account.underWay.size >= CLIENT_REQUESTS_PER_PROCESS_MAX) {
      return failed(`${CLIENT_REQUESTS_PER_PROCESS_MAX} requests of this process are under way`);
    }
    const controller = new AbortController();
    account.underWay.add(controller);
    let timer: ReturnType<typeof setTimeout> | undefined;
    let bytes = 0;
    const { signal } = controller;
    const connection = this.#connectionOf(owner, signal);
    const held: Held = {
      policy: this.#policyOf(owner),
      signal,
      admitted: connection.take,
      abort: (reason) => controller.abort(reason),
      setTime: (seconds, why = `no answer within ${seconds} s`) => {
        clearTimeout(timer);
        if (seconds === null) return;
        const late = () => controller.abort(new Error(why + connection.whyLate()));
        timer = setTimeout(late, Math.min(seconds * 1000, TIMER_MS_MAX));
      },
      take: (more) => {
        bytes += more;
        account.bytes += more;
        if (account.bytes > CLIENT_BYTES_PER_PROCESS_MAX) throw new RangeError(TOO_MANY_BYTES);
      },
      release: () => {
        clearTimeout(timer);
        if (!account.underWay.delete(controller)) return;
        account.bytes -= bytes;
        connection.release();
        if (account.underWay.size === 0) this.#forget(owner, account);
      },
    };
    held.setTime(seconds);
    return held;
  }

  /** Ends every request of `owner`, silently. */
  end(owner: Address): void {
    const account = this.#accounts.get(owner);
    if (account === undefined) return;
    this.#forget(owner, account);
    for (const controller of account.underWay) controller.abort(ENDED);
  }

  async close(): Promise<void> {
    for (const owner of [...this.#accounts.keys()]) this.end(owner);
    await this.#fetcher.close();
  }

  /** One connection, from when it is taken to when it is released. */
  #connectionOf(owner: Address, signal: AbortSignal) {
    const connections = this.#connections;
    const pace = this.#pace;
    const key = packageOf(processOf(owner));
    let state: "new" | "waits" | "taken" | "over" = "new";
    return {
      async take() {
        state = "waits";
        await connections.take(key, signal);
        if (state !== "waits") return connections.release(key);
        state = "taken";
        await pace.turn(key);
      },
      whyLate: () =>
        state === "waits"
          ? `: it waited for its turn, a package has ${connections.packageMax} connections at most`
          : "",
      release() {
        if (state === "taken") connections.release(key);
        state = "over";
      },
    };
  }

  #account(owner: Address): Account {
    let account = this.#accounts.get(owner);
    if (account === undefined) {
      account = { underWay: new Set(), bytes: 0 };
      this.#accounts.set(owner, account);
    }
    return account;
  }

  /** Unless the process came back meanwhile and has another one. */
  #forget(owner: Address, account: Account): void {
    if (this.#accounts.get(owner) === account) this.#accounts.delete(owner);
  }
}

const TOO_MANY_BYTES =
  `the requests of this process hold more than ${CLIENT_BYTES_PER_PROCESS_MAX} bytes together`;

export function failed(text: string): { Err: HttpClientError } {
  return { Err: { ExecuteRequestFailed: text } };
}

/** An error and what caused it, in one line. Deno says the same thing at both ends of its chain. */
export function explain(error: unknown): string {
  let text = "";
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; depth++) {
    if (cause.message !== "fetch failed" && !text.includes(cause.message)) {
      text += (text === "" ? "" : ": ") + cause.message;
    }
    cause = cause.cause;
  }
  return (text || String(error)).slice(0, CLIENT_ERROR_CHARS_MAX);
}
