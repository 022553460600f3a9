/**
 * Takes an `HttpCall` into the world and brings the answer back whole. As Kinode: redirects followed, no
 * cookies kept, bytes as the server sent them. What Deno's fetch adds and cannot be told to leave out:
 * `accept-language: *` and a `user-agent`, which is `kinode` unless the process says otherwise.
 */
import { CLIENT_BODY_BYTES_MAX, CLIENT_POOLS_MAX, CLIENT_REDIRECTS_MAX } from "../../limits.ts";
import type { NetworkPolicy } from "../../protocol/network.ts";
import type { Dialer } from "./dialer.ts";
import { incoming } from "./headers.ts";
import { findRedirect, type HttpCall, redirected } from "./http_call.ts";
import { Tunnel } from "./tunnel.ts";

export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

export class Fetcher {
  readonly #caCerts: string[];
  readonly #dialer: Dialer;
  /** Per policy and HTTP version that was asked for. */
  readonly #pools = new Map<string, Pool>();
  #tunnel: Tunnel | null = null;

  /** `caCerts`: PEM, trusted beside the system's. */
  constructor(caCerts: string[], dialer: Dialer) {
    this.#caCerts = caCerts;
    this.#dialer = dialer;
  }

  /** Throws what went wrong. `take` is told of every part of the body and may throw to end it. */
  async fetch(
    call: HttpCall,
    signal: AbortSignal,
    { policy, take }: { policy: NetworkPolicy; take(bytes: number): void },
  ): Promise<HttpAnswer> {
    const pool = this.#pool(policy, call.version);
    for (let redirects = 0;; redirects++) {
      const response = await this.#fetch(call, pool, signal);
      const next = findRedirect(call.url, response);
      if (next === null) {
        const body = await readBody(response, take);
        return { status: response.status, headers: incoming(response.headers), body };
      }
      await response.body?.cancel();
      if (redirects === CLIENT_REDIRECTS_MAX) {
        throw new RangeError(`more than ${CLIENT_REDIRECTS_MAX} redirects, the last to ${next}`);
      }
      call = redirected(call, response.status, next);
    }
  }

  async close(): Promise<void> {
    for (const { client } of this.#pools.values()) client.close();
    this.#pools.clear();
    await this.#tunnel?.close();
  }

  async #fetch(call: HttpCall, { client, proxy }: Pool, signal: AbortSignal): Promise<Response> {
    const headers = new Map([["user-agent", "kinode"], ...call.headers]);
    headers.delete("accept-encoding");
    // "identity" first tells Deno to leave a compressed body alone (2.9: "fetcher_test.ts, gzip").
    const encodings = [["accept-encoding", "identity"]];
    const asked = call.headers.get("accept-encoding");
    if (asked !== undefined) encodings.push(["accept-encoding", asked]);
    const answer = fetch(call.url, {
      method: call.method,
      headers: [...headers, ...encodings] as [string, string][],
      body: call.body as BodyInit | null,
      redirect: "manual",
      signal,
      client,
    });
    return await answer.catch((error: Error) => {
      // Deno knows only that its proxy refused.
      const about = `${error.message} ${(error.cause as Error | undefined)?.message}`;
      throw (about.includes("(Connect)") ? this.#tunnel?.failureOf(proxy, call.url) : null) ??
        error;
    });
  }

  #pool(policy: NetworkPolicy, version: HttpCall["version"]): Pool {
    const key = JSON.stringify([policy, version]);
    let pool = this.#pools.get(key);
    if (pool !== undefined) return pool;
    for (const [oldest, { client }] of this.#pools) {
      if (this.#pools.size < CLIENT_POOLS_MAX) break;
      client.close();
      this.#pools.delete(oldest);
    }
    this.#tunnel ??= new Tunnel(this.#dialer);
    const proxy = this.#tunnel.urlFor(policy);
    const options = {
      allowHost: true,
      http1: version !== "HTTP/2.0",
      http2: version !== "HTTP/1.1",
      caCerts: this.#caCerts,
      proxy: { url: proxy },
    };
    pool = { client: withoutExceptions(() => Deno.createHttpClient(options)), proxy };
    this.#pools.set(key, pool);
    return pool;
  }
}

/** Connections that were checked by one policy. */
interface Pool {
  client: Deno.HttpClient;
  /** The door of the tunnel that it takes. */
  proxy: string;
}

/** A client reads in the environment, when it is made, what it may pass its proxy by for. Ours may not. */
function withoutExceptions<T>(make: () => T): T {
  const names = ["NO_PROXY", "no_proxy"];
  const before = names.map((name) => [name, Deno.env.get(name)] as const);
  for (const name of names) Deno.env.delete(name);
  try {
    return make();
  } finally {
    for (const [name, value] of before) if (value !== undefined) Deno.env.set(name, value);
  }
}

async function readBody(response: Response, take: (bytes: number) => void): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > CLIENT_BODY_BYTES_MAX) {
      throw new RangeError(`the response body is larger than ${CLIENT_BODY_BYTES_MAX} bytes`);
    }
    take(part.length);
    parts.push(part);
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.length;
  }
  return body;
}
