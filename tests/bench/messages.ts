// Request and response between two sandboxed processes, through the kernel, against raw postMessage between two
// workers with a MessageChannel of their own, in one run, round by round in turn. The figure is the ratio of the
// medians. Raw, a round trip is two hops; through the kernel it is four, with every message checked; in return, what one turn sends
// crosses in one post.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { startNode } from "../clients/node.ts";
import { firstAnswer } from "../conformance/bound.ts";
import { readProgram } from "../conformance/scripts.ts";
import { median } from "./_load.ts";
import type { Ask } from "./_raw_worker.ts";

const FLIGHTS = [1, 32];
const ROUNDS = 5;
const SECONDS = 2;
/** The promise of issue "The kernel, whole", with 32 in flight. */
const RATIO_MIN = 0.25;

const raw = [0, 1].map(() => new Worker(new URL("./_raw_worker.ts", import.meta.url)));
const { port1, port2 } = new MessageChannel();
raw.forEach((worker, index) => {
  const port = [port1, port2][index]!;
  worker.postMessage(port, [port as never]);
});

async function askRaw(ask: Ask): Promise<number> {
  raw[0]!.postMessage(ask);
  const [answered] = await once(raw[0]!, "message");
  return answered / ask.seconds;
}

async function askKinode(url: string, { flights, seconds }: Ask): Promise<number> {
  const answer = await fetch(`${url}?flights=${flights}&seconds=${seconds}`);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`bench_ping answered ${answer.status}: ${text}`);
  return Number(text) / seconds;
}

let ratio = NaN;
{
  await using node = await startNode({
    files: {
      "bench_ping.ts": readProgram("bench_ping.ts"),
      "bench_pong.ts": readProgram("bench_pong.ts"),
    },
  });
  const url = `${node.url}/bench_ping:bench_ping:template.os/`;
  await node.waitForLine("started bench_pong");
  await firstAnswer(`${url}?flights=1&seconds=0`);
  for (const flights of FLIGHTS) {
    const ask = { flights, seconds: SECONDS };
    const figures: Record<"raw" | "kinode", number[]> = { raw: [], kinode: [] };
    await askRaw({ flights, seconds: 1 });
    await askKinode(url, { flights, seconds: 1 });
    for (let round = 0; round < ROUNDS; round++) {
      figures.raw.push(await askRaw(ask));
      figures.kinode.push(await askKinode(url, ask));
    }
    ratio = median(figures.kinode) / median(figures.raw);
    console.log(
      `${flights} in flight (${ROUNDS} rounds of ${SECONDS} s): ` +
        `kinode ${median(figures.kinode).toFixed(0)}/s, ` +
        `raw postMessage ${median(figures.raw).toFixed(0)}/s, ratio ${ratio.toFixed(2)}`,
    );
  }
}
for (const worker of raw) await worker.terminate();
if (!(ratio >= RATIO_MIN)) {
  console.error(`The ratio with 32 in flight is ${ratio.toFixed(2)}, below ${RATIO_MIN}.`);
  Deno.exitCode = 1;
}
