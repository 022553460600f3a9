/**
 * One request in, one answer out (spec/http.md §2.3-§2.5, §3.1-§3.3), whoever listens:
 *
 *   listener ─► handle ─┬─► WebSocket upgrade ─► Channels
 *                       ├─► 404, 401, 403, static content
 *                       └─► body ─► send({"Http":…}) ─► process
 *   listener ◄─ Response ◄─ PendingRequests.answer() ◄─ HttpServer.deliver() ◄─┘
 */
import { HTTP_BODY_BYTES_MAX, HTTP_PENDING_MAX, HTTP_RESPONSE_SECONDS } from "../../limits.ts";
import type { Log } from "../../log.ts";
import { processOf } from "../../protocol/address.ts";
import { type KernelMessage, randomId, request } from "../../protocol/message.ts";
import { type Bindings, normalize, ownPath } from "./bindings.ts";
import { ArrivingBodies, tooLarge } from "./bodies.ts";
import type { Channels } from "./channels.ts";
import {
  Head,
  httpRequestJson,
  type HttpRequestParts,
  isLoopback,
  type Peer,
  type RequestTarget,
  tryParseTarget,
} from "./incoming.ts";
import { emptyResponse, overloaded, staticResponse, textResponse } from "./outgoing.ts";
import type { PendingRequests } from "./pending.ts";

/**
 * What a listener hands over: a Request, or as much of one. `url` is scheme, `://`, the Host header as it came,
 * and the path and query as they came; none of it is trusted.
 */
export type IncomingRequest = Pick<
  Request,
  "url" | "method" | "headers" | "body" | "bytes" | "signal"
>;

/** Takes the WebSocket handshake of a request; null when it lacks what RFC 6455 asks for. */
export type Upgrade<R> = (request: R) => { socket: WebSocket; response: Response } | null;

export interface HandlerOptions {
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

export class RequestHandler {
  readonly #options: HandlerOptions;
  readonly #bodies = new ArrivingBodies();

  constructor(options: HandlerOptions) {
    this.#options = options;
  }

  /** Throws only for a fault of our own: answer what it throws with `failed`. */
  handle<R extends IncomingRequest>(
    request: R,
    peer: Peer,
    upgrade: Upgrade<R>,
  ): Response | Promise<Response> {
    const head = new Head(request.headers);
    const target = tryParseTarget(request.url, head.host);
    if (target === null) return textResponse(400, 'Invalid request header "host"');
    if (head.upgrade !== "") {
      const upgraded = this.#tryUpgrade(head, target, peer, () => upgrade(request));
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

  /** The answer to a request that `handle` threw at. */
  failed(error: unknown): Response {
    this.#options.log.warn(`http-server: a request failed within the server: ${error}`);
    return emptyResponse(500);
  }

  #toProcess(request: IncomingRequest, parts: HttpRequestParts): Response | Promise<Response> {
    const length = parts.head.contentLength;
    // Deno gives no body with GET and HEAD. Asking for request.body makes a stream: only where one is needed.
    if (parts.method === "GET" || parts.method === "HEAD" || length === "0") {
      return this.#forward(request, parts, EMPTY);
    }
    if (length !== null && Number(length) > HTTP_BODY_BYTES_MAX) return tooLarge();
    return this.#readThenForward(request, parts);
  }

  async #readThenForward(request: IncomingRequest, parts: HttpRequestParts): Promise<Response> {
    const body = await this.#bodies.read(request, parts.head.contentLength);
    return body instanceof Response ? body : this.#forward(request, parts, body);
  }

  #forward(incoming: IncomingRequest, parts: HttpRequestParts, bytes: Uint8Array) {
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

  /** Null when this is no WebSocket handshake that we take: then it is an HTTP request like any other (§3.3). */
  #tryUpgrade(
    head: Head,
    target: RequestTarget,
    peer: Peer,
    upgrade: () => ReturnType<Upgrade<unknown>>,
  ): Response | null {
    const { bindings, channels } = this.#options;
    if (head.upgrade.toLowerCase() !== "websocket" || head.wsVersion !== "13") return null;
    const binding = bindings.findWs(target.path)?.value;
    if (binding === undefined) return null;
    if (binding.authenticated) return textResponse(401, LOGIN_NEEDED);
    if (binding.extension && !isLocal(peer, head)) return null;
    if (channels.full) return overloaded("websockets are open");
    const upgraded = upgrade();
    if (upgraded === null) return null;
    const path = ownPath(processOf(binding.app), normalize(target.path));
    channels.add(upgraded.socket, binding, path);
    return upgraded.response;
  }
}

function isLocal(peer: Peer, head: Head): boolean {
  return isLoopback(peer) && !head.forwarded;
}
