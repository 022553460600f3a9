/** Paths that are the server's own, before any process's: the login's, and the door for local programs. */
import type { ArrivingBodies } from "./bodies.ts";
import { clientKey } from "./front_door/networks.ts";
import type { IncomingRequest } from "./handler.ts";
import { type Head, isLocal, type Peer, type RequestTarget } from "./incoming.ts";
import { isOfPage } from "./login/origin.ts";
import type { Login } from "./login/login.ts";
import { RPC_PATH } from "../../protocol/http_server.ts";
import { normalize } from "./bindings.ts";
import { emptyResponse, textResponse } from "./outgoing.ts";
import type { Rpc } from "./rpc.ts";

export interface ReservedOptions {
  login: Pick<Login, "answer">;
  rpc: Rpc;
  bodies: ArrivingBodies;
}

export class Reserved {
  readonly #options: ReservedOptions;

  constructor(options: ReservedOptions) {
    this.#options = options;
  }

  /** `null`: the path is a process's. */
  answer(
    request: IncomingRequest,
    head: Head,
    target: RequestTarget,
    peer: Peer,
  ): Response | Promise<Response> | null {
    const { path, query } = target;
    if (path.startsWith("/log")) {
      const client = clientKey(peer.hostname);
      return this.#options.login.answer(request, { path, query, client });
    }
    if (path.startsWith("/rpc:") && normalize(path) === RPC_PATH) {
      return this.#inject(request, head, peer);
    }
    return null;
  }

  /**
   * For programs on this machine: no proxy's clients, no name that leads here from elsewhere, and no page in a browser,
   * one of this node's least of all: a process's page would say to another process what the process itself may not.
   */
  async #inject(request: IncomingRequest, head: Head, peer: Peer): Promise<Response> {
    if (!isLocal(peer, head)) return emptyResponse(403);
    if (isOfPage(request.headers)) {
      return textResponse(403, "messages are injected by programs of this machine only");
    }
    const tooLarge = this.#options.bodies.refuse(head.contentLength);
    if (tooLarge !== null) return tooLarge;
    const body = await this.#options.bodies.read(request, head.contentLength);
    return body instanceof Response ? body : await this.#options.rpc.inject(body);
  }
}
