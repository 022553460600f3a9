/**
 * `export default { fetch(request), websocket: {…} }`, as Workers, Deno and Bun users know it, over messages of
 * http_server (web_answer.ts, web_sockets.ts). Whatever else arrives goes to `message(m)`, one after the other.
 */
import { addressOf, nodeOf, parseProcessId } from "../protocol/address.ts";
import type { IncomingHttpRequest } from "../protocol/http_server.ts";
import { textOf } from "../protocol/message.ts";
import type { CurrentProcess } from "./current.ts";
import { bindHttpPath } from "./http_server.ts";
import type { Message } from "./message.ts";
import { type Clock, Schedule, type ScheduledHandler } from "./schedule.ts";
import type { WebSocketHandlers } from "./server_web_socket.ts";
import { awaitMessage } from "./standard.ts";
import { type FetchContext, type FetchEnv, report, WebAnswers } from "./web_answer.ts";
import { type SocketEvent, WebSockets } from "./web_sockets.ts";

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
  /** WebSocket clients may connect to this process's path, and to any below it. */
  websocket?: WebSocketHandlers;
  /**
   * Called when `config.schedule` says so, in UTC; a call that would come while the last one is running is left out.
   *
   * ```ts
   * import type { WebStyle } from "@kinode/process";
   *
   * export const config = { schedule: ["0 3 * * *"] };
   * export default {
   *   async scheduled({ cron, scheduledTime }) {
   *     console.log(`${cron} at ${new Date(scheduledTime).toISOString()}`);
   *   },
   * } satisfies WebStyle;
   * ```
   */
  scheduled?: ScheduledHandler;
  /** Gets every other message, one after the other. */
  message?(message: Message): unknown;
}

/** What http_server says that is not for `message(m)`. */
interface Heard extends SocketEvent {
  Http?: IncomingHttpRequest;
  /** The id of a request. */
  HttpCancelled?: string;
}

interface ServeOptions {
  /** When to call `scheduled`. */
  crons: readonly string[];
  /** Where `fetch` stands (place.ts). */
  place: string | null;
}

/** Serves until the worker ends; rejects if http_server refuses the path. */
export async function serveWebStyle(
  style: WebStyle,
  process: CurrentProcess,
  { crons, place }: ServeOptions = { crons: [], place: null },
): Promise<never> {
  const httpServer = addressOf(nodeOf(process.our), parseProcessId("http_server:distro:sys"));
  const fetch = style.fetch?.bind(style) ?? notFound;
  const answers = new WebAnswers({ fetch, place, outbox: process.outbox });
  const sockets = new WebSockets(style, process);
  process.mailbox.listen((message) => {
    if (message.source !== httpServer || message.kind !== "Request") return false;
    const heard = JSON.parse(textOf(message.body)) as Heard;
    if (heard.Http !== undefined) answers.answer(heard.Http, message);
    else if (heard.HttpCancelled !== undefined) answers.cancel(BigInt(heard.HttpCancelled));
    else return sockets.take(heard, message);
    return true;
  });
  if (style.fetch !== undefined) await bindHttpPath("/", false, false, true);
  if (style.websocket !== undefined) await sockets.bind();
  if (style.scheduled !== undefined) new Schedule(style.scheduled.bind(style), CLOCK).start(crons);
  while (true) {
    // No door for a SendError here: a request whose answer nobody awaits is not worth the process.
    await awaitMessage().then((message) => style.message?.(message)).catch(report);
  }
}

/** Taken before a script can lay hands on it. */
const CLOCK: Clock = { now: Date.now, later: setTimeout };

/** For a path that a version before this one has bound. */
function notFound(): Response {
  return new Response("Not Found", { status: 404 });
}
