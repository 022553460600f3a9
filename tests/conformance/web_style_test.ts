// `export default { fetch }`, `fetch` and `WebSocket` inside a process (issue 2, "@kinode/process"), with clients and
// servers that know nothing of Kinode.

import { assertEquals, assertMatch } from "@std/assert";
import { curl } from "../clients/curl.ts";
import { testNeeding } from "../clients/needs.ts";
import { startNode } from "../clients/node.ts";
import { firstAnswer } from "./bound.ts";
import { readProgram } from "./scripts.ts";
import { WsServer } from "./ws_peer.ts";

testNeeding(
  ["curl"],
  "web style: fetch(request) gets the client's request, and is heard",
  async (t) => {
    await using node = await startNode({
      files: { "web_throws.ts": readProgram("web_throws.ts") },
    });
    const url = `${node.url}/web_throws:web_throws:template.os`;
    await node.waitForLine("kinode: started web_throws:web_throws:template.os");
    await firstAnswer(url);

    await t.step(
      "method, URL with port and query, headers and body; status and headers back",
      async () => {
        const type = "content-type: text/csv";
        const answer = await curl(["-X", "POST", "-H", type, "-d", "a;ü", `${url}/deep?q=a%20b`]);
        assertEquals([answer.status, answer.headers.get("content-type")], [
          201,
          "application/json",
        ]);
        assertEquals(JSON.parse(answer.text), {
          method: "POST",
          url: `${url}/deep?q=a%20b`,
          type: "text/csv",
          body: "a;ü",
        });
      },
    );

    await t.step(
      "what is no Response is named, with the line of fetch and the request",
      async () => {
        const answer = await curl([`${url}/text?token=secret`]);
        assertEquals([answer.status, answer.text], [500, "Internal Server Error"]);
        await node.waitForLines([
          / web_throws:template\.os: TypeError: fetch\(request\) must return a Response, it returned a string$/,
          / web_throws:template\.os: +at fetch \(web_throws\.ts:3:3\)$/,
          / web_throws:template\.os: +answering GET \/web_throws:web_throws:template\.os\/text$/,
        ]);
      },
    );

    await t.step("two cookies are two headers", async () => {
      const answer = await curl([`${url}/cookies`]);
      assertEquals(answer.headers.getSetCookie(), ["a=1", "b=2"]);
      assertEquals(answer.text, "two cookies");
    });

    await t.step(
      "what fetch throws answers 500, prints its stack, and does not end the process",
      async () => {
        const answer = await curl([`${url}/throw`]);
        assertEquals([answer.status, answer.text], [500, "Internal Server Error"]);
        await node.waitForLines([
          / web_throws:template\.os: Error: boom in fetch$/,
          / web_throws:template\.os: +at .*\(web_throws\.ts:5:44\)$/,
          / web_throws:template\.os: +answering GET \/web_throws:web_throws:template\.os\/throw$/,
        ]);
        assertEquals((await curl([`${url}/cookies`])).status, 200);
      },
    );
  },
);

testNeeding(
  ["curl"],
  "fetch and WebSocket inside a process speak through http_client",
  async (t) => {
    await using node = await startNode({ files: { "calls_out.ts": readProgram("calls_out.ts") } });
    const url = `${node.url}/calls_out:calls_out:template.os`;
    await node.waitForLine("kinode: started calls_out:calls_out:template.os");
    await firstAnswer(url);
    const ask = async (to: string) =>
      (await curl(["-G", "--data-urlencode", `to=${to}`, url])).text;

    await t.step("fetch() gets the answer of a server", async () => {
      const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
      const server = Deno.serve(options, async (request) => {
        return new Response(`${request.method} ${await request.text()}`, { status: 418 });
      });
      const to = `http://127.0.0.1:${server.addr.port}/a`;
      assertEquals(await ask(to), `418 ${to} POST ping`);
      await server.shutdown();
      assertMatch(await ask(to), /^TypeError: error sending request for url \(http:.*\/a\): /);
    });

    await t.step("fetch() reads a data: URL, and no file", async () => {
      assertEquals(await ask("data:text/plain,hello"), "200 data:text/plain,hello hello");
      assertMatch(await ask("file:///etc/passwd"), /^TypeError: .* is not http or https$/);
    });

    await t.step("WebSocket talks to a server, and tells its end", async () => {
      const server = await WsServer.start();
      const { url: to } = server;
      const told = ask(to);
      const peer = await server.accept();
      peer.send(`${new TextDecoder().decode((await peer.next()).bytes)} to you`);
      assertEquals(await told, "message hello to you, close");
      await server[Symbol.asyncDispose]();
      assertEquals(await ask(to), "error, close");
    });
  },
);
