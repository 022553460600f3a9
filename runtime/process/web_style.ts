/**
 * `export default { fetch(request) }`, as Workers, Deno and Bun users know it, over messages of http_server
 * (web_answer.ts). Whatever else arrives goes to `message(m)`, one after the other.
 */
import { addressOf, nodeOf, parseProcessId } from "../protocol/address.ts";
import type { IncomingHttpRequest } from "../protocol/http_server.ts";
import { textOf } from "../protocol/message.ts";
import type { CurrentProcess } from "./current.ts";
import { bindHttpPath } from "./http_server.ts";
import type { Message } from "./message.ts";
import { awaitMessage } from "./standard.ts";
import { type FetchContext, type FetchEnv, report, WebAnswers } from "./web_answer.ts";

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
  fetch(request: Request, env: FetchEnv, ctx: FetchContext): Response | Promise<Response>;
  /** Gets every other message, one after the other. */
  message?(message: Message): unknown;
}

/** What http_server says that is not for `message(m)`. */
interface Heard {
  Http?: IncomingHttpRequest;
  /** The id of a request. */
  HttpCancelled?: string;
}

/** Serves until the worker ends; rejects if http_server refuses the path. */
export async function serveWebStyle(style: WebStyle, process: CurrentProcess): Promise<never> {
  const httpServer = addressOf(nodeOf(process.our), parseProcessId("http_server:distro:sys"));
  const answers = new WebAnswers(style.fetch.bind(style), process.outbox);
  process.mailbox.listen((message) => {
    if (message.source !== httpServer || message.kind !== "Request") return false;
    const { Http: head, HttpCancelled: gone } = JSON.parse(textOf(message.body)) as Heard;
    if (head !== undefined) answers.answer(head, message);
    else if (gone !== undefined) answers.cancel(BigInt(gone));
    else return false;
    return true;
  });
  await bindHttpPath("/", false, false, true);
  while (true) {
    // No door for a SendError here: a request whose answer nobody awaits is not worth the process.
    await awaitMessage().then((message) => style.message?.(message)).catch(report);
  }
}
