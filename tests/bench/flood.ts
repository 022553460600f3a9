// What a flooding process does to a quiet one: latency of GETs to a quiet web-style process, alone and while
// another process sends, prints, saves or fetches without end; the node's memory before, meanwhile and after; and
// what the node says about the flooder. Fails when the node ends, or a GET fails.
import { fromFileUrl } from "@std/path";
import { type RunningNode, startNode } from "../clients/node.ts";
import { firstAnswer } from "../conformance/bound.ts";
import { readProgram } from "../conformance/scripts.ts";
import { inWords, measure, residentMb, withPeak } from "./_quiet.ts";

const KINDS = ["sends", "sends_at_once", "prints", "calls", "fetches", "fetches_at_once"];
const SECONDS = 5;

const hello = `export default { fetch: () => new Response("quiet") };`;

/** One flooder from its start to its end. False if the node did not keep serving. */
async function flood(node: RunningNode, url: string, name: string, text: string): Promise<boolean> {
  const before = residentMb(node.pid);
  const from = node.lines.length;
  await node.drop(`${name}.ts`, text);
  await node.waitForLine(`${name}:${name}:template.os begins`, { from });
  const [latency, peak] = await withPeak(node.pid, measure(url, SECONDS));
  await node.take(`${name}.ts`);
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const after = residentMb(node.pid);
  const [b, p, a] = [before, peak, after].map((mb) => mb.toFixed(0));
  console.log(`${name}: ${inWords(latency)}; memory ${b} MB, ${p} MB meanwhile, ${a} MB after`);
  const said = node.lines.slice(from).filter((line) =>
    /^kinode: .*(dropp|full|take|faster|memory|limit)/.test(line)
  );
  for (const line of said.slice(0, 3)) console.log(`    ${line.slice(0, 160)}`);
  return latency.failed === 0 && node.exitCode === undefined;
}

const bare = new Deno.Command(Deno.execPath(), {
  args: ["run", "--allow-net", fromFileUrl(new URL("./_bare.ts", import.meta.url))],
  stdout: "piped",
}).spawn();
try {
  const { value } = await bare.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
  const program = readProgram("bench_flood.ts").replace(
    "127.0.0.1:0",
    `127.0.0.1:${Number(value)}`,
  );
  await using node = await startNode({
    files: { "quiet.ts": hello, "silent.ts": readProgram("silent.ts") },
  });
  const url = `${node.url}/quiet:quiet:template.os/`;
  await firstAnswer(url);
  await measure(url, 2); // Warms up.
  console.log(`alone: ${inWords(await measure(url, SECONDS))}`);
  for (const kind of KINDS.filter((kind) => kind.includes(Deno.args[0] ?? ""))) {
    if (!await flood(node, url, `flood_${kind}`, program)) Deno.exitCode = 1;
  }
} finally {
  bare.kill();
  await bare.status;
}
