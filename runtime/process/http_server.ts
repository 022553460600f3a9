/** What a process says to `http_server:distro:sys` (spec/http.md §1, §5.1): binds, pushes, answers. */
import {
  errorTextEraA,
  type HttpServerAction,
  type HttpServerErrorEraA,
  HttpServerResultEraA,
  type WsMessageType,
} from "../protocol/http_server.ts";
import { decodeJson } from "../protocol/serde.ts";
import { ask, silence } from "./ask.ts";
import { type Message, SendError } from "./message.ts";
import { current } from "./current.ts";
import { AnswerBody, pulledBody } from "./http_streams.ts";
import type { BlobInit } from "./builder.ts";
import { Request } from "./request.ts";
import { Response } from "./response.ts";

/** As Kinode's library: whoever binds waits this long for http_server. */
const ACTION_SECONDS = 5;

/**
 * http_server refused, or did not answer. `message` is Kinode's sentence, `error` its JSON:
 * `"NoBlob"`, `{ BadRequest: { req } }`, `{ PathBindError: { error } }` or
 * `{ WebSocketPushError: { error } }`. If no answer came, `cause` is the `SendError`.
 *
 * ```ts
 * import { http, println } from "@kinode/process";
 *
 * try {
 *   await http.bindHttpPath("/");
 * } catch (error) {
 *   if (error instanceof http.HttpServerError) println(error.message);
 * }
 * ```
 */
export class HttpServerError extends Error {
  override name = "HttpServerError";
  readonly error: HttpServerErrorEraA;

  constructor(error: HttpServerErrorEraA, options?: ErrorOptions) {
    super(errorTextEraA(error), options);
    this.error = error;
  }
}

/**
 * Requests to `/<our process id><path>` come to this process from now on, as messages from
 * `http_server:distro:sys` (`HttpServerRequest.parse`). A path may have parameters (`/users/:id`) and end in a
 * wildcard (`/files/*rest`); `/` also gets every path below it that nothing else matches. The path stays
 * bound while the node runs; binding it again replaces it.
 *
 * `authenticated`: only with the login cookie of the node's owner. `localOnly`: only from this machine,
 * others get 403. `streaming`, which Kinode does not have: a request's body may be of any length and is not in
 * the blob, read it with `requestBody(message)`; of a client that goes away `{"HttpCancelled":"<message id>"}`
 * tells. Rejects with an `HttpServerError`: refused, or no answer in 5 seconds.
 *
 * ```ts
 * import { awaitMessage, http } from "@kinode/process";
 *
 * export async function init() {
 *   await http.bindHttpPath("/");
 *   while (true) {
 *     const message = await awaitMessage();
 *     if (message.isRequest) http.sendResponse(200, { "content-type": "text/plain" }, "hello");
 *   }
 * }
 * ```
 */
export function bindHttpPath(
  path: string,
  authenticated = false,
  localOnly = false,
  streaming = false,
): Promise<void> {
  const bind = { path, authenticated, local_only: localOnly, cache: false };
  // Kinode's message where it says the same.
  return act({ Bind: streaming ? { ...bind, streaming } : bind });
}

/**
 * http_server answers GET on this path by itself, with these bytes; other methods come to the process.
 * `contentType` null means `text/plain`. Flags and errors as `bindHttpPath`.
 *
 * ```ts
 * import { http } from "@kinode/process";
 *
 * await http.bindHttpStaticPath("/", false, false, "text/html", "<h1>hello</h1>");
 * ```
 */
export function bindHttpStaticPath(
  path: string,
  authenticated: boolean,
  localOnly: boolean,
  contentType: string | null,
  content: Uint8Array | string,
): Promise<void> {
  const bind = { path, authenticated, local_only: localOnly, cache: true };
  return act({ Bind: bind }, { mime: contentType, bytes: content });
}

/** The path answers 404 from now on, also where `/` would have got it. Rejects with an `HttpServerError`. */
export function unbindHttpPath(path: string): Promise<void> {
  return act({ Unbind: { path } });
}

/**
 * WebSocket clients may connect to `/<our process id><path>`. The process gets `WebSocketOpen`, then
 * `WebSocketPush` for every message of the client, `WebSocketClose` at the end. The path must match exactly,
 * `/` gets nothing but itself. `encrypted` has no effect; Kinode 0.9 has it.
 * `keepaliveSeconds`, which Kinode does not have: a client that answers no ping for as long is gone. Nor has it
 * `protocols`, the sub-protocols that the process speaks: the first that a client offers is selected, and stands in the
 * metadata of its `WebSocketOpen`, `{"protocol":"chat"}`. Errors as `bindHttpPath`.
 *
 * ```ts
 * import { awaitMessage, http } from "@kinode/process";
 *
 * export async function init() {
 *   await http.bindWsPath("/");
 *   while (true) {
 *     const request = http.HttpServerRequest.parse(await awaitMessage());
 *     if ("WebSocketOpen" in request) {
 *       http.sendWsPush(request.WebSocketOpen.channel_id, "Text", { bytes: "welcome" });
 *     }
 *   }
 * }
 * ```
 */
export function bindWsPath(
  path: string,
  authenticated = false,
  encrypted = false,
  keepaliveSeconds?: number,
  protocols?: readonly string[],
): Promise<void> {
  const bind = { path, authenticated, encrypted, extension: false };
  // What is undefined is not in the JSON, which is Kinode's where it says the same.
  const ours = { keepalive: keepaliveSeconds, protocols: protocols && [...protocols] };
  return act({ WebSocketBind: { ...bind, ...ours } });
}

/** Nobody can connect to the path any more; open channels stay open. Rejects with an `HttpServerError`. */
export function unbindWsPath(path: string): Promise<void> {
  return act({ WebSocketUnbind: { path } });
}

