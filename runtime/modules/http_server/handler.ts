/**
 * One request in, one answer out (spec/http.md §2.3-§2.5, §3.1-§3.3), whoever listens:
 *
 *   listener ─► handle ─┬─► WebSocket upgrade ─► Channels
 *                       ├─► 404, 401, 403, static content
 *                       └─► body ─► send({"Http":…}) ─► process
 *   listener ◄─ Response ◄─ PendingRequests.answer() ◄─ HttpServer.deliver() ◄─┘
 */
import { HTTP_HEADER_CHARS_MAX, HTTP_HEADERS_MAX, HTTP_URL_CHARS_MAX } from "../../limits.ts";
import type { Log } from "../../log.ts";
import { processOf } from "../../protocol/address.ts";
import type { Access } from "./access.ts";
import type { BodyRequest } from "./bodies.ts";
import { type Bindings, normalize, ownPath, type WsBinding } from "./bindings.ts";
import type { Channels } from "./channels.ts";
import type { Forward } from "./forward.ts";
import type { Hosts } from "./hosts.ts";
import {
  Head,
  type HttpRequestParts,
  isLocal,
  type Peer,
  type RequestTarget,
  tryParseTarget,
} from "./incoming.ts";
import { emptyResponse, overloaded, textResponse, unreachable } from "./outgoing.ts";
import type { ServerSocket } from "./server_socket.ts";
import type { Reserved } from "./reserved.ts";
import { staticResponse } from "./static_response.ts";
import { StreamEnded } from "./streams.ts";

/**
 * What a listener hands over: a Request, or as much of one. `url` is scheme, `://`, the Host header as it came,
 * and the path and query as they came; none of it is trusted.
 */
export type IncomingRequest =
  & Pick<Request, "url" | "method" | "headers" | "signal">
  & BodyRequest;

export interface UpgradeOptions {
  /** A client that does not answer pings for as long is gone; 0: it is not pinged. */
  keepaliveSeconds: number;
  /** The sub-protocol that is selected, one of those that the client offers; empty: none. */
  protocol: string;
}

/** Takes the WebSocket handshake of a request; null when it lacks what RFC 6455 asks for. */
export type Upgrade<R> = (
  request: R,
  options: UpgradeOptions,
) => { socket: ServerSocket; response: Response } | null;

export interface HandlerOptions {
  bindings: Bindings;
  channels: Channels;
  forward: Forward;
  reserved: Reserved;
  access: Access;
  hosts: Hosts;
  log: Log;
}

const URL_TOO_LONG = `the URL is longer than ${HTTP_URL_CHARS_MAX} characters`;
const HEADERS_TOO_LARGE = `the request has more than ${HTTP_HEADERS_MAX} headers, ` +
  `or more than ${HTTP_HEADER_CHARS_MAX} characters in them`;

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
    if (request.url.length > HTTP_URL_CHARS_MAX) return textResponse(414, URL_TOO_LONG);
    if (head.count > HTTP_HEADERS_MAX || head.json.length > HTTP_HEADER_CHARS_MAX) {
      return textResponse(431, HEADERS_TOO_LARGE);
    }
    const asked = tryParseTarget(request.url, head.host);
    if (asked === null) return textResponse(400, 'Invalid request header "host"');
    const { reserved, bindings, access, hosts } = this.#options;
    const target = hosts.resolve(asked);
    if (head.upgrade !== "") {
      const upgraded = this.#tryUpgrade(
        request,
        { head, target, peer },
        (options) => upgrade(request, options),
      );
      if (upgraded !== null) return upgraded;
    }
    const own = reserved.answer(request, head, asked, peer);
    if (own !== null) return own;
    const match = bindings.findHttp(target.path);
    if (match === undefined) return emptyResponse(404);
    const parts = { method: request.method, peer, head, target, match, streams: false };
    const refused = access.refuse(request, head, target, match.value);
    if (refused instanceof Promise) {
      return refused.then((refused) => refused ?? this.#admitted(request, parts));
    }
    return refused ?? this.#admitted(request, parts);
  }

  #admitted(request: IncomingRequest, parts: HttpRequestParts): Response | Promise<Response> {
    const { local_only, content, authenticated } = parts.match.value;
    if (local_only && !isLocal(parts.peer, parts.head)) return emptyResponse(403);
    const { method } = parts;
    if (content !== null && (method === "GET" || method === "HEAD")) {
      return staticResponse(content, {
        method,
        headers: request.headers,
        isPrivate: authenticated,
      });
    }
    return this.#options.forward.toProcess(request, parts);
  }

  /** The answer to a request that `handle` threw at. */
  failed(error: unknown): Response {
    // The answer's process broke it off, as it said; the connection ends without a last chunk.
    if (error instanceof StreamEnded) return emptyResponse(500);
    this.#options.log.warn(`http-server: a request failed within the server: ${error}`);
    return emptyResponse(500);
  }

  /** Null when this is no WebSocket handshake that we take: then it is an HTTP request like any other (§3.3). */
  #tryUpgrade(
    request: IncomingRequest,
    { head, target, peer }: { head: Head; target: RequestTarget; peer: Peer },
    upgrade: (options: UpgradeOptions) => ReturnType<Upgrade<unknown>>,
  ): Response | Promise<Response> | null {
    const { bindings, access } = this.#options;
    if (head.upgrade.toLowerCase() !== "websocket" || head.wsVersion !== "13") return null;
    const binding = bindings.findWs(target.path)?.value;
    if (binding === undefined) return null;
    if (binding.extension && !isLocal(peer, head)) return null;
    const admitted = () => this.#open(request, binding, target, upgrade);
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
    request: IncomingRequest,
    binding: WsBinding,
    target: RequestTarget,
    upgrade: (options: UpgradeOptions) => ReturnType<Upgrade<unknown>>,
  ): Response | null {
    const { channels } = this.#options;
    if (channels.full) return overloaded("websockets are open");
    const why = channels.whyNot(binding);
    if (why !== null) return unreachable(why, request.headers);
    const protocol = chosen(request.headers, binding.protocols);
    const upgraded = upgrade({ keepaliveSeconds: binding.keepalive ?? 0, protocol });
    if (upgraded === null) return null;
    const path = ownPath(processOf(binding.app), normalize(target.path));
    channels.add(upgraded.socket, binding, { path, query: target.query, protocol });
    return upgraded.response;
  }
}

/** The first of the client's sub-protocols that the binding speaks; the client names them as it prefers them. */
function chosen(headers: Headers, spoken: readonly string[] | undefined): string {
  if (spoken === undefined) return "";
  const offered = (headers.get("sec-websocket-protocol") ?? "").split(",");
  return offered.map((name) => name.trim()).find((name) => spoken.includes(name)) ?? "";
}
