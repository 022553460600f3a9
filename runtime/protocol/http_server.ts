/**
 * What is said to and by `http-server:distro:sys` (Kinode 1.0; `http_server:distro:sys` in 0.9 and in the
 * seed). A process sends an HttpServerAction and gets `{"Ok":null}` or `{"Err":HttpServerError}`; the module
 * sends the process HttpServerRequests, and a process answers an Http one with an HttpResponse. Bytes
 * (bodies, frames, static content) travel in the blob, never in this JSON.
 *
 * One vocabulary inside: Kinode 1.0's. `toEraA` alone writes the errors of 0.9.
 */
import {
  boolean,
  converted,
  type Decoder,
  extension,
  list,
  map,
  object,
  type Of,
  oneOf,
  optional,
  string,
  tagged,
  u32,
  unit,
} from "./serde.ts";
import { WsMessageType } from "./ws_message_type.ts";

export { WsMessageType };

/** Where programs of this machine, and no process, inject messages (spec/http.md §2.8). */
export const RPC_PATH = "/rpc:distro:sys/message";

/** Whether what an extension sends back is a Request or the Response to one. */
export const MessageType = oneOf("Request", "Response");
export type MessageType = Of<typeof MessageType>;

/** Kernel message ids. JSON cannot hold them all; MessagePack, the only wire where they appear, can. */
export const u64: Decoder<bigint> = (json, at) => {
  const id = typeof json === "number" && Number.isInteger(json) ? BigInt(json) : json;
  if (typeof id === "bigint" && id >= 0n && id <= 0xffff_ffff_ffff_ffffn) return id;
  throw new TypeError(`Cannot decode ${at}: expected a whole number from 0 to 2^64 - 1`);
};

const bytes: Decoder<Uint8Array> = (json, at) => {
  if (json instanceof Uint8Array) return json;
  const isBytes = Array.isArray(json) &&
    json.every((item) => Number.isInteger(item) && item >= 0 && item <= 255);
  if (isBytes) return Uint8Array.from(json);
  throw new TypeError(`Cannot decode ${at}: expected an array of bytes`);
};

/** A message id in JSON, whose numbers cannot hold it: decimal, as a string. */
const messageId = converted(string, (text) => {
  if (/^\d{1,20}$/.test(text)) return BigInt(text);
  throw new TypeError("expected a message id in decimal digits");
});

/** Ours: seconds within which a client must answer a ping, or is gone. */
const keepalive: Decoder<number> = (json, at) => {
  const seconds = u32(json, at);
  if (seconds >= 1 && seconds <= KEEPALIVE_SECONDS_MAX) return seconds;
  throw new TypeError(`Cannot decode ${at}: expected 1 to ${KEEPALIVE_SECONDS_MAX} seconds`);
};

/** An hour: longer is none at all. */
const KEEPALIVE_SECONDS_MAX = 3_600;

/** Ours: sub-protocols (RFC 6455 §1.9) of which a client may choose. */
const protocols = converted((json, at) => list(string)(json, at), (names) => {
  if (names.length > PROTOCOLS_MAX) throw new TypeError(`expected at most ${PROTOCOLS_MAX} names`);
  if (names.every((name) => PROTOCOL.test(name))) return names;
  throw new TypeError("expected names of letters, digits and !#$%&'*+-.^_`|~, 100 at most");
});
const PROTOCOLS_MAX = 32;
const PROTOCOL = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;

const pushed = { channel_id: u32, message_type: WsMessageType };

/**
 * What a process may ask for. Static content is Bind or SecureBind with `cache` and a blob. Kinode 0.9 has
 * a field `encrypted` in both WebSocket binds, which it never used: here it is one of the unknown fields
 * that every decoder ignores.
 */