/**
 * As `bindWsPath`, for an extension: a program on this machine that answers pushes with MessagePack envelopes
 * (`WebSocketExtPushData`), which arrive as Responses to the requests that they answer.
 */
export function bindExtPath(path: string): Promise<void> {
  const bind = { path, authenticated: false, encrypted: false, extension: true };
  return act({ WebSocketBind: bind });
}

/** As `bindHttpPath` with `authenticated`, on the package's own subdomain, where no other app's cookie goes. */
export function secureBindHttpPath(path: string): Promise<void> {
  return act({ SecureBind: { path, cache: false } });
}

/** As `bindHttpStaticPath`, on the package's own subdomain. */
export function secureBindHttpStaticPath(
  path: string,
  contentType: string | null,
  content: Uint8Array | string,
): Promise<void> {
  return act({ SecureBind: { path, cache: true } }, { mime: contentType, bytes: content });
}

/** As `bindWsPath` with `authenticated`, on the package's own subdomain. */
export function secureBindWsPath(path: string, encrypted = false): Promise<void> {
  const bind = { path, encrypted, extension: false };
  return act({ WebSocketSecureBind: bind });
}

/**
 * Answers the HTTP request that `awaitMessage()` returned last. `headers` null means none; a value may be an
 * array, which sends the header once for each (`set-cookie`). Without a `content-type` http_server says
 * `application/octet-stream`. A status that is none (below 100, above 999) becomes 500. A request that is not
 * answered within 15 seconds ends with 408.
 *
 * ```ts
 * import { http } from "@kinode/process";
 *
 * http.sendResponse(404, null, "no such page");
 * ```
 */
export function sendResponse(
  status: number,
  headers: Record<string, string | string[]> | null,
  body: Uint8Array | string = "",
): void {
  const head = JSON.stringify({ status, headers: headers ?? {} });
  new Response().body(head).blob({ bytes: body }).send();
}

/**
 * As `sendResponse`, and the body goes piece by piece: the next is read from `body` when the client has taken the
 * one before. Resolves when the client has it all or has gone, which cancels `body`; what `body` throws it
 * rejects with, and the client's connection ends too early.
 *
 * ```ts
 * import { http } from "@kinode/process";
 *
 * async function* count() {
 *   for (let n = 0; n < 3; n++) yield `${n}\n`;
 * }
 * await http.sendStreamingResponse(200, { "content-type": "text/plain" }, count());
 * ```
 */
export async function sendStreamingResponse(
  status: number,
  headers: Record<string, string | string[]> | null,
  body: ReadableStream<Uint8Array | string> | AsyncIterable<Uint8Array | string>,
): Promise<void> {
  const asked = current().mailbox.prompting;
  const head = JSON.stringify({ status, headers: headers ?? {}, stream: true });
  new Response().body(head).send();
  const stream = body instanceof ReadableStream ? body : ReadableStream.from(body);
  await new AnswerBody(asked!.id, stream).send();
}

/**
 * The body of the HTTP request in `message`, to be read piece by piece, however it came; see `streaming` of
 * `bindHttpPath`. It errors when the client breaks off. It can be read until the answer is sent whole.
 *
 * ```ts
 * import { awaitMessage, http } from "@kinode/process";
 *
 * let bytes = 0;
 * for await (const piece of http.requestBody(await awaitMessage())) bytes += piece.length;
 * ```
 */
export function requestBody(message: Message): ReadableStream<Uint8Array> {
  const { id, lazy_load_blob } = message.raw;
  return lazy_load_blob === null
    ? pulledBody(id)
    : new Blob([message.blob!.bytes as Uint8Array<ArrayBuffer>]).stream();
}

/**
 * Sends to a WebSocket client that is connected to this process. `Text` wants UTF-8, `Close` closes the
 * channel. The blob's `mime` is not sent. Nothing comes back: http_server's `{"Err":…}` about a channel that
 * is unknown is dropped; send `{"WebSocketPush":…}` as a `Request` of your own where that matters.
 *
 * ```ts
 * import { http } from "@kinode/process";
 *
 * http.sendWsPush(7, "Text", { mime: "application/json", bytes: JSON.stringify({ hello: "you" }) });
 * ```
 */
export function sendWsPush(channelId: number, messageType: WsMessageType, blob: BlobInit): void {
  const action = { WebSocketPush: { channel_id: channelId, message_type: messageType } };
  toHttpServer(action).blob(blob).send();
}

/**
 * Closes a channel of this process; `http_server` says `WebSocketClose` once the client has agreed. `code` and
 * `reason` go into the close frame (an extension; Kinode's is empty).
 */
export function sendWsClose(channelId: number, end?: { code: number; reason: string }): void {
  const close = toHttpServer({ WebSocketClose: channelId });
  if (end !== undefined) close.metadata(JSON.stringify(end));
  close.send();
}

function toHttpServer(action: HttpServerAction): Request {
  return Request.to("our@http_server:distro:sys").body(JSON.stringify(action));
}

async function act(action: HttpServerAction, content?: BlobInit): Promise<void> {
  const request = toHttpServer(action);
  const answer = await ask(content ? request.blob(content) : request, ACTION_SECONDS);
  if (answer instanceof SendError) {
    throw bindError(silence(answer, "http_server"), answer);
  }
  const result = parseResult(answer.text());
  if (result !== "Ok") throw new HttpServerError(result.Err);
}

function parseResult(text: string): HttpServerResultEraA {
  try {
    return decodeJson(text, HttpServerResultEraA);
  } catch (error) {
    throw bindError("http_server gave unexpected response", error);
  }
}

function bindError(error: string, cause: unknown): HttpServerError {
  return new HttpServerError({ PathBindError: { error } }, { cause });
}
