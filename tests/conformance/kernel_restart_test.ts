// A process that crashes and crashes: spec/kernel.md §3.5 with its rewrite notes, and issue 3, "Supervision".

import { assert, assertEquals } from "@std/assert";
import { startNode } from "../clients/node.ts";
import { KERNEL, RULES, startRemote } from "./remote.ts";
import { readProgram } from "./scripts.ts";

interface Shown {
  Debug: { ProcessMap: Record<string, { state: string }> };
}

Deno.test("kernel.md §12.7: an instant crasher restarts after growing pauses, its messages wait, its state is shown", async () => {
  await using node = await startNode({ files: {} });
  const boss = await startRemote(node, "boss", RULES);
  const id = "crashes_at_first:crashes_at_first:template.os";
  const stateOf = async () => {
    const { Debug } = await boss.ask<Shown>(KERNEL, { Debug: "ProcessMap" });
    return Debug.ProcessMap[id]?.state;
  };
  await node.drop("crashes_at_first.ts", readProgram("crashes_at_first.ts"));
  await node.waitForLines([
    "kinode:   Error: crash 1",
    `kinode: restarting ${id} now (attempt 1); last message: none`,
    `kinode: restarting ${id} in 1 s (attempt 2)`,
    `kinode: restarting ${id} in 2 s (attempt 3)`,
  ]);
  const third = performance.now();
  await node.waitForLine(`kinode: restarting ${id} in 4 s (attempt 4)`);
  const fourth = performance.now();
  assertEquals(await stateOf(), "restarting");
  const answer = boss.send(`our@${id}`, "the first", { seconds: 60 });
  // Whatever the kernel answers after this, it has taken the request above.
  assertEquals(await stateOf(), "restarting");
  await boss.tell(`our@${id}`, "the second");
  await node.waitForLine(" crashes_at_first:template.os: alive");
  const alive = performance.now();
  assertEquals((await answer).body, "heard");
  await node.waitForLines([
    ' crashes_at_first:template.os: got "the first"',
    ' crashes_at_first:template.os: got "the second"',
  ]);
  assertEquals(await stateOf(), "running");
  const [pause, longer] = [fourth - third, alive - fourth];
  // A timer is never early; a line may be read late, and then the pause behind it looks shorter.
  assert(pause > 1000 && longer > 3000, `pauses of ${pause} and ${longer} ms`);
});

Deno.test("issue 3, Supervision: a message that crashes its process three times is parked, the next one is served", async () => {
  await using node = await startNode({ files: { "poisoned.ts": readProgram("poisoned.ts") } });
  await node.waitForLine(" poisoned:template.os: alive");
  const remote = await startRemote(node, "remote");
  for (const text of ["before", "poison", "after"]) {
    await remote.tell("our@poisoned:poisoned:template.os", text);
  }
  const id = "poisoned:poisoned:template.os";
  await node.waitForLines([
    " poisoned:template.os: got before",
    `restarting ${id} now (attempt 1); last message: a Request from remote:remote:template.os`,
    `restarting ${id} in 1 s (attempt 2)`,
    `restarting ${id} in 2 s (attempt 3)`,
    `kinode: parked for good: a message from remote:remote:template.os crashed ${id} 3 times: "poison"`,
    " poisoned:template.os: got after",
  ]);
  const served = node.lines.filter((line) => line.includes(" poisoned:template.os: got "));
  assertEquals(served.length, 2);
});
