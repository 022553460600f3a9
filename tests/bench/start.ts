// From a spawn to the answer to the child's first message, with a worker that stands by and without; and what an idle
// process costs in memory when a node has 1, 10 and 100 of them, against nodes that have none.
import { startNode } from "../clients/node.ts";
import { curlBound } from "../conformance/bound.ts";
import { readProgram } from "../conformance/scripts.ts";
import { median } from "./_load.ts";
import { residentMb } from "./_quiet.ts";

const COUNTS = [0, 1, 10, 100];
const ROUNDS = 5;
/** What booted has collected its garbage by then. */
const SETTLE_MS = 5_000;
const PATIENCE = "300";

const ms = (times: number[]) => `${median(times).toFixed(0)} ms (median of ${times.length})`;

async function printTimes(): Promise<void> {
  await using node = await startNode({
    files: {
      "spawns.ts": readProgram("bench_spawns.ts"),
      "_bench_idle.ts": readProgram("bench_idle.ts"),
    },
  });
  const url = `${node.url}/spawns:spawns:template.os/`;
  const patient = ["-m", PATIENCE, "-H", `X-Hyperware-Http-Server-Timeout: ${PATIENCE}`];
  const spawned = async (query: string): Promise<number[]> =>
    JSON.parse((await curlBound([...patient, `${url}?${query}`])).text);
  await spawned("count=0");
  console.log(
    `spawn to first answer, a spare waits: ${ms(await spawned("count=10&pause=3000"))}`,
  );
  console.log(
    `spawn to first answer, one after the other: ${ms(await spawned("count=90"))}`,
  );
}

/** Resident memory of a node with so many idle processes, in MB. */
async function memoryOf(home: string, count: number): Promise<number> {
  const idle = readProgram("bench_idle.ts");
  const names = Array.from({ length: count }, (_, n) => `idle${n}`);
  const files = Object.fromEntries(names.map((name) => [`${name}.ts`, idle]));
  await using node = await startNode({ home, files });
  for (const name of names) await node.waitForLine(`started ${name}:`, { timeoutSeconds: 60 });
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const memory = residentMb(node.pid);
  for (const name of names) await node.take(`${name}.ts`);
  return memory;
}

async function printMemory(): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "kinode-bench-" });
  try {
    await memoryOf(home, 1); // Bundles it.
    const rounds = new Map(COUNTS.map((count) => [count, [] as number[]]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const count of COUNTS) rounds.get(count)!.push(await memoryOf(home, count));
    }
    const none = rounds.get(0)!;
    // Of boots, one leaves more garbage uncollected than the next.
    const noise = Math.max(...none) - Math.min(...none);
    console.log(
      `a node without processes: ${median(none).toFixed(0)} MB (${ROUNDS} boots differ by ${
        noise.toFixed(0)
      })`,
    );
    for (const count of COUNTS.slice(1)) {
      const each = (median(rounds.get(count)!) - median(none)) / count;
      const error = (noise / count).toFixed(1);
      console.log(`${count} idle: ${each.toFixed(1)} MB each, give or take ${error}`);
    }
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

await printTimes();
await printMemory();
