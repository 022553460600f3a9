// Does over HTTP what a test asks it to. POST /control with a list of actions sends them to http_server and answers
// with its replies. Every other request is echoed as http_server told it, unless its query says otherwise:
// ?answer=TEXT is answered with exactly this body (and ?blob=TEXT, if given), ?do=nothing is not answered at all,
// ?do=die ends the process.
import { awaitMessage, http, type Message, println, Request, Response } from "@kinode/process";

interface Act {
  action: unknown;
  blob?: { mime: string | null; bytes: string };
}

const SERVER = "our@http-server:distro:sys";

export async function init() {
  await http.bindHttpPath("/control");
  println("bound");
  while (true) {
    const message = await awaitMessage();
    const request = http.HttpServerRequest.parse(message);
    if (!("Http" in request)) continue;
    const { Http: asked } = request;
    const { answer, blob, do: what } = asked.queryParams;
    if (asked.boundPath().endsWith("/control")) {
      const acts = JSON.parse(new TextDecoder().decode(message.blob?.bytes)) as Act[];
      reply(message, JSON.stringify(await perform(acts)));
    } else if (answer !== undefined) {
      const response = Response.to(message).body(answer);
      (blob === undefined ? response : response.blob({ bytes: blob })).send();
    } else if (what === "die") {
      throw new Error("asked to die");
    } else if (what !== "nothing") {
      const { blob } = message;
      const bytes = blob && new TextDecoder().decode(blob.bytes);
      reply(message, JSON.stringify({ Http: asked, blob: blob && { mime: blob.mime, bytes } }));
    }
  }
}

function reply(message: Message, text: string): void {
  const head = JSON.stringify({ status: 200, headers: { "content-type": "application/json" } });
  Response.to(message).body(head).blob({ bytes: text }).send();
}

async function perform(acts: Act[]): Promise<unknown[]> {
  const replies: unknown[] = [];
  for (const { action, blob } of acts) {
    const request = Request.to(SERVER).body(JSON.stringify(action));
    const answer = await (blob ? request.blob(blob) : request).sendAndAwaitResponse(5);
    replies.push(answer.json());
  }
  return replies;
}
