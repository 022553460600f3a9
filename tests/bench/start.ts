// From a spawn to the answer to the child's first message, with a worker that stands by and without; and what an idle
// process costs in memory when a node has 1, 10 and 100 of them: what the node grows by when they are dropped into it,
// against what it grows by in the same time without. (Two boots differ by more than a process takes.)
import { type RunningNode, startNode } from "../clients/node.ts";
import { firstAnswer } from "../conformance/bound.ts";
import { readProgram } from "../conformance/scripts.ts";
import { median } from "./_load.ts";
import { residentMb } from "./_quiet.ts";

const COUNTS = [0, 1, 10, 100];
const ROUNDS = 5;
/** What booted has collected its garbage by then. */
const SETTLE_MS = 5_000;
const PATIENCE_SECONDS = 300;
const IDLE = readProgram("bench_idle.ts");

const ms = (times: number[]) => `${median(times).toFixed(0)} ms (median of ${times.length})`;
const inMb = (grown: number[]) =>
  `${median(grown).toFixed(1)} MB (${Math.min(...grown).toFixed(1)} to ${
    Math.max(...grown).toFixed(1)
  })`;
const settle = () => new Promise((resolve) => setTimeout(resolve, SETTLE_MS));

async function printTimes(): Promise<void> {
  await using node = await startNode({
    files: {
      "spawns.ts": readProgram("bench_spawns.ts"),
      "_bench_idle.ts": IDLE,
    },
  });
  const url = `${node.url}/spawns:spawns:template.os/`;
  const headers = { "X-Hyperware-Http-Server-Timeout": String(PATIENCE_SECONDS) };
  const patient = () => ({ headers, signal: AbortSignal.timeout(PATIENCE_SECONDS * 1000) });
  const spawned = async (query: string): Promise<number[]> =>
    JSON.parse((await firstAnswer(`${url}?${query}`, patient())).text);
  await spawned("count=0");
  console.log(
    `spawn to first answer, a spare waits: ${ms(await spawned("count=10&pause=3000"))}`,
  );
  console.log(
    `spawn to first answer, one after the other: ${ms(await spawned("count=90"))}`,
  );
}

async function add(node: RunningNode, names: string[]): Promise<void> {
  for (const name of names) await node.drop(`${name}.ts`, IDLE);
  for (const name of names) await node.waitForLine(`started ${name}:`, { timeoutSeconds: 60 });
}

/** What a node's resident memory grows by, in MB, when so many idle processes are dropped into it. */
async function growth(home: string, count: number): Promise<number> {
  await using node = await startNode({ home });
  // The first one has the kernel's isolate collect what the boot has left: more than a process takes.
  await add(node, ["first"]);
  await settle();
  const before = residentMb(node.pid);
  const names = Array.from({ length: count }, (_, n) => `idle${n}`);
  await add(node, names);
  await settle();
  const grown = residentMb(node.pid) - before;
  for (const name of ["first", ...names]) await node.take(`${name}.ts`);
  return grown;
}

async function printMemory(): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "kinode-bench-" });
  try {
    await growth(home, 1); // Bundles it.
    const rounds = new Map(COUNTS.map((count) => [count, [] as number[]]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const count of COUNTS) rounds.get(count)!.push(await growth(home, count));
    }
    const drift = median(rounds.get(0)!);
    console.log(`the same time without a process: ${inMb(rounds.get(0)!)}`);
    for (const count of COUNTS.slice(1)) {
      const each = rounds.get(count)!.map((grown) => (grown - drift) / count);
      console.log(`${count} idle: ${inMb(each)} each`);
    }
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

await printTimes();
await printMemory();
