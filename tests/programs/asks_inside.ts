/** While it handles a request it asks another process and waits; then answers, then reads what came meanwhile. */
import { awaitMessage, println, Request, Response } from "@kinode/process";

export const config = { public: true, on_exit: "None" };

export async function init() {
  println("ready");
  const first = await awaitMessage();
  Request.to("our@answers:answers:template.os").body('{"print":"it asks"}').send();
  const answer = await Request.to("our@answers:answers:template.os").body('"hold"')
    .sendAndAwaitResponse(30);
  println(`${first.text()} waited for ${answer.text()}`);
  new Response().body(`done, after ${answer.text()}`).send();
  while (true) println(`then ${(await awaitMessage()).text()}`);
}
