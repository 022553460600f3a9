// Cold start: from the start of the node to the first 200 (bundles cached), and from a new file to its first answer
// when the node has run for a while (reload.ts has a save right after the start, too).
import { startNode } from "../clients/node.ts";
import { median } from "./_load.ts";

const ROUNDS = 7;
/** By then esbuild is compiled. */
const A_WHILE_MS = 5_000;

function script(answer: string): string {
  return `export default { fetch() { return new Response(${JSON.stringify(answer)}); } };`;
}

/** Milliseconds until `url` answers 200 with `wanted`; asks again as soon as it was answered otherwise. */
async function answered(url: string, wanted: string, since: number): Promise<number> {
  while (performance.now() - since < 30_000) {
    const response = await fetch(url).catch(() => null);
    if (await response?.text() === wanted && response?.status === 200) {
      return performance.now() - since;
    }
  }
  throw new Error(`${url} did not answer "${wanted}" within 30 s`);
}

const home = await Deno.makeTempDir({ prefix: "kinode-bench-" });
try {
  const boots: number[] = [];
  const starts: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const since = performance.now();
    await using node = await startNode({ home, files: { "hello.ts": script("hello") } });
    const boot = await answered(`${node.url}/hello:hello:template.os/`, "hello", since);
    if (round > 0) boots.push(boot); // The first round fills the caches.
    await node.waitForLine("started hello:hello:template.os");
    await new Promise((resolve) => setTimeout(resolve, A_WHILE_MS));
    const dropped = performance.now();
    await node.drop("new.ts", script(`new ${round}`));
    starts.push(await answered(`${node.url}/new:new:template.os/`, `new ${round}`, dropped));
    await node.take("new.ts");
    await node.stop();
  }
  console.log(
    `node boot to first 200, warm cache: ${
      median(boots).toFixed(0)
    } ms (median of ${boots.length})`,
  );
  console.log(
    `file dropped to first answer: ${median(starts).toFixed(0)} ms (median of ${starts.length})`,
  );
} finally {
  await Deno.remove(home, { recursive: true });
}
