/**
 * Takes an `HttpCall` into the world and brings the answer back whole. As Kinode: redirects followed, no
 * cookies kept, bytes as the server sent them. What Deno's fetch adds and cannot be told to leave out:
 * `accept-language: *` and a `user-agent`, which is `kinode` unless the process says otherwise.
 */
import { CLIENT_BODY_BYTES_MAX, CLIENT_REDIRECTS_MAX } from "../../limits.ts";
import { incoming } from "./headers.ts";
import { findRedirect, type HttpCall, redirected } from "./http_call.ts";

export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

export class Fetcher {
  readonly #caCerts: string[];
  /** One pool of connections per HTTP version that was asked for. */
  readonly #clients = new Map<HttpCall["version"], Deno.HttpClient>();

  /** `caCerts`: PEM, trusted beside the system's. */
  constructor(caCerts: string[]) {
    this.#caCerts = caCerts;
  }

  /** Throws what went wrong. `take` is told of every part of the body and may throw to end it. */
  async fetch(
    call: HttpCall,
    signal: AbortSignal,
    take: (bytes: number) => void,
  ): Promise<HttpAnswer> {
    for (let redirects = 0;; redirects++) {
      const response = await this.#fetch(call, signal);
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

  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  #fetch(call: HttpCall, signal: AbortSignal): Promise<Response> {
    const headers = new Map([["user-agent", "kinode"], ...call.headers]);
    headers.delete("accept-encoding");
    // "identity" first tells Deno to leave a compressed body alone (2.9: "fetcher_test.ts, gzip").
    const encodings = [["accept-encoding", "identity"]];
    const asked = call.headers.get("accept-encoding");
    if (asked !== undefined) encodings.push(["accept-encoding", asked]);
    return fetch(call.url, {
      method: call.method,
      headers: [...headers, ...encodings] as [string, string][],
      body: call.body as BodyInit | null,
      redirect: "manual",
      signal,
      client: this.#client(call.version),
    });
  }

  #client(version: HttpCall["version"]): Deno.HttpClient {
    let client = this.#clients.get(version);
    if (client === undefined) {
      client = Deno.createHttpClient({
        allowHost: true,
        http1: version !== "HTTP/2.0",
        http2: version !== "HTTP/1.1",
        caCerts: this.#caCerts,
      });
      this.#clients.set(version, client);
    }
    return client;
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
