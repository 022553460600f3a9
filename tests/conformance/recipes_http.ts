// The founding document's recipes over HTTP, step by step (spec/http.md §6.1, §6.2), with curl as the client.

import { assertEquals } from "@std/assert";
import { curl } from "../clients/curl.ts";
import { testNeeding } from "../clients/needs.ts";
import { startNode } from "../clients/node.ts";
import { curlBound } from "./bound.ts";
import { readExample } from "./scripts.ts";

const PAGE = "https://raw.githubusercontent.com/kinode-dao/kinode-wit/master/kinode.wit";

/** A server that is not the node: what it was asked, and one answer for all. */
function serveText(text: string, status: number) {
  const asked: string[][] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { method, url, headers } = request;
    asked.push([method, new URL(url).pathname, headers.get("accept") ?? "", await request.text()]);
    return new Response(text, { status });
  });
  return { asked, url: `http://127.0.0.1:${server.addr.port}`, stop: () => server.shutdown() };
}

/** A port where nobody listens: one that was just given back. */
function findRefusedPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

Deno.test("spec/http.md §6.1 HTTP client: begin, the answer's body whatever its status, the end", async () => {
  const server = serveText("interface standard {\n  // the answer\n}\n", 404);
  const script = readExample("http_client.ts", [PAGE, `${server.url}/master/kinode.wit`]);
  await using node = await startNode({ files: { "http_client.ts": script } });
  await node.waitForLines([
    / http_client:template\.os: begin$/,
    / http_client:template\.os: interface standard {$/,
    " http_client:template.os:   // the answer",
    / http_client:template\.os: }$/,
    "process fake.dev@http_client:http_client:template.os returned without error",
  ]);
  assertEquals(server.asked, [["GET", "/master/kinode.wit", "*/*", ""]]);
  await server.stop();
});

Deno.test("spec/http.md §6.1.5 HTTP client: a refused connection ends the process with RequestFailed", async () => {
  const url = `http://127.0.0.1:${findRefusedPort()}/`;
  const script = readExample("http_client.ts", [PAGE, url]);
  await using node = await startNode({ files: { "http_client.ts": script } });
  await node.waitForLines([
    / http_client:template\.os: begin$/,
    "process fake.dev@http_client:http_client:template.os ended with error:",
    /request failed: RequestFailed { error: ".+" }$/,
    /at .*http_client\.ts:\d+:\d+/,
  ]);
});

testNeeding(["curl"], "spec/http.md §6.2 HTTP server", async (t) => {
  await using node = await startNode({
    files: { "http_server.ts": readExample("http_server.ts") },
  });
  const path = `${node.url}/http_server:http_server:template.os`;
  await node.waitForLine(/ http_server:template\.os: begin$/);

  await t.step("3-6: PUT answers 200 with an empty body, then prints what it read", async () => {
    const answer = await curlBound(["-X", "PUT", "-d", '{"Hello": "greetings"}', path]);
    assertEquals([answer.status, answer.text], [200, ""]);
    assertEquals(answer.headers.get("content-type"), "application/octet-stream");
    assertEquals(answer.headers.get("content-length"), "0");
    await node.waitForLine(
      / http_server:template\.os: Ok\(Object {"Hello": String\("greetings"\)}\)$/,
    );
  });

  const bodies: [body: string, line: string][] = [
    ["", 'Err(Error("EOF while parsing a value", line: 1, column: 0))'],
    ["abc", 'Err(Error("expected value", line: 1, column: 1))'],
    ["[null,true,1.5]", "Ok(Array [Null, Bool(true), Number(1.5)])"],
  ];
  for (const [body, line] of bodies) {
    await t.step(`6: the body ${JSON.stringify(body)} prints ${line}`, async () => {
      const from = node.lines.length;
      assertEquals((await curl(["-X", "PUT", "-d", body, path])).status, 200);
      await node.waitForLine(` http_server:template.os: ${line}`, { from });
    });
  }

  for (const end of ["/", "/any/path/below", "/?query=1"]) {
    await t.step(`8: the path with ${end} behaves the same`, async () => {
      const from = node.lines.length;
      assertEquals((await curl(["-X", "PUT", "-d", "1", path + end])).status, 200);
      await node.waitForLine(" http_server:template.os: Ok(Number(1))", { from });
    });
  }
});
