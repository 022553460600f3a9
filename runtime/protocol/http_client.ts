/**
 * What is said to and by `http-client:distro:sys` (spec/http.md §4): actions, replies, errors, events. Bytes
 * travel in the blob, never in this JSON. Inside we speak Kinode 1.0 (era B); `toEraA` is the one place that
 * knows how 0.9 and older (era A) write the same errors.
 */
import {
  boolean,
  dispatch,
  extension,
  type Handlers,
  list,
  map,
  object,
  type Of,
  oneOf,
  optional,
  string,
  tagged,
  tuple,
  u32,
  unit,
} from "./serde.ts";
import { WsMessageType } from "./ws_message_type.ts";

const channel = object({ channel_id: u32 });
const push = object({ channel_id: u32, message_type: WsMessageType });

const call = object({ call: u32 });

/** Of `fetch` (not Kinode's): its bodies go piece by piece, under a number that the process chose. */
const web = object({
  call: u32,
  redirect: oneOf("follow", "manual", "error"),
  /** The body follows in HttpRequestChunks; otherwise it is the blob. */
  streams: boolean,
  /** `false`: a packed body stays packed. */
  decompress: extension(boolean),
});

/** Of the answer to such a request, beside Kinode's. */
const webAnswer = object({
  status_text: string,
  /** As they came, repeated ones too. */
  headers: list(tuple(string, string)),
  /** After redirects. */
  url: string,
  redirected: boolean,
  /** The body is to be asked for with HttpBodyRead; otherwise it is the blob. */
  streams: boolean,
});

/** Process → http_client. `WebSocketClose` is a struct here; http_server's is a bare number. */
export const actions = {
  Http: object({
    method: string,
    version: optional(string),
    url: string,
    headers: map(string),
    web: extension(web),
  }),
  /** Not Kinode's, as the next three. Answered when it is taken; the blob is the piece. */
  HttpRequestChunk: call,
  /** `error`: the server must see that something is missing. */
  HttpRequestEnd: object({ call: u32, error: optional(string) }),
  /** Answered by a blob, the next piece, or without one: the end. */
  HttpBodyRead: call,
  HttpCancel: call,
  WebSocketOpen: object({ url: string, headers: map(string), channel_id: u32 }),
  WebSocketPush: push,
  WebSocketClose: channel,
};
export const HttpClientAction = tagged(actions);
export type HttpClientAction = Of<typeof HttpClientAction>;

/** http_client → process: the events of its WebSockets, as Requests. */
export const events = { WebSocketPush: push, WebSocketClose: channel };
export const HttpClientRequest = tagged(events);
export type HttpClientRequest = Of<typeof HttpClientRequest>;

/** What stands under `Ok`; the body of an HTTP answer is the message's blob. */
export const HttpClientResponse = tagged({
  Http: object({ status: u32, headers: map(string), web: extension(webAnswer) }),
  /** To what is said about a `call`. */
  HttpAck: unit,
  WebSocketAck: unit,
});
export type HttpClientResponse = Of<typeof HttpClientResponse>;

/** What stands under `Err`, in Kinode 1.0. */
export const errors = {
  MalformedRequest: unit,
  BadMethod: object({ method: string }),
  BadUrl: object({ url: string }),
  BadVersion: object({ version: string }),
  BuildRequestFailed: string,
  ExecuteRequestFailed: string,
  WsOpenFailed: object({ url: string }),
  WsPushUnknownChannel: channel,
  WsPushNoBlob: unit,
  WsPushBadText: unit,
  WsCloseFailed: channel,
};
export const HttpClientError = tagged(errors);
export type HttpClientError = Of<typeof HttpClientError>;

/** What stands under `Err`, in Kinode 0.9 and older. */
export const errorsEraA = {
  BadRequest: object({ req: string }),
  BadMethod: errors.BadMethod,
  BadUrl: errors.BadUrl,
  BadVersion: errors.BadVersion,
  RequestFailed: object({ error: string }),
  WsOpenFailed: errors.WsOpenFailed,
  WsPushFailed: object({ req: string }),
  WsCloseFailed: errors.WsCloseFailed,
};
export const HttpClientErrorEraA = tagged(errorsEraA);
export type HttpClientErrorEraA = Of<typeof HttpClientErrorEraA>;