export const actions = {
  Bind: object({
    path: string,
    authenticated: boolean,
    local_only: boolean,
    cache: boolean,
    /** The process takes and gives bodies piece by piece (streams.ts). */
    streaming: extension(boolean),
  }),
  SecureBind: object({ path: string, cache: boolean }),
  Unbind: object({ path: string }),
  WebSocketBind: object({
    path: string,
    authenticated: boolean,
    extension: boolean,
    keepalive: extension(keepalive),
    protocols: extension(protocols),
  }),
  WebSocketSecureBind: object({
    path: string,
    extension: boolean,
    keepalive: extension(keepalive),
    protocols: extension(protocols),
  }),
  WebSocketUnbind: object({ path: string }),
  /** Parsed, and refused: only http_server says this. */
  WebSocketOpen: object({ path: string, channel_id: u32 }),
  WebSocketPush: object(pushed),
  WebSocketExtPushOutgoing: object({ ...pushed, desired_reply_type: MessageType }),
  /** Not an action but the MessagePack envelope of an extension's frames (extension.ts). */
  WebSocketExtPushData: object({ id: u64, kinode_message_type: MessageType, blob: bytes }),
  WebSocketClose: u32,
  /** Extensions: the next piece of a request's body; a piece of an answer's; its end (streams.ts). */
  HttpBodyRead: object({ request: messageId }),
  HttpResponseChunk: object({ request: messageId }),
  HttpResponseEnd: object({ request: messageId, error: optional(string) }),
};
export const HttpServerAction = tagged(actions);
export type HttpServerAction = Of<typeof HttpServerAction>;
export type Bind = Of<typeof actions.Bind>;
export type WebSocketExtPushData = Of<typeof actions.WebSocketExtPushData>;

/** One HTTP request as a process sees it; its body is the blob, empty when there was none. */
export const IncomingHttpRequest = object({
  /** `ip:port` of the peer. */
  source_socket_addr: optional(string),
  /** As received; upper-case for all known ones. */
  method: string,
  /** `http://`, the host without its port, the path without a trailing slash; no query. */
  url: string,
  /** The pattern that matched, process id included: `/p:k:o.os/users/:id`. */
  bound_path: string,
  /** Lower-case names; of a repeated header the last value. */
  headers: map(string),
  /** Values of `:name` and `*name`, still percent-encoded. */
  url_params: map(string),
  /** Decoded; of a repeated key the last value. */
  query_params: map(string),
  /** As the client sent it: an extension, absent in what Kinode sends. */
  path_and_query: optional(string),
  /** For streaming bindings: the body is not in the blob but to be asked for. */
  body: extension(oneOf("stream")),
});
export type IncomingHttpRequest = Of<typeof IncomingHttpRequest>;

/** What http_server sends a process. */
export const requests = {
  Http: IncomingHttpRequest,
  /** `resumed` is ours: the channel was open before this life of the process. */
  WebSocketOpen: object({ path: string, channel_id: u32, resumed: extension(boolean) }),
  WebSocketPush: object(pushed),
  WebSocketClose: u32,
};
export const HttpServerRequest = tagged(requests);
export type HttpServerRequest = Of<typeof HttpServerRequest>;

const u16: Decoder<number> = (json, at) => {
  if (typeof json === "number" && Number.isInteger(json) && json >= 0 && json <= 0xffff) {
    return json;
  }
  throw new TypeError(`Cannot decode ${at}: expected a whole number from 0 to 65535`);
};

/**
 * An extension of both WebSocketClose, the action and the event: what a close frame holds, as JSON in the
 * message's metadata. Kinode loses it. 1005: the frame held no code; 1006: there was no frame.
 */
export const CloseDetails = object({ code: u16, reason: optional(string) });

/** A control frame's 125 bytes without the code (RFC 6455 §5.5). */
const CLOSE_REASON_BYTES_MAX = 123;

/** Whether a server may send this in a close frame: RFC 6455 §7.4, and IANA's list up to 1014. */
export function mayCloseWith(code: number, reason: string): boolean {
  if (!Number.isInteger(code)) return false;
  const ofProtocol = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
  const isShort = new TextEncoder().encode(reason).length <= CLOSE_REASON_BYTES_MAX;
  return isShort && (ofProtocol || code >= 3000 && code <= 4999);
}

const lines = list(string);

/** One value, or (not in Kinode) several: a map cannot hold two `Set-Cookie` otherwise. */
const headerValue: Decoder<string | string[]> = (json, at) =>
  typeof json === "string" ? json : lines(json, at);

/** An extension, for streaming bindings: the client of this request has gone, nobody waits for its answer. */
export const HttpCancelled = object({ HttpCancelled: messageId });

