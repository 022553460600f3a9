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
        automaticCompression: false,
        onListen() {},
        onError: (error) => this.#failed(error),
      } as Deno.ServeTcpOptions,
      (request, info) => this.#handle(request, info.remoteAddr),
    );
    return this.#server.addr.port;
  }

  /**
   * Takes no more requests, says 1001 to every WebSocket (Deno does), lets answers under way leave. A client
   * that stalls is not waited for: the end of the binary closes its connection.
   */
  async close(): Promise<void> {
    if (this.#server === undefined) return;
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, HTTP_CLOSE_SECONDS * 1000);
    await Promise.race([this.#server.shutdown(), late.promise]);
    clearTimeout(timer);
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
    const length = parts.head.contentLength;
    // Deno gives no body with GET and HEAD. Asking for request.body makes a stream: only where one is needed.
    if (parts.method === "GET" || parts.method === "HEAD" || length === "0") {
      return this.#forward(request, parts, EMPTY);
    }
    if (length !== null && Number(length) > HTTP_BODY_BYTES_MAX) return tooLarge();
    return this.#readThenForward(request, parts);
  }

  async #readThenForward(request: Request, parts: HttpRequestParts): Promise<Response> {
    const body = await this.#readBody(request, parts.head.contentLength);
    return body instanceof Response ? body : this.#forward(request, parts, body);
  }

  #forward(incoming: Request, parts: HttpRequestParts, bytes: Uint8Array) {
    const { pending, send } = this.#options;
    if (pending.size >= HTTP_PENDING_MAX) {
      return overloaded("requests wait for their processes");
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
  async #readBody(request: Request, contentLength: string | null): Promise<Uint8Array | Response> {
    const announced = Number(contentLength ?? 0);
    const arriving = { bytes: 0 };
    try {
      if (!this.#mayArrive(arriving, announced)) return overloaded("request bodies arrive");
      // 30 µs less than the stream. Deno holds the client to the length that it announced.
      if (announced > 0) return await request.bytes();
      const chunks: Uint8Array[] = [];
      // Leaving this loop cancels the stream.
      for await (const chunk of request.body ?? []) {
        if (!this.#mayArrive(arriving, chunk.length)) return overloaded("request bodies arrive");
        if (arriving.bytes > HTTP_BODY_BYTES_MAX) return tooLarge();
        chunks.push(chunk);
      }
      return concat(chunks, arriving.bytes);
    } catch {
      return textResponse(400, "the request body ended early"); // Its client is gone, mostly.
    } finally {
      this.#arrivingBytes -= arriving.bytes;
    }
  }

  #mayArrive(arriving: { bytes: number }, bytes: number): boolean {
    arriving.bytes += bytes;
    this.#arrivingBytes += bytes;
    return this.#arrivingBytes <= HTTP_ARRIVING_BYTES_MAX;
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
    if (channels.full) return overloaded("websockets are open");
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

function overloaded(what: string): Response {
  return textResponse(503, `overloaded: too many ${what}`);
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