/** The body of every reply. */
export const HttpClientResult = tagged({ Ok: HttpClientResponse, Err: HttpClientError });
export type HttpClientResult = Of<typeof HttpClientResult>;

/** The body of every reply that `http_client:distro:sys`, the older name, gives. */
export const HttpClientResultEraA = tagged({ Ok: HttpClientResponse, Err: HttpClientErrorEraA });
export type HttpClientResultEraA = Of<typeof HttpClientResultEraA>;

/** `error` as Kinode 0.9 wrote it; `requestText` is the body of the action that failed, which it quoted. */
export function toEraA(error: HttpClientError, requestText: string): HttpClientErrorEraA {
  return dispatch(error, inEraA, requestText);
}

const inEraA: Handlers<typeof errors, string, HttpClientErrorEraA> = {
  MalformedRequest: (_, req) => ({ BadRequest: { req } }),
  BadMethod: (payload) => ({ BadMethod: payload }),
  BadUrl: (payload) => ({ BadUrl: payload }),
  BadVersion: (payload) => ({ BadVersion: payload }),
  BuildRequestFailed: (error) => ({ RequestFailed: { error } }),
  ExecuteRequestFailed: (error) => ({ RequestFailed: { error } }),
  WsOpenFailed: (payload) => ({ WsOpenFailed: payload }),
  WsPushUnknownChannel: ({ channel_id }) => wsPushFailed(`channel_id ${channel_id} not found`),
  WsPushNoBlob: () => wsPushFailed("no blob"),
  WsPushBadText: () => wsPushFailed("failed to convert blob to string"),
  WsCloseFailed: (payload) => ({ WsCloseFailed: payload }),
};

function wsPushFailed(req: string): HttpClientErrorEraA {
  return { WsPushFailed: { req } };
}

/** The sentence that Kinode 1.0's library shows for an error (K types-c:64-91). */
export function errorText(error: HttpClientError): string {
  return dispatch(error, texts, null);
}

const texts: Handlers<typeof errors, null, string> = {
  MalformedRequest: () => "request could not be deserialized to valid HttpClientRequest",
  BadMethod: ({ method }) => `http method not supported: ${method}`,
  BadUrl: ({ url }) => `url could not be parsed: ${url}`,
  BadVersion: ({ version }) => `http version not supported: ${version}`,
  BuildRequestFailed: (error) => `client failed to build request: ${error}`,
  ExecuteRequestFailed: (error) => `client failed to execute request: ${error}`,
  WsOpenFailed: ({ url }) => `could not open connection to ${url}`,
  WsPushUnknownChannel: ({ channel_id }) => `sent WebSocket push to unknown channel ${channel_id}`,
  WsPushNoBlob: () => "WebSocket push failed because message had no blob attached",
  WsPushBadText: () =>
    "WebSocket push failed because message type was Text, but blob was not a valid UTF-8 string",
  WsCloseFailed: ({ channel_id }) =>
    `failed to close connection ${channel_id} because it was not open`,
};

/** The sentence that the library of Kinode 0.9 shows for an error (K9 types-c:66-86). */
export function errorTextEraA(error: HttpClientErrorEraA): string {
  return dispatch(error, textsEraA, null);
}

const textsEraA: Handlers<typeof errorsEraA, null, string> = {
  BadRequest: ({ req }) => `http_client: request is not valid HttpClientRequest: ${req}.`,
  BadMethod: ({ method }) => `http_client: http method not supported: ${method}.`,
  BadUrl: ({ url }) => `http_client: url could not be parsed: ${url}.`,
  BadVersion: ({ version }) => `http_client: http version not supported: ${version}.`,
  RequestFailed: ({ error }) => `http_client: failed to execute request ${error}.`,
  WsOpenFailed: ({ url }) => `websocket_client: failed to open connection ${url}.`,
  WsPushFailed: ({ req }) => `websocket_client: failed to send message ${req}.`,
  WsCloseFailed: ({ channel_id }) => `websocket_client: failed to close connection ${channel_id}.`,
};