/**
 * What a process answers an Http request with; the blob is the body. Both `status` and `headers` are mandatory.
 * `stream` is an extension: the blob is the beginning of the body, the rest comes as HttpResponseChunks.
 */
export const HttpResponse = object({
  status: u16,
  headers: map(headerValue),
  stream: extension(boolean),
});
export type HttpResponse = Of<typeof HttpResponse>;

/** Kinode 1.0's errors, and those of ours that it has no word for (the last eight). */
export const errors = {
  MalformedRequest: unit,
  NoBlob: unit,
  InvalidSourceProcess: unit,
  WsPingPongTooLong: unit,
  WsChannelNotFound: unit,
  WsPingPongUnsupported: unit,
  TooManyBindings: unit,
  StaticContentTooLarge: unit,
  PathTooLong: unit,
  HttpStreamNotFound: unit,
  HttpStreamBusy: unit,
  HttpChunkTooLarge: unit,
  HttpBodyFailed: unit,
};
export const HttpServerError = tagged(errors);
export type HttpServerError = Of<typeof HttpServerError>;

/** Kinode 0.9's errors: what a message to `http_server:distro:sys` is answered with. */
export const errorsEraA = {
  BadRequest: object({ req: string }),
  NoBlob: unit,
  PathBindError: object({ error: string }),
  WebSocketPushError: object({ error: string }),
};
export const HttpServerErrorEraA = tagged(errorsEraA);
export type HttpServerErrorEraA = Of<typeof HttpServerErrorEraA>;

/** The body of the answer to an action: `{"Ok":null}` reads as `"Ok"`. */
export const HttpServerResult = tagged({ Ok: unit, Err: HttpServerError });
export type HttpServerResult = Of<typeof HttpServerResult>;
export const HttpServerResultEraA = tagged({ Ok: unit, Err: HttpServerErrorEraA });
export type HttpServerResultEraA = Of<typeof HttpServerResultEraA>;

const errorTexts: Record<HttpServerError, string> = {
  MalformedRequest: "request could not be deserialized to valid HttpServerRequest",
  NoBlob: "action expected blob",
  InvalidSourceProcess: "path binding error: invalid source process",
  WsPingPongTooLong: "WebSocket error: ping/pong message too long",
  WsChannelNotFound: "WebSocket error: channel not found",
  WsPingPongUnsupported: "WebSocket error: this runtime cannot send ping or pong",
  TooManyBindings: "path binding error: this process or its package has too many bindings",
  StaticContentTooLarge:
    "path binding error: static content of this process or its package is too large",
  PathTooLong: "path binding error: path is too long",
  HttpStreamNotFound: "HTTP stream error: nobody reads or writes the body of this request any more",
  HttpStreamBusy: "HTTP stream error: the piece before this one is still under way",
  HttpChunkTooLarge: "HTTP stream error: the piece is too large",
  HttpBodyFailed: "HTTP stream error: the client did not send its body to the end",
};

/** What Kinode prints for an error; ours in the same manner. */
export function errorText(error: HttpServerError): string {
  return errorTexts[error];
}

/** The same for an error of Kinode 0.9. */
export function errorTextEraA(error: HttpServerErrorEraA): string {
  if (error === "NoBlob") return errorTexts.NoBlob;
  if ("BadRequest" in error) {
    return `request could not be parsed to HttpServerAction: ${error.BadRequest.req}.`;
  }
  if ("PathBindError" in error) return `path binding error: ${error.PathBindError.error}`;
  return `WebSocket error: ${error.WebSocketPushError.error}`;
}

/** What only era A says: the unreadable body (`req`), or what went wrong in words (`error`). */
export type ErrorDetail = { req: string } | { error: string };

/** Our error in the JSON of Kinode 0.9. */
export function toEraA(error: HttpServerError, detail: ErrorDetail): HttpServerErrorEraA {
  if (error === "NoBlob") return "NoBlob";
  if ("req" in detail) return { BadRequest: detail };
  return pathErrors.has(error) ? { PathBindError: detail } : { WebSocketPushError: detail };
}

const pathErrors: ReadonlySet<HttpServerError> = new Set([
  "InvalidSourceProcess",
  "TooManyBindings",
  "StaticContentTooLarge",
  "PathTooLong",
]);
