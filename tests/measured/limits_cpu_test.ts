// docs/LIMITS.md: what a process may use of the processor, and how long its start may take.

import { assertEquals } from "@std/assert";
import { startNode } from "../clients/node.ts";
import { canLimitWorkers, END_SECONDS, GOOD, misbehaves, provoke } from "./limits.ts";

const FULL = Deno.env.get("FULL") === "1";

/** Each way to keep a core, and the line that ends it. */
const ways: Record<string, { script: string; says: string }> = {
  loops: {
    script: misbehaves("for (;;);", { cpu_seconds: 1 }),
    says: "used 1 s of CPU on one message (limit cpu_seconds)",
  },
  microtasks: {
    script: misbehaves("for (;;) await null;", { cpu_seconds: 1 }),
    says: "used 1 s of CPU on one message (limit cpu_seconds)",
  },
  later: {
    script: misbehaves("await pause(); for (;;);", { cpu_seconds: 1 }),
    says: "used 1 s of CPU in one go (limit cpu_seconds)",
  },
  share: {
    script: misbehaves(
      "for (;;) { const until = Date.now() + 50; while (Date.now() < until); await pause(); }",
      { cpu_share: 0.02 },
    ),
    says: "of a core over 10 s (limit cpu_share 0.02)",
  },
};

Deno.test("LIMITS.md: cpu_seconds and cpu_share end a process by name, and it restarts", async (t) => {
  const files = Object.entries(ways).map(([name, { script }]) => [`${name}.ts`, script]);
  await using node = await startNode({ files: { ...Object.fromEntries(files), "good.ts": GOOD } });
  const can = canLimitWorkers(node);
  if (!can) console.log("SKIP cpu_seconds, cpu_share: Deno 2.4 cannot tell a worker's CPU");
  await Promise.all(Object.keys(ways).map((name) => node.waitForLine(`started ${name}:`)));
  const answers = can ? Object.keys(ways).map((name) => provoke(node, name)) : [];
  for (const [name, { says }] of Object.entries(ways)) {
    await t.step({
      name: `${name}: "${says}"`,
      ignore: !can,
      async fn() {
        const head = `process fake.dev@${name}:${name}:template.os ended with error:`;
        await node.waitForLines([head, says, `restarting ${name}:`], {
          timeoutSeconds: END_SECONDS,
        });
      },
    });
  }
  await Promise.all(answers);
  await t.step("and a neighbour answers", async () => {
    const response = await fetch(`${node.url}/good:good:template.os/`);
    assertEquals(await response.text(), "good");
  });
});

Deno.test({
  name:
    "LIMITS.md: a start that does not finish is ended; --kill-unresponsive ends what awaits for ever",
  ignore: !FULL,
  async fn() {
    const files = {
      "starts.ts": `await new Promise(() => {}); export default { fetch: () => new Response() };`,
      "awaits.ts": `import { awaitMessage, http } from "@kinode/process";
        export const config = { on_exit: "None" };
        export async function init() {
          await http.bindHttpPath("/");
          for (;;) {
            await awaitMessage();
            await new Promise(() => {});
          }
        }`,
    };
    await using node = await startNode({ files, args: ["--kill-unresponsive"] });
    await node.waitForLine("started awaits:");
    const asked = [1, 2, 3].map(() => provoke(node, "awaits"));
    const wait = { timeoutSeconds: END_SECONDS };
    await node.waitForLine("its start has not finished within 30 s", wait);
    await node.waitForLine(/it has taken nothing for 3\d s, and \d wait/, wait);
    await Promise.all(asked);
  },
});
if (!FULL) console.log("SKIP limits of 30 s (start, --kill-unresponsive): they take 30 s, FULL=1");
