// Addresses, contexts, inheritance, and waiting inside a handler: spec/kernel.md §1 and §2.

import { assertEquals } from "@std/assert";
import { type RunningNode, startNode } from "../clients/node.ts";
import { startRemote } from "./remote.ts";
import { readProgram } from "./scripts.ts";

const ANSWERS = "our@answers:answers:template.os";

/** A node with `answers` and others, each of which has said that it is ready. */
async function startReady(others: Record<string, string>): Promise<RunningNode> {
  const node = await startNode({ files: { "answers.ts": readProgram("answers.ts"), ...others } });
  await node.waitForLine(" answers:template.os: ready");
  for (const file of Object.keys(others)) {
    await node.waitForLine(` ${file.replace(".ts", "")}:template.os: ready`);
  }
  return node;
}

/** What a process has printed so far. */
function printsOf(node: RunningNode, name: string): string[] {
  const mark = ` ${name}:template.os: `;
  return node.lines.filter((line) => line.includes(mark)).map((line) => line.split(mark)[1]!);
}

Deno.test("kernel.md §12.1, §1.3: each parse error has its name, and says what is wrong", async (t) => {
  await using node = await startNode({ files: { "addresses.ts": readProgram("addresses.ts") } });
  await node.waitForLine(" addresses:template.os: Request:");
  const faults: [text: string, fault: string][] = [
    ["a@b@c:d:e", "TooManyAts"],
    ["a:b:c", "MissingNodeId"],
    ["@a:b:c", "MissingNodeId"],
    ["n@a:b", "MissingField"],
    ["n@a::c", "MissingField"],
    ["n@a:b:c:d", "TooManyColons"],
    ["n@A:b:c", "ProcessNameNotKimapSafe"],
    ["n@a:b.b:c", "PackageNameNotKimapSafe"],
    ["n@a:b:c!", "PublisherNodeNotKimapSafe"],
    ["N@a:b:c", "NodeNotKimapSafe"],
  ];
  for (const [text, fault] of faults) {
    await node.waitForLine(` addresses:template.os: ${text} true ${fault} | Cannot parse "`);
  }
  await t.step(
    "kernel.md §12.1, §1.4: `our@` names this node wherever an address may stand",
    () => {
      assertEquals(printsOf(node, "addresses").slice(faults.length), [
        "init and our() agree: true",
        "Address: our@addresses:addresses:template.os",
        "Capability: fake.dev@addresses:addresses:template.os",
        "canMessage: true",
        "Request: fake.dev@nobody:nobody:sys",
      ]);
    },
  );
});

Deno.test("kernel.md §12.2: a response has its context; a second one and a late one are ignored", async () => {
  await using node = await startReady({});
  await node.drop("asks_with_context.ts", readProgram("asks_with_context.ts"));
  await node.waitForLine(
    " asks_with_context:template.os: SendError Timeout no-answer with of zero",
  );
  assertEquals(printsOf(node, "asks_with_context"), [
    "Response first with of twice",
    "SendError Timeout no-answer with of hold",
    "Response released with of release",
    "SendError Timeout no-answer with of zero",
  ]);
});

Deno.test("kernel.md §12.3: A→B→C: C answers A, sees A's blob, and B's own requests are B's", async () => {
  await using node = await startReady({ "passes_on.ts": readProgram("passes_on.ts") });
  const a = await startRemote(node, "a");
  for (const blob of ["one", "two"]) {
    const answer = await a.send("our@passes_on:passes_on:template.os", "hello", {
      blob,
      context: `of ${blob}`,
    });
    assertEquals([answer.source, answer.body, answer.blob, answer.context], [
      "fake.dev@answers:answers:template.os",
      '"echo"',
      blob,
      `of ${blob}`,
    ]);
  }
  await node.waitForLines([
    ' passes_on:template.os: got "echo" with my own',
    ' passes_on:template.os: got "echo" with my own',
  ]);
});

Deno.test("kernel.md §12.4: what comes while a handler awaits comes after it, in order; A is answered", async () => {
  await using node = await startReady({ "asks_inside.ts": readProgram("asks_inside.ts") });
  const a = await startRemote(node, "a");
  const b = "our@asks_inside:asks_inside:template.os";
  const answer = a.send(b, "the first", { seconds: 30 });
  await node.waitForLine(" answers:template.os: asks_inside says it asks");
  for (const text of ["second", "third", "fourth"]) await a.tell(b, text);
  assertEquals((await a.send(ANSWERS, "release")).body, "released");
  assertEquals((await answer).body, "done, after late");
  await node.waitForLine(' asks_inside:template.os: then "fourth"');
  assertEquals(printsOf(node, "asks_inside"), [
    "ready",
    '"the first" waited for late',
    'then "second"',
    'then "third"',
    'then "fourth"',
  ]);
});

Deno.test("kernel.md §2.8, §12.6: who crashes at a request fails it at once, with the reason", async () => {
  await using node = await startReady({});
  const a = await startRemote(node, "a");
  const waits = a.send(ANSWERS, "hold", { seconds: 3600 });
  assertEquals((await a.send(ANSWERS, "echo")).body, '"echo"');
  const { kind, reason, message } = await a.send(ANSWERS, "crash", { seconds: 3600 });
  assertEquals([kind, reason], ["Timeout", "crashed"]);
  assertEquals(message, "answers:answers:template.os ended before it answered a:a:template.os");
  assertEquals((await waits).reason, "crashed");
  await node.waitForLines([
    "kinode: process fake.dev@answers:answers:template.os ended with error:",
    "kinode:   Error: told to crash",
    /answers\.ts:\d+:\d+/,
    "gone; last message: a Request from a:a:template.os",
  ]);
});
