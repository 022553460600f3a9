/**
 * HTTP requests of a process in web style, from the message to the handler and back:
 *
 *   {"Http":{…}} + blob ──► Request ──► fetch(request, env, ctx) ──► Response ──► {"status","headers"} + blob
 *             └─ body: "stream" ─► pulledBody()     a stream ─► AnswerBody ─┘
 *
 * Requests run side by side: each answer goes to the message that it answers. `HttpCancelled` says that the
 * client has gone: it aborts `request.signal`, and cancels the stream that is being sent.
 */
import { ById } from "../protocol/by_id.ts";
import type { IncomingHttpRequest } from "../protocol/http_server.ts";
import { type Body, bytesOf, type KernelMessage, responseTo } from "../protocol/message.ts";
import { toFrame } from "../protocol/port.ts";
import { current } from "./current.ts";
import { describe } from "./describe.ts";
import { AnswerBody, clientGone, isClientGone, pulledBody } from "./http_streams.ts";
import type { Outbox } from "./outbox.ts";
import { printToTerminal } from "./standard.ts";
import { incomingRequest } from "./web_request.ts";
import { sourceOf } from "./web_response.ts";

/** What a handler gets beside the request, as in Workers. */
export interface FetchContext {
  /** A promise that may go on after the answer; what it rejects with is printed. */
  waitUntil(promise: Promise<unknown>): void;
  /** Does nothing: there is no other server behind this one. */
  passThroughOnException(): void;
}

/** Always empty: what a process may use it imports, or asks for by message. */
export type FetchEnv = Readonly<Record<string, never>>;

/** Answers a request. */
export type FetchHandler = (
  request: Request,
  env: FetchEnv,
  ctx: FetchContext,
) => Response | Promise<Response>;

const Native = globalThis.Response;

export const ENV: FetchEnv = Object.freeze({});
export const CONTEXT: FetchContext = Object.freeze({
  waitUntil(promise: Promise<unknown>): void {
    const { held } = current();
    held.add(promise);
    Promise.resolve(promise).catch(report).finally(() => held.delete(promise));
  },
  passThroughOnException(): void {},
});

/** How a stack trace names a line of the script, before the kernel maps it. */
const BUNDLE = "data:text/javascript";

/** Of a path in what is printed. */
const PATH_CHARS_SHOWN = 200;

const FAILED = '{"status":500,"headers":{"content-type":"text/plain;charset=UTF-8"}}';

/** What a script was at when something went wrong. */
interface Doing {
  /** In words. */
  what: string;
  /** A frame to name where no line of the script is named. */
  frame: string | null;
}

/** Prints what went wrong in the script, with its stack, and on lines behind it what it was doing. */
export function report(error: unknown, doing?: Doing): void {
  const lines = [describe(error)];
  if (doing?.frame && !lines[0]!.includes(BUNDLE)) lines.push(`    at ${doing.frame}`);
  if (doing !== undefined) lines.push(`    ${doing.what}`);
  printToTerminal(0, lines.join("\n"));
}

/** What came instead, in a word or two. */
function nameOf(value: unknown): string {
  if (value === null || value === undefined) return `${value}`;
  if (Array.isArray(value)) return "an array";
  if (typeof value !== "object") return `a ${typeof value}`;
  const { name } = Object(value.constructor) as { name?: unknown };
  return typeof name === "string" && name !== "Object" && name !== "" ? `a ${name}` : "an object";
}

/** The client of one request, as long as the answer is under way. */
class Client {
  #controller: AbortController | null = null;
  #gone = false;
  body: AnswerBody | null = null;

  /** Made when it is asked for: most handlers never look. */
  readonly signal = (): AbortSignal => {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#gone) this.#controller.abort(clientGone());
    }
    return this.#controller.signal;
  };

  leave(): void {
    this.#gone = true;
    this.#controller?.abort(clientGone());
    this.body?.cancel(clientGone());
  }
}

export interface WebAnswersOptions {
  fetch: FetchHandler;
  /** Where `fetch` stands in the bundle, as stack traces name it; `null` if nobody knows. */
  place: string | null;
  outbox: Outbox;
}

export class WebAnswers {
  readonly #fetch: FetchHandler;
  readonly #place: string | null;
  readonly #outbox: Outbox;
  readonly #underWay = new ById<Client>();

  constructor({ fetch, place, outbox }: WebAnswersOptions) {
    this.#fetch = fetch;
    this.#place = place;
    this.#outbox = outbox;
  }

