/** What a process says to and hears from `http_client:distro:sys` (spec/http.md §4, §5.1). */
import {
  errorTextEraA,
  type HttpClientAction,
  type HttpClientErrorEraA,
  HttpClientRequest as HttpClientRequestOnWire,
  type HttpClientResponse,
  HttpClientResultEraA,
} from "../protocol/http_client.ts";
import { bytesOf, textOf } from "../protocol/message.ts";
import { decodeJson } from "../protocol/serde.ts";
import type { WsMessageType } from "../protocol/ws_message_type.ts";
import { ask, silence } from "./ask.ts";
import { type Message, SendError } from "./message.ts";
import type { BlobInit } from "./builder.ts";
import { Request } from "./request.ts";

export type { WsMessageType };

/** As Kinode's library: how long an open or a close of a WebSocket may take. */
const WS_SECONDS = 5;

/**
 * http_client could not do it, or did not answer. `message` is Kinode's sentence, `error` its JSON, e.g.
 * `{ RequestFailed: { error } }`, `{ BadUrl: { url } }`, `{ WsOpenFailed: { url } }`. If no answer came,
 * `cause` is the `SendError`.
 *
 * ```ts
 * import { http, println } from "@kinode/process";
 *
 * try {
 *   await http.sendRequestAwaitResponse("GET", "http://localhost:1/", null, 5);
 * } catch (error) {
 *   if (error instanceof http.HttpClientError) println(error.message);
 * }
 * ```
 */
export class HttpClientError extends Error {
  override name = "HttpClientError";
  readonly error: HttpClientErrorEraA;

  constructor(error: HttpClientErrorEraA, options?: ErrorOptions) {
    super(errorTextEraA(error), options);
    this.error = error;
  }
}

/**
 * What `http_client:distro:sys` tells a process of the WebSockets that it opened: a message, whose bytes are
 * the message's blob; the end, after which nothing more comes.
 */
export type HttpClientRequest = HttpClientRequestOnWire;

/** Reads an `HttpClientRequest`; both throw a TypeError that names the field which is wrong. */
export const HttpClientRequest: {
  /** From a message of http_client. */
  parse(message: Message): HttpClientRequest;
  /** From a message's body. */
  fromBytes(body: Uint8Array): HttpClientRequest;
} = {
  parse: (message) => decodeJson(message.text(), HttpClientRequestOnWire),
  fromBytes: (body) => decodeJson(new TextDecoder().decode(body), HttpClientRequestOnWire),
};

/** What a server answered. Every status is an answer: 404 and 500 are not errors here. */
export interface HttpClientAnswer {
  status: number;
  /** Each word of a name begins upper-case (`Content-Type`); of a repeated header the last value. */
  headers: Record<string, string>;
  body: Uint8Array;
  /** The body as text; invalid UTF-8 becomes U+FFFD. */
  text(): string;
}

/**
 * Sends an HTTP request. With `timeoutSeconds` (whole seconds) the answer comes out of `awaitMessage()`, or a
 * `SendError` after that time; with `null` no answer is wanted.
 *
 * ```ts
 * import { awaitMessage, http, println } from "@kinode/process";
 *
 * http.sendRequest("POST", "http://localhost:8000/", { "content-type": "text/plain" }, 5, "hello");
 * const message = await awaitMessage();
 * println(message.text()); // {"Ok":{"Http":{"status":200,"headers":{…}}}}, the body is its blob
 * ```
 */
export function sendRequest(
  method: string,
  url: string | URL,
  headers: Record<string, string> | null,
  timeoutSeconds: number | null,
  body: Uint8Array | string = "",
): void {
  const request = httpRequest(method, url, headers, body);
  if (timeoutSeconds !== null) request.expectsResponse(timeoutSeconds);
  request.send();
}

/**
 * Sends an HTTP request and waits for its answer, at most `timeoutSeconds` (whole seconds). Redirects are
 * followed. Rejects with an `HttpClientError`: bad URL or method, no connection, no answer in time.
 *
 * ```ts
 * import { http, println } from "@kinode/process";
 *
 * const answer = await http.sendRequestAwaitResponse("GET", "http://localhost:8000/", null, 5);
 * println(`${answer.status} ${answer.headers["Content-Type"]} ${answer.text()}`);
 * ```
 */
export async function sendRequestAwaitResponse(
  method: string,
  url: string | URL,
  headers: Record<string, string> | null,
  timeoutSeconds: number,
  body: Uint8Array | string = "",
): Promise<HttpClientAnswer> {
  const answer = await ask(httpRequest(method, url, headers, body), timeoutSeconds);
  if (answer instanceof SendError) throw failed(silence(answer, "http_client"), answer);
  const ok = okOf(answer, failed);
  if (typeof ok === "string") throw failed("http_client gave unexpected response");
  const bytes = answer.raw.lazy_load_blob?.bytes ?? "";
  const { status, headers: answered } = ok.Http;
  return { status, headers: answered, body: bytesOf(bytes), text: () => textOf(bytes) };
}

/** An open WebSocket. */
export interface WsOpened {
  /** The subprotocol that the server chose; "" for none. */
  protocol: string;
  /** The channel's id in the version of this process before; `null` if it is a new connection. */
  resumed: number | null;
}

