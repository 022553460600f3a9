// A process that never gives its core back: spec/kernel.md §3.9, which Kinode cannot kill.
//
// A node on Deno 2.4 (what `task compile` makes where Deno's download is out of reach) has no Web Locks in workers
// and cannot free the core (README, "What a script can do"). It is told by what its scripts see: no `Temporal`,
// which newer ones have. That one step is skipped by name there.

import { assert, assertEquals } from "@std/assert";
import { startNode } from "../clients/node.ts";
import { KERNEL, RULES, startRemote } from "../conformance/remote.ts";
import { readProgram } from "../conformance/scripts.ts";
import { coreShare } from "../hostile/remains.ts";

const KILL_MS = 1000;
const WINDOW_MS = 1000;

Deno.test({
  name:
    "kernel.md §12.8: KillProcess ends an endless loop within 1 s, frees its core, and the node was responsive",
  ignore: Deno.build.os !== "linux",
  async fn(t) {
    await using node = await startNode({ files: { "spins.ts": readProgram("spins.ts") } });
    await node.waitForLine(" spins:template.os: ready");
    const boss = await startRemote(node, "boss", RULES);
    const id = "spins:spins:template.os";
    const waits = boss.send(`our@${id}`, "go", { seconds: 3600 });
    await node.waitForLine(" spins:template.os: spins");

    await t.step("the kernel and other processes answer meanwhile", async () => {
      const busy = coreShare(node.pid, WINDOW_MS);
      assertEquals(
        await boss.ask(KERNEL, { SetOnExit: { target: id, on_exit: "Restart" } }),
        "Done",
      );
      const answer = await boss.send(KERNEL, { Debug: { Process: id } });
      assertEquals(JSON.parse(answer.body!).Debug.Process.state, "running");
      const share = await busy;
      assert(share > 0.3, `it uses ${share} of a core: does it spin?`);
    });

    const killed = await boss.send(KERNEL, { KillProcess: id });
    assertEquals(killed.body, JSON.stringify({ KilledProcess: id }));
    assert(killed.ms < KILL_MS, `it took ${killed.ms} ms`);
    assertEquals((await waits).reason, "crashed");
    assertEquals((await boss.send(`our@${id}`, "again")).reason, "no-such-process");

    const old = await boss.call("typeOf", "Temporal") === "undefined";
    await t.step({
      name: `the core is free a second later${old ? " (not on Deno 2.4: it has no locks)" : ""}`,
      ignore: old,
      async fn() {
        await new Promise((resolve) => setTimeout(resolve, KILL_MS));
        const share = await coreShare(node.pid, WINDOW_MS);
        assert(share < 0.25, `it still uses ${share} of a core`);
      },
    });
  },
});
