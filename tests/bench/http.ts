// HTTP through a sandboxed process against a bare Deno.serve with the same answer, in one run, round by round
// in turn: the machine's mood hits both. The figure is the ratio of the medians.
import { fromFileUrl } from "@std/path";
import { startNode } from "../clients/node.ts";
import { load, loader, median } from "./_load.ts";

const CONNECTIONS = [1, 64];
const ROUNDS = 5;
const SECONDS = 4;
/** The promise of issue "The main job", at 64 connections. */
const RATIO_MIN = 0.4;

const hello = `export default {
  fetch(request) {
    return new Response(\`hello from \${new URL(request.url).pathname}\\n\`);
  },
};`;

await using node = await startNode({ files: { "hello.ts": hello } });
await node.waitForLine("started hello:hello:template.os");
const bare = new Deno.Command(Deno.execPath(), {
  args: ["run", "--allow-net", fromFileUrl(new URL("./_bare.ts", import.meta.url))],
  stdout: "piped",
}).spawn();
let ratio = NaN;
try {
  const { value } = await bare.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
  const path = "/hello:hello:template.os/";
  const urls = {
    bare: `http://127.0.0.1:${Number(value)}${path}`,
    kinode: `http://127.0.0.1:${new URL(node.url).port}${path}`,
  };
  for (const url of Object.values(urls)) await load(url, 64, 2); // Warm up both.
  for (const connections of CONNECTIONS) {
    const figures: Record<keyof typeof urls, number[]> = { bare: [], kinode: [] };
    for (let round = 0; round < ROUNDS; round++) {
      figures.bare.push(await load(urls.bare, connections, SECONDS));
      figures.kinode.push(await load(urls.kinode, connections, SECONDS));
    }
    ratio = median(figures.kinode) / median(figures.bare);
    console.log(
      `${connections} connections (${loader}, ${ROUNDS} rounds of ${SECONDS} s): ` +
        `kinode ${median(figures.kinode).toFixed(0)}/s, bare Deno.serve ${
          median(figures.bare).toFixed(0)
        }/s, ` +
        `ratio ${ratio.toFixed(2)}`,
    );
  }
} finally {
  bare.kill();
  await bare.status;
}
if (!(ratio >= RATIO_MIN)) {
  console.error(`The ratio at 64 connections is ${ratio.toFixed(2)}, below ${RATIO_MIN}.`);
  Deno.exitCode = 1;
}
