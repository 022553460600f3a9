// From a spawn to the answer to the child's first message, with a worker that stands by and without; and what an idle
// process costs in memory when there are 1, 10 and 100 of them.
import { startNode } from "../clients/node.ts";
import { curlBound } from "../conformance/bound.ts";
import { readProgram } from "../conformance/scripts.ts";
import { residentMb } from "./_quiet.ts";
import { median } from "./_load.ts";

await using node = await startNode({
  files: {
    "spawns.ts": readProgram("bench_spawns.ts"),
    "_bench_idle.ts": readProgram("bench_idle.ts"),
  },
});
const url = `${node.url}/spawns:spawns:template.os/`;
const spawned = async (query: string): Promise<number[]> =>
  JSON.parse(
    (await curlBound([
      "-m",
      "300",
      "-H",
      "X-Hyperware-Http-Server-Timeout: 300",
      `${url}?${query}`,
    ])).text,
  );

await spawned("count=0");
const empty = residentMb(node.pid);
const first = await spawned("count=1&pause=3000");
console.log(`1 process: ${(residentMb(node.pid) - empty).toFixed(1)} MB`);
const waiting = await spawned("count=9&pause=3000");
console.log(`10 processes: ${((residentMb(node.pid) - empty) / 10).toFixed(1)} MB each`);
const cold = await spawned("count=90");
console.log(`100 processes: ${((residentMb(node.pid) - empty) / 100).toFixed(1)} MB each`);
const ms = (times: number[]) => `${median(times).toFixed(0)} ms (median of ${times.length})`;
console.log(`spawn to first answer, a spare waits: ${ms([...first, ...waiting])}`);
console.log(`spawn to first answer, one after the other: ${ms(cold)}`);
