// Messages and states of megabytes: they cross between processes as they are, in the order in which they were sent, and
// others are served meanwhile (issue 4, the kill matrix, shows how soon).

import { startNode } from "../clients/node.ts";

const MB = 1024 * 1024;

/** Counts what it hears, in order, and answers with what it got. */
const ECHO = `import { awaitMessage, Response } from "@kinode/process";
let heard = "";
export async function init() {
  while (true) {
    const message = await awaitMessage();
    heard += message.metadata ?? "";
    const blob = message.blob;
    new Response().body(message.body).blob({ mime: heard, bytes: blob?.bytes ?? "" }).send();
  }
}`;

const ASKS = `import { clearState, getState, println, Request, setState } from "@kinode/process";
export const config = { request_capabilities: ["echo:echo:template.os"] };

const numbered = (length) => new Uint8Array(length).map((_, i) => i * 31 + (i >> 12));
const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
const ask = (body, blob, metadata) =>
  Request.to("our@echo:echo:template.os").body(body).blobBytes(blob).metadata(metadata);

async function init() {
  const bytes = numbered(6 * ${MB} + 7);
  const text = "aé€🙂".repeat(${MB});
  const asked = [
    ask("small", "", "1"),
    ask(bytes, text, "2"),
    ask("small", "", "3"),
    ask(text, bytes, "4"),
    ask("small", "", "5"),
  ].map((request) => request.sendAndAwaitResponse(60));
  const [, second, , fourth, fifth] = await Promise.all(asked);
  println(\`order \${fifth.blob.mime}\`);
  println(\`bytes \${same(second.body, bytes)} \${same(fourth.blob.bytes, bytes)}\`);
  println(\`text \${new TextDecoder().decode(second.blob.bytes) === text} \${fourth.text() === text}\`);
  println(\`kept \${bytes.length} \${text.length}\`);
  await setState(bytes);
  println(\`state \${same(await getState(), bytes)}\`);
  await clearState();
  println(\`cleared \${await getState()}\`);
}
export { init };`;

Deno.test("bodies, blobs and states of megabytes cross whole and in order, and stay with their sender", async () => {
  await using node = await startNode({ files: { "echo.ts": ECHO, "asks.ts": ASKS } });
  const said = (text: string) => `asks:template.os: ${text}`;
  await node.waitForLines([
    said("order 12345"),
    said("bytes true true"),
    said("text true true"),
    said(`kept ${6 * MB + 7} ${5 * MB}`),
    said("state true"),
    said("cleared null"),
  ]);
});
