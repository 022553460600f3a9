/**
 * From an admitted request to the message that its process gets, and to the promise of its answer. A body is read
 * whole first; of a streaming binding only a small one is, any other the process asks for (streams.ts).
 */
import {
  HTTP_PENDING_MAX,
  HTTP_RESPONSE_SECONDS,
  HTTP_RESPONSE_SECONDS_MAX,
  HTTP_STREAM_SECONDS,
  HTTP_WHOLE_BODY_BYTES_MAX,
} from "../../limits.ts";
import { type KernelMessage, randomId, request } from "../../protocol/message.ts";
import type { ArrivingBodies } from "./bodies.ts";
import type { IncomingRequest } from "./handler.ts";
import { type Head, httpRequestJson, type HttpRequestParts } from "./incoming.ts";
import { overloaded } from "./outgoing.ts";
import type { PendingRequests } from "./pending.ts";
import type { Streams } from "./streams.ts";

export interface ForwardOptions {
  bodies: ArrivingBodies;
  pending: PendingRequests;
  streams: Streams;
  send(message: KernelMessage): unknown;
}

const EMPTY = new Uint8Array(0);
const WAITING = "requests wait for their processes";

export class Forward {
  readonly #options: ForwardOptions;

  constructor(options: ForwardOptions) {
    this.#options = options;
  }

  /** The process's answer, or why there is none. */
  toProcess(request: IncomingRequest, parts: HttpRequestParts): Response | Promise<Response> {
    const length = parts.head.contentLength;
    // Deno gives no body with GET and HEAD. Asking for request.body makes a stream: only where one is needed.
    if (parts.method === "GET" || parts.method === "HEAD" || length === "0") {
      return this.#forward(request, parts, EMPTY);
    }
    // A DELETE without a body: there is nothing to ask for.
    if (length === null && request.body === null) return this.#forward(request, parts, EMPTY);
    if (parts.match.value.streaming && !isSmall(length)) {
      return this.#forwardStream(request, { ...parts, streams: true });
    }
    return this.#options.bodies.refuse(length) ?? this.#readThenForward(request, parts);
  }

  async #readThenForward(request: IncomingRequest, parts: HttpRequestParts): Promise<Response> {
    const body = await this.#options.bodies.read(request, parts.head.contentLength);
    return body instanceof Response ? body : this.#forward(request, parts, body);
  }

  #forward(
    incoming: IncomingRequest,
    parts: HttpRequestParts,
    bytes: Uint8Array,
  ): Response | Promise<Response> {
    const { pending, send } = this.#options;
    if (pending.size >= HTTP_PENDING_MAX) return overloaded(WAITING);
    const { app, boundAs } = parts.match.value;
    const id = randomId();
    const seconds = secondsFor(parts.head);
    const response = pending.add(id, incoming, parts.match.value, { seconds });
    send(request(boundAs, app, httpRequestJson(parts), {
      id,
      expects_response: seconds,
      lazy_load_blob: { mime: null, bytes },
    }));
    return response;
  }

  /** The head alone: the process asks for the body. How long it may be silent is kept in `pending`. */
  #forwardStream(
    incoming: IncomingRequest,
    parts: HttpRequestParts,
  ): Response | Promise<Response> {
    const { pending, streams, send } = this.#options;
    if (pending.size >= HTTP_PENDING_MAX) return overloaded(WAITING);
    const { app, boundAs } = parts.match.value;
    const id = randomId();
    if (incoming.body !== null && !streams.openBody(id, parts.match.value, incoming.body)) {
      return overloaded("bodies stream to this process");
    }
    const terms = { seconds: secondsFor(parts.head), streams: true };
    const response = pending.add(id, incoming, parts.match.value, terms);
    const expects_response = HTTP_STREAM_SECONDS;
    send(request(boundAs, app, httpRequestJson(parts), { id, expects_response }));
    return response;
  }
}

/** The time that a client asks for, within bounds; what is no number is nobody's wish. */
function secondsFor({ timeout }: Head): number {
  if (timeout === "") return HTTP_RESPONSE_SECONDS;
  const seconds = Math.round(Number(timeout));
  return seconds >= 1 ? Math.min(seconds, HTTP_RESPONSE_SECONDS_MAX) : HTTP_RESPONSE_SECONDS;
}

function isSmall(contentLength: string | null): boolean {
  return contentLength !== null && Number(contentLength) <= HTTP_WHOLE_BODY_BYTES_MAX;
}
