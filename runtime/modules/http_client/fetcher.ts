/**
 * Takes an `HttpCall` into the world and brings the answer back whole. As Kinode: redirects followed, no
 * cookies kept, bytes as the server sent them. What Deno's fetch adds and cannot be told to leave out:
 * `accept-language: *` and a `user-agent`, which is `kinode` unless the process says otherwise.
 */
import { CLIENT_BODY_BYTES_MAX, CLIENT_REDIRECTS_MAX } from "../../limits.ts";
import type { NetworkPolicy } from "../../protocol/network.ts";
import { concat } from "../../protocol/body_reader.ts";
import { tryParseAddress } from "../../protocol/ip_address.ts";
import { type Dialer, Refused } from "./dialer.ts";
import { incoming } from "./headers.ts";
import { findRedirect, type HttpCall, portOf, redirected } from "./http_call.ts";
import { CLIENT_IDLE_PER_HOST_MAX, CLIENT_IDLE_SECONDS, CLIENT_POOLS_MAX } from "./limits.ts";
import { plainHost, refusal, refusalOfPath } from "./policy.ts";
import { Tunnel } from "./tunnel.ts";

export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

export interface OpenOptions {
  policy: NetworkPolicy;
  redirect: "follow" | "manual" | "error";
  raw: boolean;
}

export interface Opened {
  response: Response;
  /** After redirects. */
  url: URL;
  redirected: boolean;
}

export class Fetcher {
  readonly #caCerts: string[];
  readonly #dialer: Dialer;
  readonly #bodyBytesMax: number;
  /** Per policy and HTTP version that was asked for. */
  readonly #pools = new Map<string, Pool>();
  #tunnel: Tunnel | null = null;

  /** `caCerts`: PEM, trusted beside the system's. `bodyBytesMax`: of an answer that is taken whole. */
  constructor(caCerts: string[], dialer: Dialer, bodyBytesMax = CLIENT_BODY_BYTES_MAX) {
    this.#bodyBytesMax = bodyBytesMax;
    this.#caCerts = caCerts;
    this.#dialer = dialer;
  }

  /** Throws what went wrong. `take` is told of every part of the body and may throw to end it. */
  async fetch(
    call: HttpCall,
    signal: AbortSignal,
    { policy, take }: { policy: NetworkPolicy; take(bytes: number): void },
  ): Promise<HttpAnswer> {
    const { response } = await this.open(call, signal, { policy, redirect: "follow", raw: true });
    const body = await readBody(response, this.#bodyBytesMax, take);
    return { status: response.status, headers: incoming(response.headers), body };
  }

  /** As far as the head of the answer. `raw`: a compressed body stays so. */
  async open(call: HttpCall, signal: AbortSignal, options: OpenOptions): Promise<Opened> {
    const { policy, redirect, raw } = options;
    for (let redirects = 0;; redirects++) {
      const refused = refusalOfPath(call.url);
      if (refused !== null) throw new Refused(refused);
      const response = await this.#fetch(call, this.#poolFor(call, policy), signal, raw);
      const next = redirect === "manual" ? null : findRedirect(call.url, response);
      if (next === null) return { response, url: call.url, redirected: redirects > 0 };
      await response.body?.cancel();
      if (redirect === "error") throw new TypeError(`redirected to ${next}, and it may not be`);
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

  async #fetch(
    call: HttpCall,
    { client, proxy }: Pool,
    signal: AbortSignal,
    raw: boolean,
  ): Promise<Response> {
    const headers = new Map([["user-agent", "kinode"], ...call.headers]);
    headers.delete("accept-encoding");
    // "identity" first tells Deno to leave a compressed body alone (2.9: "fetcher_test.ts, gzip").
    const encodings = raw ? [["accept-encoding", "identity"]] : []; // As in browsers not the caller's to say.
    const asked = call.headers.get("accept-encoding");
    if (raw && asked !== undefined) encodings.push(["accept-encoding", asked]);
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
      const refused = proxy !== null && about.includes("not allowed by ruleset");
      throw (refused ? this.#tunnel?.failureOf(proxy, call.url) : null) ?? error;
    });
  }

  /** What is named by its address is checked here and needs no tunnel, which halves what a core can do. */
  #poolFor({ url, version }: HttpCall, policy: NetworkPolicy): Pool {
    const address = plainHost(url.hostname);
    if (tryParseAddress(address) === null) return this.#pool(policy, version);
    const refused = refusal(policy, { host: address, port: portOf(url), address });
    if (refused !== null) throw new Refused(refused);
    return this.#pool(null, version);
  }

  /** `policy` `null`: connections straight to where a URL says. */
  #pool(policy: NetworkPolicy | null, version: HttpCall["version"]): Pool {
    const key = JSON.stringify([policy, version]);
    let pool = this.#pools.get(key);
    if (pool !== undefined) return pool;
    for (const [oldest, { client, proxy }] of this.#pools) {
      if (this.#pools.size < CLIENT_POOLS_MAX) break;
      client.close();
      if (proxy !== null) this.#tunnel?.forget(proxy);
      this.#pools.delete(oldest);
    }
    const proxy = policy === null ? null : this.#tunnelFor(policy);
    const options = {
      allowHost: true,
      poolMaxIdlePerHost: CLIENT_IDLE_PER_HOST_MAX,
      poolIdleTimeout: CLIENT_IDLE_SECONDS * 1000,
      http1: version !== "HTTP/2.0",
      http2: version !== "HTTP/1.1",
      caCerts: this.#caCerts,
      ...(proxy === null ? {} : { proxy: { url: proxy } }),
    };
    pool = { client: withoutProxies(() => Deno.createHttpClient(options)), proxy };
    this.#pools.set(key, pool);
    return pool;
  }

  #tunnelFor(policy: NetworkPolicy): string {
    this.#tunnel ??= new Tunnel(this.#dialer);
    return this.#tunnel.urlFor(policy);
  }
}

/** Connections that were checked by one policy. */
interface Pool {
  client: Deno.HttpClient;
  /** The door of the tunnel that it takes; `null`: none. */
  proxy: string | null;
}

/** A client reads in the environment, when it is made, what proxy to take and for whom to take none. Ours may not. */
function withoutProxies<T>(make: () => T): T {
  const names = ["NO_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
  const both = [...names, ...names.map((name) => name.toLowerCase())];
  const before = both.map((name) => [name, Deno.env.get(name)] as const);
  for (const name of both) Deno.env.delete(name);
  try {
    return make();
  } finally {
    for (const [name, value] of before) if (value !== undefined) Deno.env.set(name, value);
  }
}

async function readBody(
  response: Response,
  bytesMax: number,
  take: (bytes: number) => void,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > bytesMax) {
      throw new RangeError(`the response body is larger than ${bytesMax} bytes (--client-body-mb)`);
    }
    take(part.length);
    parts.push(part);
  }
  return concat(parts, length);
}
