/**
 * The HTTP listener (spec/http.md §2.3-§2.5, §3.1-§3.3): one request in, one answer out.
 *
 *   client ─► Deno.serve ─► #handle ─┬─► WebSocket upgrade ─► Channels
 *                                    ├─► 404, 401, 403, static content
 *                                    └─► body ─► send({"Http":…}) ─► process
 *   client ◄─ Response ◄─ PendingRequests.answer() ◄─ HttpServer.deliver() ◄─┘
 */
import {
  HTTP_ARRIVING_BYTES_MAX,
  HTTP_BODY_BYTES_MAX,
  HTTP_CLOSE_SECONDS,
  HTTP_PENDING_MAX,
  HTTP_RESPONSE_SECONDS,
} from "../../limits.ts";
import type { Log } from "../../log.ts";
import { processOf } from "../../protocol/address.ts";
import { type KernelMessage, randomId, request } from "../../protocol/message.ts";
import { type Bindings, normalize, ownPath } from "./bindings.ts";
import type { Channels } from "./channels.ts";
import {
  Head,
  httpRequestJson,
  type HttpRequestParts,
  isLoopback,
  type RequestTarget,
  tryParseTarget,
} from "./incoming.ts";
import { emptyResponse, staticResponse, textResponse } from "./outgoing.ts";
import type { PendingRequests } from "./pending.ts";

export interface ListenerOptions {
  bindings: Bindings;
  channels: Channels;
  pending: PendingRequests;
  send(message: KernelMessage): void;
  log: Log;
}

const EMPTY = new Uint8Array(0);

/** Until there is a login (a later part of the server), nothing behind one is shown to anybody. */
const LOGIN_NEEDED = "this path needs a login, and this node has no login yet: " +
  "bind it with `authenticated: false` if anybody may see it";

export class Listener {
  readonly #options: ListenerOptions;
  readonly #stop = new AbortController();
  #server: Deno.HttpServer<Deno.NetAddr> | undefined;
  #arrivingBytes = 0;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** Returns the port. Throws Deno.errors.AddrInUse when it is taken. */
  listen({ hostname, port }: { hostname: string; port: number }): number {
    this.#server = Deno.serve(
      {
        hostname,
        port,
        signal: this.#stop.signal,
        automaticCompression: false,
        onListen() {},
        onError: (error) => this.#failed(error),
      } as Deno.ServeTcpOptions,
      (request, info) => this.#handle(request, info.remoteAddr),
    );
    return this.#server.addr.port;
  }

  /** Lets answers under way leave, then cuts what is still open. */
  async close(): Promise<void> {
    if (this.#server === undefined) return;
    const cut = setTimeout(() => this.#stop.abort(), HTTP_CLOSE_SECONDS * 1000);
    await this.#server.shutdown();
    clearTimeout(cut);
  }

  #handle(request: Request, peer: Deno.NetAddr): Response | Promise<Response> {
    const head = new Head(request.headers);
    const target = tryParseTarget(request.url, head.host);
    if (target === null) return textResponse(400, 'Invalid request header "host"');
    if (head.upgrade !== "") {
      const upgraded = this.#tryUpgrade(request, head, target, peer);
      if (upgraded !== null) return upgraded;
    }
    const match = this.#options.bindings.findHttp(target.path);
    if (match === undefined) return emptyResponse(404);
    const { authenticated, local_only, content } = match.value;
    if (authenticated) return textResponse(401, LOGIN_NEEDED);
    if (local_only && !isLocal(peer, head)) return emptyResponse(403);
    const method = request.method;
    if (content !== null && method === "GET") return staticResponse(content);
    return this.#toProcess(request, { method, peer, head, target, match });
  }

  #toProcess(request: Request, parts: HttpRequestParts): Response | Promise<Response> {
    // Deno gives no body with GET and HEAD; without a length there may be one all the same.
    const hasBody = request.body !== null && parts.head.contentLength !== "0";
    if (!hasBody) return this.#forward(request, parts, EMPTY);
    const length = Number(parts.head.contentLength ?? 0);
    if (length > HTTP_BODY_BYTES_MAX) return tooLarge();
    return this.#readThenForward(request, parts);
  }

  async #readThenForward(request: Request, parts: HttpRequestParts): Promise<Response> {
    const body = await this.#readBody(request);
    return body instanceof Response ? body : this.#forward(request, parts, body);
  }

  #forward(incoming: Request, parts: HttpRequestParts, bytes: Uint8Array) {
    const { pending, send } = this.#options;
    if (pending.size >= HTTP_PENDING_MAX) {
      return textResponse(503, "overloaded: too many requests wait for their processes");
    }
    const { app, boundAs } = parts.match.value;
    const id = randomId();
    const response = pending.add(id, incoming);
    send(request(boundAs, app, httpRequestJson(parts), {
      id,
      expects_response: HTTP_RESPONSE_SECONDS,
      lazy_load_blob: { mime: null, bytes },
    }));
    return response;
  }

  /** The whole body, or the answer to give instead. What arrives is counted, for all requests together. */
  async #readBody(request: Request): Promise<Uint8Array | Response> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    try {
      // Leaving this loop cancels the stream.
      for await (const chunk of request.body!) {
        size += chunk.length;
        this.#arrivingBytes += chunk.length;
        if (size > HTTP_BODY_BYTES_MAX) return tooLarge();
        if (this.#arrivingBytes > HTTP_ARRIVING_BYTES_MAX) {
          return textResponse(503, "overloaded: too many request bodies are arriving");
        }
        chunks.push(chunk);
      }
    } catch {
      return textResponse(400, "the request body ended early"); // Its client is gone, mostly.
    } finally {
      this.#arrivingBytes -= size;
    }
    return chunks.length === 1 ? chunks[0]! : concat(chunks, size);
  }

  /** Null when this is no WebSocket handshake that we take: then it is an HTTP request like any other (§3.3). */
  #tryUpgrade(
    request: Request,
    head: Head,
    target: RequestTarget,
    peer: Deno.NetAddr,
  ): Response | null {
    const { bindings, channels } = this.#options;
    if (head.upgrade.toLowerCase() !== "websocket" || head.wsVersion !== "13") return null;
    const binding = bindings.findWs(target.path)?.value;
    if (binding === undefined) return null;
    if (binding.authenticated) return textResponse(401, LOGIN_NEEDED);
    if (binding.extension && !isLocal(peer, head)) return null;
    if (channels.full) return textResponse(503, "overloaded: too many open websockets");
    const upgraded = tryUpgradeWebSocket(request);
    if (upgraded === null) return null;
    const path = ownPath(processOf(binding.app), normalize(target.path));
    channels.add(upgraded.socket, binding, path);
    return upgraded.response;
  }

  #failed(error: unknown): Response {
    this.#options.log.warn(`http-server: a request failed within the server: ${error}`);
    return emptyResponse(500);
  }
}

function tooLarge(): Response {
  return textResponse(413, `the request body is larger than ${HTTP_BODY_BYTES_MAX} bytes`);
}

function isLocal(peer: Deno.NetAddr, head: Head): boolean {
  return isLoopback(peer) && !head.forwarded;
}

/** Null when the request lacks what RFC 6455 asks of a handshake. */
function tryUpgradeWebSocket(request: Request): Deno.WebSocketUpgrade | null {
  try {
    // Kinode closes no idle socket; Deno's default is 120 s.
    return Deno.upgradeWebSocket(request, { idleTimeout: 0 });
  } catch {
    return null;
  }
}

function concat(chunks: Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
