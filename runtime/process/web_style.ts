/**
 * `export default { fetch(request) }`, as Workers, Deno and Bun users know it, over messages of http_server:
 *
 *   {"Http":{…}} + blob  ──►  Request  ──►  fetch(request)  ──►  Response  ──►  {"status","headers"} + blob
 *
 * Requests run side by side: each answer goes to the message that it answers. Whatever else arrives goes to
 * `message(m)`, one after the other.
 */
import { addressOf, nodeOf, parseProcessId } from "../protocol/address.ts";
import type { IncomingHttpRequest } from "../protocol/http_server.ts";
import { type Body, bytesOf, type KernelMessage, responseTo, textOf } from "../protocol/message.ts";
import { toFrame } from "../protocol/port.ts";
import type { CurrentProcess } from "./current.ts";
import type { Outbox } from "./outbox.ts";
import { bindHttpPath } from "./http_server.ts";
import type { Message } from "./message.ts";
import { awaitMessage, printToTerminal } from "./standard.ts";
import { incomingRequest } from "./web_request.ts";
import { sourceTextOf } from "./web_response.ts";

/**
 * The default export of a script in web style.
 *
 * ```ts
 * import type { WebStyle } from "@kinode/process";
 *
 * export default {
 *   fetch(request) {
 *     return new Response(`hello ${new URL(request.url).pathname}`);
 *   },
 * } satisfies WebStyle;
 * ```
 */
export interface WebStyle {
  /** Answers a request to this process's path or any path below it. What it throws is printed, and answers 500. */
  fetch(request: Request): Response | Promise<Response>;
  /** Gets every other message, one after the other. */
  message?(message: Message): unknown;
}

/** Serves until the worker ends; rejects if http_server refuses the path. */
export async function serveWebStyle(style: WebStyle, process: CurrentProcess): Promise<never> {
  const httpServer = addressOf(nodeOf(process.our), parseProcessId("http_server:distro:sys"));
  process.mailbox.listen((message) => {
    if (message.source !== httpServer || message.kind !== "Request") return false;
    const { Http: head } = JSON.parse(textOf(message.body)) as { Http?: IncomingHttpRequest };
    if (head === undefined) return false;
    answer(style, head, message, process.outbox);
    return true;
  });
  await bindHttpPath("/");
  while (true) {
    // No door for a SendError here: a request whose answer nobody awaits is not worth the process.
    await awaitMessage().then((message) => style.message?.(message)).catch(report);
  }
}

/** Never rejects: what goes wrong in the script is the script's, and the client is told no more than 500. */
async function answer(
  style: WebStyle,
  head: IncomingHttpRequest,
  message: KernelMessage,
  outbox: Outbox,
): Promise<void> {
  let body: string;
  let bytes: Body;
  try {
    const result = style.fetch(toRequest(head, message.lazy_load_blob?.bytes ?? ""));
    // No turn of the event loop where none is needed: what can be answered at once leaves in one post.
    const response = result instanceof Response ? result : await result;
    if (!(response instanceof Response)) {
      throw new TypeError(`fetch(request) must return a Response, it returned ${typeof response}`);
    }
    body = JSON.stringify({ status: response.status, headers: headersOf(response) });
    bytes = sourceTextOf(response) ?? new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    report(error);
    body = '{"status":500,"headers":{"content-type":"text/plain;charset=UTF-8"}}';
    bytes = "Internal Server Error";
  }
  outbox.send(toFrame(responseTo(message, body, { mime: null, bytes })));
}

/**
 * Kinode's JSON has no port, no trailing slash and one value for each key; `path_and_query` is what the client
 * sent. Without it (another server) the fields are put together.
 */
function toRequest(head: IncomingHttpRequest, body: Body): Request {
  const { method, headers } = head;
  const hasBody = method !== "GET" && method !== "HEAD" && body.length > 0;
  return incomingRequest({
    url: `http://${headers.host ?? "localhost"}${head.path_and_query ?? joinedPath(head)}`,
    method,
    headers,
    body: hasBody ? bytesOf(body) : null,
  });
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

function report(error: unknown): void {
  printToTerminal(0, error instanceof Error ? error.stack ?? String(error) : String(error));
}
