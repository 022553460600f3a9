// Handlers as Workers, Deno and Bun users write them (issue 4, item 4), unchanged.
import { assertEquals } from "@std/assert";
import { curl } from "../clients/curl.ts";
import { testNeeding } from "../clients/needs.ts";
import { startNode } from "../clients/node.ts";
import { firstAnswer } from "./bound.ts";
import { readProgram } from "./scripts.ts";

/** Default exports that all answer `hello`. */
const handlers = {
  "object.ts": `export default { fetch() { return new Response("hello"); } };`,
  "asynchronous.ts": `export default { async fetch() { return await new Response("hello"); } };`,
  "handler.ts": `export default (request) => new Response("hello");`,
  "instance.ts": `class App {
    #text = "hello";
    fetch(request, env, ctx) { return new Response(this.#text); }
  }
  export default new App();`,
  "callable.ts": `const app = () => { throw new Error("not me"); };
  app.fetch = () => new Response("hello");
  export default app;`,
  // As routers are that make a method of any name (itty-router).
  "router.ts": `const app = { fetch: () => new Response("hello") };
  export default Object.setPrototypeOf(app, new Proxy({}, { get: () => () => app }));`,
  "kinode_style.ts": `import { awaitMessage, http } from "@kinode/process";
  export async function init() {
    await http.bindHttpPath("/");
    while (true) {
      await awaitMessage();
      await http.sendStreamingResponse(200, null, ReadableStream.from(["hel", "lo"]));
    }
  }`,
  "kinode_uploads.ts": `import { awaitMessage, http } from "@kinode/process";
  export async function init() {
    await http.bindHttpPath("/", false, false, true);
    while (true) {
      const message = await awaitMessage();
      let bytes = 0;
      for await (const piece of http.requestBody(message)) bytes += piece.length;
      http.sendResponse(200, null, bytes === 0 ? "hello" : bytes + " bytes");
    }
  }`,
};

testNeeding(["curl"], "every form of a handler answers", async (t) => {
  await using node = await startNode({ files: handlers });
  for (const file of Object.keys(handlers)) {
    const name = file.replace(".ts", "");
    const url = `${node.url}/${name}:${name}:template.os`;
    await t.step(file, async () => {
      assertEquals((await firstAnswer(url)).text, "hello");
    });
  }
  await t.step("kinode_uploads.ts counts small bodies and large ones", async () => {
    const url = `${node.url}/kinode_uploads:kinode_uploads:template.os`;
    for (const size of [7, 3_000_000]) {
      const answer = await fetch(url, { method: "POST", body: new Uint8Array(size) });
      assertEquals(await answer.text(), `${size} bytes`);
    }
  });
});

testNeeding(
  ["curl"],
  "env is empty, ctx.waitUntil goes on after the answer and its failure is printed",
  async () => {
    await using node = await startNode({ files: { "web.ts": readProgram("web_streams.ts") } });
    await node.waitForLine("started web:web:template.os");
    const { text } = await firstAnswer(`${node.url}/web:web:template.os/context`);
    assertEquals(JSON.parse(text), { env: {}, frozen: true });
    await node.waitForLine(" web:template.os: Error: after the answer");
    assertEquals((await curl([`${node.url}/web:web:template.os`])).text, "streams");
  },
);
