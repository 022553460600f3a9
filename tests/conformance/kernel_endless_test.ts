// A process that never gives its core back: spec/kernel.md §3.9, which Kinode cannot kill.
//
// A node on Deno 2.4 (what `task compile` makes where Deno's download is out of reach) has no Web Locks in workers
// and cannot free the core (README, "What a script can do"). It is told by what its scripts see: no `Temporal`,
// which newer ones have. That one step is skipped by name there.

import { assert, assertEquals } from "@std/assert";
import { startNode } from "../clients/node.ts";
import { KERNEL, RULES, startRemote } from "./remote.ts";
import { readProgram } from "./scripts.ts";

const KILL_MS = 1000;
const WINDOW_MS = 1000;
/** Of Linux: USER_HZ. */
const TICKS_PER_SECOND = 100;

/** The part of one core that a process has used, in user mode, within a window of a second from now. */
async function coreShare(pid: number): Promise<number> {
  const before = ticksOf(pid);
  const from = performance.now();
  await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
  const seconds = (performance.now() - from) / 1000;
  return (ticksOf(pid) - before) / TICKS_PER_SECOND / seconds;
}

function ticksOf(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The name may hold spaces; utime is the 14th field, the 12th behind it.
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[11]);
}

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
      const busy = coreShare(node.pid);
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
        const share = await coreShare(node.pid);
        assert(share < 0.25, `it still uses ${share} of a core`);
      },
    });
  },
});
