/**
 * `export default { fetch(request), websocket: { message(ws, data) } }`, as Workers, Deno and Bun users know it, over
 * messages of http_server (web_answer.ts, web_sockets.ts). Whatever else arrives goes to `message(m)`, one after the other.
 */
import { addressOf, nodeOf, parseProcessId } from "../protocol/address.ts";
import type { HttpServerRequest } from "../protocol/http_server.ts";
import { textOf } from "../protocol/message.ts";
import type { CurrentProcess } from "./current.ts";
import { bindHttpPath, bindWsPath } from "./http_server.ts";
import type { Message } from "./message.ts";
import { awaitMessage, printToTerminal } from "./standard.ts";
import { type FetchContext, type FetchEnv, report, WebAnswers } from "./web_answer.ts";
import { type WebSocketHandlers, WebSockets } from "./web_sockets.ts";

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
  fetch?(request: Request, env: FetchEnv, ctx: FetchContext): Response | Promise<Response>;
  /** WebSockets to the same paths. They stay open over a reload of the script. */
  websocket?: WebSocketHandlers;
  /** Gets every other message, one after the other. */
  message?(message: Message): unknown;
}

/** What http_server says that is not for `message(m)`. */
type Heard = HttpServerRequest | {
  /** The id of a request. */
  HttpCancelled: string;
};

/** The exports by which a default export is of this kind. */
export const WEB_STYLE_NAMES = ["fetch", "websocket", "message"] as const;

/** Serves until the worker ends; rejects if http_server refuses the path. */
export async function serveWebStyle(style: WebStyle, process: CurrentProcess): Promise<never> {
  const httpServer = addressOf(nodeOf(process.our), parseProcessId("http_server:distro:sys"));
  const { fetch = notServed, websocket = null } = style;
  const answers = new WebAnswers(fetch.bind(style), process.outbox);
  const sockets = new WebSockets(websocket);
  process.mailbox.listen((message) => {
    if (message.source !== httpServer || message.kind !== "Request") return false;
    const event = JSON.parse(textOf(message.body)) as Heard;
    if ("Http" in event) answers.answer(event.Http, message);
    else if ("HttpCancelled" in event) answers.cancel(BigInt(event.HttpCancelled));
    else return sockets.take(event, message);
    return true;
  });
  if ("scheduled" in style) {
    printToTerminal(
      0,
      "scheduled() is not called yet: use setInterval() at the script's top level",
    );
  }
  if (style.fetch !== undefined) await bindHttpPath("/", false, false, true);
  if (websocket !== null) await Promise.all(["/", "/*path"].map((path) => bindWsPath(path)));
  while (true) {
    // No door for a SendError here: a request whose answer nobody awaits is not worth the process.
    await awaitMessage().then((message) => style.message?.(message)).catch(report);
  }
}

/** For what an earlier version had bound. */
function notServed(): Response {
  return new Response("this script serves no HTTP any more", { status: 404 });
}
