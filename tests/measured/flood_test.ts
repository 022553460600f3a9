// Threat: a process that does one thing without end. The node serves the others, and says who it is.
// tests/bench/flood.ts measures it; the bound here only tells a node that serves from one that hangs.
import { assertEquals } from "@std/assert";
import { measure } from "../bench/_quiet.ts";
import { startNode } from "../clients/node.ts";
import { firstAnswer } from "../conformance/bound.ts";
import { readProgram } from "../conformance/scripts.ts";

const SECONDS = 2;
const P99_MS_MAX = 5_000;

const floods: [name: string, said: RegExp][] = [
  ["flood_sends", /^kinode: .*flood_sends:template.os (ended|awaits|sends)/],
  ["flood_sends_at_once", /^kinode: .*flood_sends_at_once:template.os (ended|awaits|sends)/],
  ["flood_prints", /flood_prints:template.os: \(\d+ prints were dropped/],
];

for (const [name, said] of floods) {
  Deno.test(`issue 3, backpressure: a quiet process is served beside ${name}, which is named`, async () => {
    await using node = await startNode({
      files: {
        "quiet.ts": `export default { fetch: () => new Response("quiet") };`,
        "silent.ts": readProgram("silent.ts"),
      },
    });
    const url = `${node.url}/quiet:quiet:template.os/`;
    await firstAnswer(url);
    await node.drop(`${name}.ts`, readProgram("bench_flood.ts"));
    await node.waitForLine(`${name}:${name}:template.os begins`);
    const { failed, p99 } = await measure(url, SECONDS);
    assertEquals([failed, p99 < P99_MS_MAX, node.exitCode], [0, true, undefined], `p99 ${p99} ms`);
    await node.waitForLine(said);
  });
}
