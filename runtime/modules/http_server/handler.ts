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
import type { Access } from "./access.ts";
import { type Bindings, normalize, ownPath, type WsBinding } from "./bindings.ts";
import { type ArrivingBodies, tooLarge } from "./bodies.ts";
import type { Channels } from "./channels.ts";
import {
  Head,
  httpRequestJson,
  type HttpRequestParts,
  isLocal,
  type Peer,
  type RequestTarget,
  tryParseTarget,
} from "./incoming.ts";
import { emptyResponse, overloaded, staticResponse, textResponse } from "./outgoing.ts";
import type { PendingRequests } from "./pending.ts";
import type { Reserved } from "./reserved.ts";

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
  bodies: ArrivingBodies;
  reserved: Reserved;
  access: Access;
  send(message: KernelMessage): void;
  log: Log;
}

const EMPTY = new Uint8Array(0);

export class RequestHandler {
  readonly #options: HandlerOptions;

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
      const upgraded = this.#tryUpgrade(request, { head, target, peer }, () => upgrade(request));
      if (upgraded !== null) return upgraded;
    }
    const { reserved, bindings, access } = this.#options;
    const own = reserved.answer(request, head, target, peer);
    if (own !== null) return own;
    const match = bindings.findHttp(target.path);
    if (match === undefined) return emptyResponse(404);
    const parts = { method: request.method, peer, head, target, match };
    const refused = access.refuse(request, head, target, match.value);
    if (refused instanceof Promise) {
      return refused.then((refused) => refused ?? this.#admitted(request, parts));
    }
    return refused ?? this.#admitted(request, parts);
  }

  #admitted(request: IncomingRequest, parts: HttpRequestParts): Response | Promise<Response> {
    const { local_only, content } = parts.match.value;
    if (local_only && !isLocal(parts.peer, parts.head)) return emptyResponse(403);
    if (content !== null && parts.method === "GET") return staticResponse(content);
    return this.#toProcess(request, parts);
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
    const body = await this.#options.bodies.read(request, parts.head.contentLength);
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
    request: IncomingRequest,
    { head, target, peer }: { head: Head; target: RequestTarget; peer: Peer },
    upgrade: () => ReturnType<Upgrade<unknown>>,
  ): Response | Promise<Response> | null {
    const { bindings, access } = this.#options;
    if (head.upgrade.toLowerCase() !== "websocket" || head.wsVersion !== "13") return null;
    const binding = bindings.findWs(target.path)?.value;
    if (binding === undefined) return null;
    if (binding.extension && !isLocal(peer, head)) return null;
    const admitted = () => this.#open(binding, target, upgrade);
    const refused = access.refuse(request, head, target, binding);
    if (refused === null) return admitted();
    return Promise.resolve(refused).then((refused) => {
      if (refused === null) {
        return admitted() ?? textResponse(400, "this is no WebSocket handshake");
      }
      // No WebSocket client can read a page or follow a redirect, which is what §3.3 has it get.
      return refused.status === 403 ? refused : textResponse(401, "this WebSocket needs a login");
    });
  }

  #open(
    binding: WsBinding,
    target: RequestTarget,
    upgrade: () => ReturnType<Upgrade<unknown>>,
  ): Response | null {
    const { channels } = this.#options;
    if (channels.full) return overloaded("websockets are open");
    const upgraded = upgrade();
    if (upgraded === null) return null;
    const path = ownPath(processOf(binding.app), normalize(target.path));
    channels.add(upgraded.socket, binding, path);
    return upgraded.response;
  }
}
