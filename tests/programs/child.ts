/** Started by another: the first thing it does is to message its parent; then it does as `remote.ts` does. */
import { awaitMessage, our, ourCapabilities, println, Request, Response } from "@kinode/process";

export async function init() {
  Request.to("our@parent:parent:template.os").body(`${our().processName} greets`).send();
  while (true) {
    const message = await awaitMessage();
    const held = await ourCapabilities();
    println(`got ${message.text()}`);
    Response.to(message).body(JSON.stringify(held)).send();
  }
}
