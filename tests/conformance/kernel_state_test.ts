// What outlives a process and the node: spec/kernel.md §3.8, §3.10, §3.11. `kill -9` and 10 MB are in durability_test.ts.

import { assertEquals } from "@std/assert";
import { type RunningNode, startNode } from "../clients/node.ts";
import { findRemote, KERNEL, type Remote, RULES, startRemote } from "./remote.ts";
import { readProgram } from "./scripts.ts";

async function withHome(run: (home: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "kinode-test-" });
  try {
    await run(home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** The remote `boss` in a node on `home`, dropped there at the first time. */
async function startBoss(home: string): Promise<{ node: RunningNode; boss: Remote }> {
  const node = await startNode({ home, files: {} });
  const known = await Deno.stat(`${node.processes}/boss.ts`).catch(() => null);
  const boss = known === null ? startRemote(node, "boss", RULES) : findRemote(node, "boss");
  return { node, boss: await boss };
}

Deno.test("kernel.md §12.9: a state survives the process's crash and the node's restart; cleared, it is gone", async () => {
  await withHome(async (home) => {
    {
      const { node, boss } = await startBoss(home);
      await using _node = node;
      assertEquals(await boss.call("getState"), null);
      await boss.call("setState", "kept");
      assertEquals(await boss.call("getState"), "kept");
      const from = node.lines.length;
      // It may be gone before its HTTP answer is.
      await boss.call("crash").catch(() => {});
      await node.waitForLine(`restarting ${boss.id} now (attempt 1)`, { from });
      await findRemote(node, "boss");
      assertEquals(await boss.call("getState"), "kept");
      assertEquals(await node.stop(), 0);
    }
    {
      const { node, boss } = await startBoss(home);
      await using _node = node;
      assertEquals(await boss.call("getState"), "kept");
      await boss.call("clearState");
      assertEquals(await boss.call("getState"), null);
      await node.stop();
    }
    const { node, boss } = await startBoss(home);
    await using _node = node;
    assertEquals(await boss.call("getState"), null);
  });
});

Deno.test("kernel.md §3.8: a state survives KillProcess, and the script that comes back finds it", async () => {
  await using node = await startNode({ files: {} });
  const boss = await startRemote(node, "boss", RULES);
  const first = await startRemote(node, "keeps");
  await first.call("setState", "kept");
  assertEquals(await boss.ask(KERNEL, { KillProcess: first.id }), { KilledProcess: first.id });
  await node.take("keeps.ts");
  const again = await startRemote(node, "keeps", { on_exit: "None" });
  assertEquals(await again.call("getState"), "kept");
});

Deno.test("kernel.md §12.19: the node's restart keeps Restart and Requests processes with their rights, and drops None", async () => {
  await withHome(async (home) => {
    const onExits = {
      restarts: "Restart",
      requests: { Requests: [lastRequest("our@boss:boss:template.os", "it ended")] },
      none: "None",
    };
    {
      const { node, boss } = await startBoss(home);
      await using _node = node;
      await node.drop(
        "kids/child.ts",
        readProgram("child.ts").replace("parent:parent", "boss:boss"),
      );
      for (const [name, onExit] of Object.entries(onExits)) {
        const mine = { issuer: `our@${boss.id}`, params: `"for ${name}"` };
        await boss.call("spawn", {
          name,
          path: "kids/child.ts",
          onExit,
          requestCapabilities: [mine],
        });
      }
      assertEquals((await boss.call<unknown[]>("received", 3)).length, 3);
      assertEquals(await node.stop(), 0);
    }
    // What a child is does not depend on its file, which is gone.
    await Deno.remove(`${home}/processes/kids`, { recursive: true });
    const { node, boss } = await startBoss(home);
    await using _node = node;
    for (const name of ["restarts", "requests"]) {
      await node.waitForLine(`kinode: started ${name}:boss:template.os`);
      const held = await boss.ask<{ params: string }[]>(`our@${name}:boss:template.os`, "held?");
      assertEquals(held.some(({ params }) => params === `"for ${name}"`), true);
    }
    type Map = { Debug: { ProcessMap: Record<string, { on_exit: unknown }> } };
    const { Debug } = await boss.ask<Map>(KERNEL, { Debug: "ProcessMap" });
    assertEquals(Object.keys(Debug.ProcessMap).sort(), [
      boss.id,
      "requests:boss:template.os",
      "restarts:boss:template.os",
    ]);
    assertEquals((await boss.send("our@none:boss:template.os", "")).reason, "no-such-process");
    // The one that ended with the node has sent its last requests, before its first statement.
    const heard = await boss.call<{ source: string; body: string }[]>("received", 3);
    const ofRequests = heard.filter(({ source }) => source.includes("requests:"));
    assertEquals(ofRequests.map(({ body }) => body), ["it ended", "requests greets"]);
  });
});

function lastRequest(to: string, text: string) {
  const body = [...new TextEncoder().encode(text)];
  return [
    to,
    { inherit: false, expects_response: null, body, metadata: null, capabilities: [] },
    null,
  ];
}