  /** Never rejects: what goes wrong in the script is the script's, and the client is told no more than 500. */
  async answer(head: IncomingHttpRequest, message: KernelMessage): Promise<void> {
    const client = new Client();
    let body: AnswerBody | null;
    try {
      const result = this.#fetch(toRequest(head, message, client), ENV, CONTEXT);
      // No turn of the event loop where none is needed: what can be answered at once leaves in one post.
      const response = result instanceof Native
        ? result
        : await this.#underWayOf(message.id, client, result);
      body = await this.#respond(response, message);
    } catch (error) {
      this.#report(error, head);
      this.#send(message, FAILED, "Internal Server Error");
      body = null;
    }
    if (body !== null) {
      await this.#stream(body, message.id, client).catch((error) => this.#report(error, head));
    }
    this.#underWay.delete(message.id);
  }

  #report(error: unknown, head: IncomingHttpRequest): void {
    if (isClientGone(error)) return;
    const frame = this.#place === null ? null : `fetch (${this.#place})`;
    report(error, { what: `answering ${requestOf(head)}`, frame });
  }

  /** The client of this request has gone. */
  cancel(id: bigint): void {
    this.#underWay.get(id)?.leave();
  }

  #underWayOf<T>(id: bigint, client: Client, result: T): T {
    this.#underWay.set(id, client);
    return result;
  }

  /** Sends the answer; of one that streams its head, and returns its body. */
  async #respond(response: Response, message: KernelMessage): Promise<AnswerBody | null> {
    if (!(response instanceof Native)) {
      const name = nameOf(response);
      const whose = name === "a Response" ? " of @kinode/process, which answers a message" : "";
      throw new TypeError(`fetch(request) must return a Response, it returned ${name}${whose}`);
    }
    if (response.status < 200) {
      throw new TypeError(`fetch(request) returned a Response of status ${response.status}`);
    }
    const source = sourceOf(response);
    const head = { status: response.status, headers: headersOf(response) };
    if (typeof source === "object") {
      this.#send(message, JSON.stringify(head), source.text);
      return null;
    }
    if (source === "whole" || response.body === null) {
      this.#send(message, JSON.stringify(head), new Uint8Array(await response.arrayBuffer()));
      return null;
    }
    const body = new AnswerBody(message.id, response.body);
    this.#send(message, JSON.stringify({ ...head, stream: true }), "");
    return body;
  }

  async #stream(body: AnswerBody, id: bigint, client: Client): Promise<void> {
    this.#underWay.set(id, client);
    client.body = body;
    const { held } = current();
    held.add(body);
    await body.send().finally(() => held.delete(body));
  }

  #send(message: KernelMessage, body: string, bytes: Body): void {
    this.#outbox.send(toFrame(responseTo(message, body, { mime: null, bytes })));
  }
}

/**
 * Kinode's JSON has no port, no trailing slash and one value for each key; `path_and_query` is what the client
 * sent. Without it (another server) the fields are put together.
 */
function toRequest(head: IncomingHttpRequest, message: KernelMessage, client: Client): Request {
  const { method, headers } = head;
  const scheme = head.url.startsWith("https:") ? "https" : "http";
  return incomingRequest({
    url: `${scheme}://${headers.host ?? "localhost"}${head.path_and_query ?? joinedPath(head)}`,
    method,
    headers,
    body: bodyOf(head, message),
    signal: client.signal,
  });
}

/** Method and path, as the client sent them; what stands in a query is nobody else's. */
function requestOf(head: IncomingHttpRequest): string {
  const path = (head.path_and_query ?? joinedPath(head)).replace(/\?.*$/s, "");
  return `${head.method} ${path.slice(0, PATH_CHARS_SHOWN)}`;
}

function bodyOf(
  { method, body }: IncomingHttpRequest,
  { id, lazy_load_blob }: KernelMessage,
): Uint8Array | ReadableStream<Uint8Array> | null {
  if (method === "GET" || method === "HEAD") return null;
  if (body === "stream") return pulledBody(id);
  const bytes = lazy_load_blob?.bytes ?? "";
  return bytes.length > 0 ? bytesOf(bytes) : null;
}

function joinedPath({ url, query_params }: IncomingHttpRequest): string {
  const pathAt = url.indexOf("/", "http://".length);
  const path = pathAt < 0 ? "/" : url.slice(pathAt);
  const query = new URLSearchParams(query_params).toString();
  return query === "" ? path : `${path}?${query}`;
}

/** `forEach` takes a third of the time of `for … of` (Deno 2.9.6). Only `set-cookie` comes more than once. */
function headersOf(response: Response): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  response.headers.forEach((value, name) => {
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  });
  return headers;
}
