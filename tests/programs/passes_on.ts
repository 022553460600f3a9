/** Lets another process answer each request in its place, blob included; then asks it something of its own. */
import { awaitMessage, println, Request } from "@kinode/process";

export const config = { public: true, on_exit: "None" };

const next = "our@answers:answers:template.os";

export async function init() {
  println("ready");
  while (true) {
    await awaitMessage();
    Request.to(next).body('"echo"').inherit(true).send();
    const own = await Request.to(next).body('"echo"').blob({ bytes: "my own" })
      .sendAndAwaitResponse(10);
    println(`got ${own.text()} with ${new TextDecoder().decode(own.blob!.bytes)}`);
  }
}
