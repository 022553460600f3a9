// docs/LIMITS.md: `idle`. A process with nothing to do sleeps, and the next message wakes it; 50 of them on one node,
// 1,000 with FULL=1 (and the time to boot, and the memory of a process that sleeps).

import { assert, assertEquals } from "@std/assert";
import { type RunningNode, startNode } from "../clients/node.ts";
import { memoryMb } from "./limits.ts";
import { findRemote, KERNEL, remoteText, RULES } from "../conformance/remote.ts";
import { eventually } from "../conformance/within.ts";

const FULL = Deno.env.get("FULL") === "1";
const MANY = FULL ? 1_000 : 50;
/** Stated for 1,000, on two cores of which others use a part: awake at a time are only some of them. */
const NODE_MB_MAX = 1_500;
const BOOT_SECONDS_MAX = 600;

const WEB = `export const config = { idle: 1 };
  let count = 0;
  export default { fetch: () => new Response(String(++count)) };`;

const KINODE = `import { awaitMessage, getState, Response, setState } from "@kinode/process";
  export const config = { idle: 1, public: true };
  export async function init() {
    for (;;) {
      const message = await awaitMessage();
      const count = ((await getState())?.[0] ?? 0) + 1;
      await setState(new Uint8Array([count]));
      Response.to(message).body(String(count)).send();
    }
  }`;

async function statesOf(
  boss: Awaited<ReturnType<typeof findRemote>>,
): Promise<Map<string, string>> {
  const { body } = await boss.send(KERNEL, { Debug: "ProcessMap" });
  const shown = JSON.parse(body!).Debug.ProcessMap as Record<string, { state: string }>;
  return new Map(Object.entries(shown).map(([id, { state }]) => [id, state]));
}

async function get(node: RunningNode, name: string): Promise<string> {
  const response = await fetch(`${node.url}/${name}:${name}:template.os/`);
  return await response.text();
}

Deno.test("LIMITS.md: a process with nothing to do sleeps; the message that wakes it is not lost", async (t) => {
  const files = {
    "web.ts": WEB,
    "mail.ts": KINODE,
    "boss.ts": remoteText(RULES),
    "awake.ts": WEB.replace("idle: 1", ""),
  };
  await using node = await startNode({ files });
  const boss = await findRemote(node, "boss");
  const asleep = (name: string) =>
    eventually(`sleep of ${name}`, async () => {
      const state = (await statesOf(boss)).get(`${name}:${name}:template.os`);
      return state === "asleep" ? true : undefined;
    });

  await t.step(
    "web style: its path is bound, the next request wakes it, it begins anew",
    async () => {
      await node.waitForLine("started web:");
      await asleep("web");
      assertEquals(await get(node, "web"), "1");
      await asleep("web");
      const answers = await Promise.all([1, 2, 3].map(() => get(node, "web")));
      assertEquals(answers.sort(), ["1", "2", "3"]);
    },
  );

  await t.step("Kinode style: its state is what it kept", async () => {
    await node.waitForLine("started mail:");
    for (const count of ["1", "2", "3"]) {
      await asleep("mail");
      const answer = await boss.send("our@mail:mail:template.os", "count", { seconds: 60 });
      assertEquals(answer.body, count);
    }
  });

  await t.step(
    "one that does not ask for it never sleeps, and no line tells of sleep",
    async () => {
      assertEquals((await statesOf(boss)).get("awake:awake:template.os"), "running");
      assertEquals(node.lines.filter((line) => /sleep|web:.*(ended|started).*\1/.test(line)), []);
    },
  );
});

Deno.test(`LIMITS.md: ${MANY} sleeping scripts on one node`, async () => {
  const files: Record<string, string> = { "boss.ts": remoteText(RULES) };
  for (let i = 0; i < MANY; i++) files[`s${i}.ts`] = WEB.replace("count = 0", `count = ${i}`);
  const from = performance.now();
  await using node = await startNode({ files });
  const boss = await findRemote(node, "boss");
  const deadline = from + BOOT_SECONDS_MAX * 1000;
  let sleeping = 0;
  while (sleeping < MANY && performance.now() < deadline) {
    sleeping = [...(await statesOf(boss)).values()].filter((state) => state === "asleep").length;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assertEquals(sleeping, MANY);
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  const held = memoryMb(node) ?? 0;
  console.log(
    `${MANY} scripts sleep ${seconds} s after the start of the node, which holds ${held} MB`,
  );
  assert(held < NODE_MB_MAX, `it holds ${held} MB`);
  assertEquals(await get(node, `s${MANY - 1}`), String(MANY));
});
if (!FULL) console.log("SKIP 1,000 sleeping scripts (50 are tested): FULL=1");
