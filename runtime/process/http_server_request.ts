import {
  HttpServerRequest as HttpServerRequestOnWire,
  type IncomingHttpRequest as IncomingHttpRequestOnWire,
  type WsMessageType,
} from "../protocol/http_server.ts";
import { decodeJson } from "../protocol/serde.ts";
import type { Message } from "./message.ts";

/**
 * One HTTP request to a path of this process. Its body is the message's blob, empty if there was none.
 *
 * ```ts
 * import { awaitMessage, http, println } from "@kinode/process";
 *
 * const message = await awaitMessage();
 * const request = http.HttpServerRequest.parse(message);
 * if ("Http" in request) {
 *   const { method, path, queryParams } = request.Http;
 *   println(`${method} ${path} ${queryParams.name ?? "nobody"} ${message.blob?.bytes.length} bytes`);
 * }
 * ```
 */
export class IncomingHttpRequest {
  readonly #head: IncomingHttpRequestOnWire;

  /** @internal */
  constructor(head: IncomingHttpRequestOnWire) {
    this.#head = head;
  }

  /** Upper-case: `GET`, `PUT`. */
  get method(): string {
    return this.#head.method;
  }

  /** `http://`, the host without its port, the path without a trailing slash, no query. Throws if it is none. */
  get url(): URL {
    return new URL(this.#head.url);
  }

  /** The path behind the process id, always with a leading slash: `/`, `/users/7`. */
  get path(): string {
    const path = this.url.pathname;
    const second = path.indexOf("/", 1);
    return second < 0 ? "/" : path.slice(second);
  }

  /**
   * The pattern that matched: `/chat:chat:template.os/users/:id`. With `strip`, an id that it begins with is
   * taken off: `boundPath(our().process)` is `/users/:id`, and empty for the pattern `/`.
   */
  boundPath(strip?: string): string {
    const path = this.#head.bound_path;
    return strip !== undefined && path.startsWith(`/${strip}`)
      ? path.slice(strip.length + 1)
      : path;
  }

  /** Lower-case names; of a header that came more than once the last value. */
  get headers(): Record<string, string> {
    return this.#head.headers;
  }

  /** What `:name` and `*name` of the pattern stand for, still percent-encoded. */
  get urlParams(): Record<string, string> {
    return this.#head.url_params;
  }

  /** Decoded; of a key that came more than once the last value. */
  get queryParams(): Record<string, string> {
    return this.#head.query_params;
  }

  /** `ip:port` of the peer; `null` if unknown. */
  get sourceSocketAddr(): string | null {
    return this.#head.source_socket_addr;
  }

  /** The JSON that http_server sent. */
  toJSON(): IncomingHttpRequestOnWire {
    return this.#head;
  }
}

/**
 * What `http_server:distro:sys` tells a process, told apart with `in`: a request to answer with
 * `sendResponse`; a WebSocket channel that opened (`resumed`: it was open before this version of the script, whose
 * `config.keepChannels` is true); a message on it, whose bytes are the message's blob; its end, whose code and reason
 * are JSON in `message.metadata`.
 *
 * ```ts
 * import { awaitMessage, http, println } from "@kinode/process";
 *
 * const message = await awaitMessage();
 * if (message.source.process === "http_server:distro:sys") {
 *   const request = http.HttpServerRequest.parse(message);
 *   if ("WebSocketPush" in request && request.WebSocketPush.message_type === "Text") {
 *     println(new TextDecoder().decode(message.blob?.bytes));
 *   }
 * }
 * ```
 */
export type HttpServerRequest =
  | { Http: IncomingHttpRequest }
  | { WebSocketOpen: { path: string; channel_id: number; resumed?: boolean | undefined } }
  | { WebSocketPush: { channel_id: number; message_type: WsMessageType } }
  | { WebSocketClose: number };

/** Reads an `HttpServerRequest`; both throw a TypeError that names the field which is wrong. */
export const HttpServerRequest: {
  /** From a message of http_server. */
  parse(message: Message): HttpServerRequest;
  /** From a message's body. */
  fromBytes(body: Uint8Array): HttpServerRequest;
} = {
  parse: (message) => fromText(message.text()),
  fromBytes: (body) => fromText(new TextDecoder().decode(body)),
};

function fromText(text: string): HttpServerRequest {
  const request = decodeJson(text, HttpServerRequestOnWire);
  return "Http" in request ? { Http: new IncomingHttpRequest(request.Http) } : request;
}
