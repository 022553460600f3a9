// What happens when a process ends: spec/kernel.md §2.11 and §3.5.

import { assertEquals } from "@std/assert";
import { type RunningNode, startNode } from "../clients/node.ts";
import { KERNEL, type Remote, RULES, startRemote } from "./remote.ts";
import { readProgram } from "./scripts.ts";

const DIES = "our@dies:dies:template.os";
const DIES_ID = "dies:dies:template.os";

async function startDying(): Promise<{ node: RunningNode; boss: Remote }> {
  const files = { "dies.ts": readProgram("dies.ts"), "answers.ts": readProgram("answers.ts") };
  const node = await startNode({ files });
  await node.waitForLine(" dies:template.os: alive");
  await node.waitForLine(" answers:template.os: ready");
  return { node, boss: await startRemote(node, "boss", RULES) };
}

/** A request of an on-exit, in Kinode's JSON. */
function lastRequest(to: string, body: unknown) {
  const bytes = [...new TextEncoder().encode(JSON.stringify(body))];
  const request = {
    inherit: false,
    expects_response: null,
    body: bytes,
    metadata: null,
    capabilities: [],
  };
  return [to, request, null];
}

async function isThere(boss: Remote): Promise<boolean> {
  const { Debug } = await boss.ask<{ Debug: { Process: unknown } }>(KERNEL, {
    Debug: { Process: DIES_ID },
  });
  return Debug.Process !== null;
}

for (const how of ["return", "throw"]) {
  const said = how === "return" ? "returned without error" : "ended with error:";

  Deno.test(`kernel.md §12.6, §3.5: OnExit None, by ${how}: it is gone`, async () => {
    const { node, boss } = await startDying();
    await using _node = node;
    await boss.tell(DIES, { on_exit: "None", how });
    await node.waitForLines([
      `kinode: process fake.dev@${DIES_ID} ${said}`,
      "kinode: gone; last message:",
    ]);
    assertEquals(await isThere(boss), false);
    assertEquals((await boss.send(DIES, {})).reason, "no-such-process");
  });

  Deno.test(`kernel.md §12.6, §3.5: OnExit Restart, by ${how}: it is started anew`, async () => {
    const { node, boss } = await startDying();
    await using _node = node;
    const from = node.lines.length;
    await boss.tell(DIES, { on_exit: "Restart", how });
    await node.waitForLines([
      `kinode: process fake.dev@${DIES_ID} ${said}`,
      `kinode: restarting ${DIES_ID} now (attempt 1)`,
      " dies:template.os: alive",
    ], { from });
    assertEquals(await isThere(boss), true);
  });

  Deno.test(`kernel.md §12.6, §3.5: OnExit Requests, by ${how}: sent in its name, in order, then it is gone`, async () => {
    const { node, boss } = await startDying();
    await using _node = node;
    const answers = "our@answers:answers:template.os";
    const requests = [
      lastRequest(answers, { print: "the first" }),
      lastRequest("our@boss:boss:template.os", "is refused, and stops nothing"),
      lastRequest(answers, { print: "the second" }),
    ];
    await boss.tell(DIES, { on_exit: { Requests: requests }, how });
    await node.waitForLines([
      " answers:template.os: dies says the first",
      " answers:template.os: dies says the second",
    ]);
    await node.waitForLine("kinode: gone, after 3 last requests; last message:");
    await node.waitForLine(`${DIES_ID} may not message boss:boss:template.os`);
    assertEquals(await isThere(boss), false);
  });
}

Deno.test("kernel.md §12.6: KillProcess bypasses every OnExit", async () => {
  const { node, boss } = await startDying();
  await using _node = node;
  const killed = () => boss.ask(KERNEL, { KillProcess: DIES_ID });
  const answers = "our@answers:answers:template.os";
  const onExits = ["Restart", "None", { Requests: [lastRequest(answers, { print: "never" })] }];
  for (const on_exit of onExits) {
    const from = node.lines.length;
    // A comment makes it another text: the folder starts it anew.
    await node.drop("dies.ts", `${readProgram("dies.ts")}// ${from}\n`);
    await node.waitForLine(" dies:template.os: alive", { from });
    assertEquals(await boss.ask(KERNEL, { SetOnExit: { target: DIES_ID, on_exit } }), "Done");
    assertEquals(await killed(), { KilledProcess: DIES_ID });
    assertEquals(await isThere(boss), false);
    assertEquals(await killed(), { NoSuchProcess: DIES_ID });
  }
  // Whatever the dead one had sent would have been printed before this.
  await boss.tell(answers, { print: "the end" });
  await node.waitForLine(" answers:template.os: boss says the end");
  assertEquals(node.lines.filter((line) => line.includes("dies says never")), []);
  assertEquals(node.lines.filter((line) => line.includes(`restarting ${DIES_ID}`)), []);
});

Deno.test("kernel.md §3.5: SetOnExit of another process is what counts at its end (§3.3 had it otherwise)", async () => {
  const { node, boss } = await startDying();
  await using _node = node;
  await boss.ask(KERNEL, { SetOnExit: { target: DIES_ID, on_exit: "None" } });
  assertEquals((await boss.send(DIES, "no object, so it throws")).reason, "crashed");
  await node.waitForLine("kinode: gone; last message: a Request from boss:boss:template.os");
  assertEquals(await isThere(boss), false);
});

Deno.test("kernel.md §2.2: a process reads and sets its own OnExit", async () => {
  await using node = await startNode({ files: {} });
  const remote = await startRemote(node, "remote");
  assertEquals(await remote.call("getOnExit"), "Restart");
  const onExit = { Requests: [lastRequest("our@a:a:sys", "bye")] };
  await remote.call("setOnExit", onExit);
  const [[to]] = (await remote.call<{ Requests: [[string]] }>("getOnExit")).Requests;
  assertEquals(to, "our@a:a:sys");
  await remote.call("setOnExit", "None");
  assertEquals(await remote.call("getOnExit"), "None");
});

Deno.test("kernel.md §2.11: a message that a process has handled and returned is not given to its next life", async () => {
  const { node, boss } = await startDying();
  await using _node = node;
  const from = node.lines.length;
  await boss.tell(DIES, { on_exit: "Restart", how: "return" });
  await node.waitForLine(" dies:template.os: alive", { from });
  await boss.tell(DIES, { on_exit: "None", how: "return" });
  await node.waitForLine("kinode: gone; last message:");
  assertEquals(node.lines.filter((line) => line.includes(`restarting ${DIES_ID}`)).length, 1);
});
