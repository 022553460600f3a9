/**
 * A package of two processes. This one serves HTTP, and nothing else; the lines are kept by the other.
 *
 *   curl -d 'hello' http://localhost:8080/chat:chat:template.os/
 *   curl http://localhost:8080/chat:chat:template.os/
 */
import { Request as Question } from "@kinode/process";
import { LINE_CHARS_MAX, type Lines, type ToHistory } from "./words.ts";

async function ask(question: ToHistory): Promise<Lines> {
  const answer = await Question.to("our@history:chat:template.os")
    .body(JSON.stringify(question))
    .sendAndAwaitResponse(5);
  return answer.json<Lines>();
}

export default {
  async fetch(request: Request): Promise<Response> {
    if (request.method === "GET") {
      return new Response((await ask("All")).map((line) => `${line}\n`).join(""));
    }
    const line = await request.text();
    if (line.length > LINE_CHARS_MAX) return new Response("too long\n", { status: 413 });
    const lines = await ask({ Add: line });
    return new Response(`${lines.length} lines\n`, { status: 201 });
  },
};