/**
 * Connects to a WebSocket server. `channelId` (0 to 4294967295) is this process's to choose; the messages
 * of the server come as `HttpClientRequest`s that bear it. An id that is in use is closed and taken over.
 * Resolves to the subprotocol that the server chose; a new version of a process that keeps its channels gets the
 * connection that the one before opened with the same URL and headers, and then `resumed` is the id that it had.
 * Rejects with an `HttpClientError`: no connection, no handshake, no answer in 5 seconds.
 *
 * ```ts
 * import { awaitMessage, http, println } from "@kinode/process";
 *
 * await http.client.openWsConnection("ws://localhost:8765", null, 0);
 * const message = await awaitMessage();
 * const event = http.client.HttpClientRequest.parse(message);
 * if ("WebSocketPush" in event) println(new TextDecoder().decode(message.blob?.bytes));
 * ```
 */
export async function openWsConnection(
  url: string | URL,
  headers: Record<string, string> | null,
  channelId: number,
): Promise<WsOpened> {
  const open = { url: String(url), headers: headers ?? {}, channel_id: channelId };
  const answer = await ask(toHttpClient({ WebSocketOpen: open }), WS_SECONDS);
  const noOpen = (_: string, cause?: unknown) =>
    new HttpClientError({ WsOpenFailed: { url: open.url } }, { cause });
  if (answer instanceof SendError) throw noOpen("", answer);
  if (okOf(answer, noOpen) !== "WebSocketAck") throw noOpen("");
  const { protocol = "", resumed = null } = JSON.parse(answer.metadata ?? "{}") as Partial<
    WsOpened
  >;
  return { protocol, resumed };
}

/**
 * Sends to the server of an open WebSocket. `Text` wants UTF-8; the blob's `mime` is not sent, and for `Ping`,
 * `Pong` and `Close` neither are its bytes. Nothing comes back, as with `sendWsPush`.
 *
 * ```ts
 * import { http } from "@kinode/process";
 *
 * http.client.sendWsClientPush(0, "Text", { mime: "text/plain", bytes: "hello" });
 * ```
 */
export function sendWsClientPush(
  channelId: number,
  messageType: WsMessageType,
  blob: BlobInit,
): void {
  const push = { channel_id: channelId, message_type: messageType };
  toHttpClient({ WebSocketPush: push }).blob(blob).send();
}

/**
 * Closes a WebSocket that this process opened, with `code` and `reason` if they are given; the server's
 * `WebSocketClose` still follows. Rejects with an `HttpClientError` (`WsCloseFailed`) if no such channel is open, or
 * after 5 seconds without an answer.
 */
export async function closeWsConnection(
  channelId: number,
  code?: number,
  reason?: string,
): Promise<void> {
  const channel = { channel_id: channelId };
  const request = toHttpClient({ WebSocketClose: channel });
  if (code !== undefined) request.metadata(JSON.stringify({ code, reason }));
  const answer = await ask(request, WS_SECONDS);
  const noClose = (_: string, cause?: unknown) =>
    new HttpClientError({ WsCloseFailed: channel }, { cause });
  if (answer instanceof SendError) throw noClose("", answer);
  if (okOf(answer, noClose) !== "WebSocketAck") throw noClose("");
}

/** What stands under `Ok`, and the blob. Rejects with an HttpClientError. */
export async function askHttpClient(
  action: HttpClientAction,
  seconds: number,
  bytes?: Uint8Array,
): Promise<{ ok: HttpClientResponse; blob: Uint8Array | null }> {
  const request = toHttpClient(action);
  const answer = await ask(bytes === undefined ? request : request.blob({ bytes }), seconds);
  if (answer instanceof SendError) throw failed(silence(answer, "http_client"), answer);
  return { ok: okOf(answer, failed), blob: answer.blob?.bytes ?? null };
}

/** A request without anything in it but the action. */
export function toHttpClient(action: HttpClientAction): Request {
  return Request.to("our@http_client:distro:sys").body(JSON.stringify(action));
}

/** As Kinode's library, with a blob always, if an empty one. */
function httpRequest(
  method: string,
  url: string | URL,
  headers: Record<string, string> | null,
  body: Uint8Array | string,
): Request {
  const http = { method, version: null, url: String(url), headers: headers ?? {} };
  return toHttpClient({ Http: http }).blob({ bytes: body });
}

function failed(error: string, cause?: unknown): HttpClientError {
  return new HttpClientError({ RequestFailed: { error } }, { cause });
}

/** What stands under `Ok`; throws what stands under `Err`, or `unreadable(why)` if it is neither. */
function okOf(
  answer: Message,
  unreadable: (error: string, cause: unknown) => HttpClientError,
): HttpClientResponse {
  let result: HttpClientResultEraA;
  try {
    result = decodeJson(answer.text(), HttpClientResultEraA);
  } catch (error) {
    throw unreadable(`http_client gave invalid response: ${(error as Error).message}`, error);
  }
  if ("Err" in result) throw new HttpClientError(result.Err);
  return result.Ok;
}
