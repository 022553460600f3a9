// What goes wrong, and what is said of it (issue 2, "Bad input"; spec/http.md §1.3, §2.5): to the client as a status,
// to the process as an answer or a SendError, to the person at the terminal as a line. Only the waits of 15 s
// stand elsewhere (recipes_reply.ts).

import { assertEquals, assertMatch } from "@std/assert";
import { curl } from "../clients/curl.ts";
import { testNeeding } from "../clients/needs.ts";
import { startNode } from "../clients/node.ts";
import { untilAnswer } from "./bound.ts";
import { readExample, readProgram } from "./scripts.ts";

testNeeding(["curl"], "spec/http.md §2.5: what a process answers badly", async (t) => {
  const files = {
    "bad_response.ts": readProgram("bad_response.ts"),
    "ends.ts": readProgram("ends.ts"),
  };
  await using node = await startNode({ files });
  const bad = `${node.url}/bad_response:bad_response:template.os`;
  await node.waitForLine(" bad_response:template.os: bound");

  const heads: [head: string, status: number, body: string][] = [
    ['{"status":201,"headers":{"x-a":"b"}}', 201, "a body"],
    ["nonsense", 500, ""],
    ["", 500, ""],
    ['{"status":200}', 500, ""],
    ['{"status":"200","headers":{}}', 500, ""],
    ['{"status":99,"headers":{}}', 500, "a body"],
    ['{"status":200,"headers":{"bad name":"x","good":"y"}}', 200, "a body"],
  ];
  for (const [head, status, body] of heads) {
    await t.step(`the head ${JSON.stringify(head)} gives ${status}`, async () => {
      const answer = await curl(["-X", "POST", "-d", head, bad]);
      assertEquals([answer.status, answer.text], [status, body]);
    });
  }

  await t.step("no binding: 404", async () => {
    const answer = await curl([`${node.url}/nobody:nobody:template.os/`]);
    assertEquals([answer.status, answer.text], [404, ""]);
  });

  await t.step("a process that has ended: 503", async () => {
    const ends = `${node.url}/ends:ends:template.os`;
    await node.waitForLine(" ends:template.os: bound");
    assertEquals((await curl([ends])).text, "the only answer");
    await node.waitForLine("process fake.dev@ends:ends:template.os returned without error");
    assertEquals((await curl([ends])).status, 503);
  });
});

Deno.test("spec/http.md §1.3, §4.4: a malformed action is answered in the words of the name that was asked", async () => {
  const file = "malformed_action.ts";
  await using node = await startNode({ files: { [file]: readProgram("malformed_action.ts") } });
  const prefix = " malformed_action:template.os: ";
  await node.waitForLines([
    `${prefix}http_server:distro:sys {"Err":{"BadRequest":{"req":"nonsense"}}}`,
    `${prefix}http-server:distro:sys {"Err":"MalformedRequest"}`,
    `${prefix}http_client:distro:sys {"Err":{"BadRequest":{"req":"nonsense"}}}`,
    `${prefix}http-client:distro:sys {"Err":"MalformedRequest"}`,
  ]);
});

Deno.test("issue 2: a message that cannot be delivered comes back at once, with the reason", async () => {
  await using node = await startNode({ files: { "silent.ts": readProgram("silent.ts") } });
  await node.waitForLine(" silent:template.os: bound");
  await node.drop("refused.ts", readProgram("refused.ts"));
  const [missing = "", forbidden = ""] = await node.waitForLines([
    " refused:template.os: Timeout no-such-process at once: ",
    " refused:template.os: Timeout not-permitted at once: ",
  ]);
  assertMatch(missing, /nobody:nowhere:template\.os, which does not exist/);
  assertMatch(forbidden, /may not message silent:silent:template\.os/);
});

testNeeding(
  ["curl"],
  "issue 2: a script that throws at load shows its own lines; the node goes on",
  async () => {
    const files = {
      "throws_at_load.ts": readProgram("throws_at_load.ts"),
      "hello.ts": readExample("hello.ts"),
    };
    await using node = await startNode({ files });
    await node.waitForLines([
      "process fake.dev@throws_at_load:throws_at_load:template.os ended with error:",
      "Error: boom at load",
      /at fail \(.*throws_at_load\.ts:5:9\)/,
      /at .*throws_at_load\.ts:8:1\b/,
    ]);
    await node.waitForLine("kinode: started hello:hello:template.os");
    await untilAnswer(`${node.url}/hello:hello:template.os`, "hello, world\n");
  },
);

testNeeding(
  ["curl"],
  "issue 2: a syntax error is reported with its place; the others run",
  async () => {
    const files = {
      "broken.ts": "const fine = 1;\nlet a = 5 x;\n",
      "hello.ts": readExample("hello.ts"),
    };
    await using node = await startNode({ files });
    await node.waitForLine(/^kinode: broken\.ts:2:11: error: /);
    await node.waitForLine("kinode: started hello:hello:template.os");
    await untilAnswer(`${node.url}/hello:hello:template.os`, "hello, world\n");
  },
);
