// `fetch` of a process against Deno's own, both at the same bare server, round by round in turn: the figure is the ratio
// of the medians. By address a request takes no tunnel, by name it does (docs/DECISIONS.md).
import { fromFileUrl } from "@std/path";
import { firstAnswer } from "../conformance/bound.ts";
import { readProgram } from "../conformance/scripts.ts";
import { startNode } from "../clients/node.ts";
import { median } from "./_load.ts";

const ROUNDS = 5;
const PARALLEL = [1, 64];
const COUNTS: Record<number, number> = { 1: 2_000, 64: 10_000 };

class Bare implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  port = 0;

  constructor(script: string) {
    const path = fromFileUrl(new URL(script, import.meta.url));
    const args = ["run", "--allow-net", path];
    this.#child = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  }

  async ready(): Promise<void> {
    const lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.port = Number((await lines.read()).value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill();
    await this.#child.status;
  }
}

await using target = new Bare("./_bare.ts");
await using bare = new Bare("./_bare_client.ts");
await Promise.all([target.ready(), bare.ready()]);
await using node = await startNode({
  files: { "bench_client.ts": readProgram("bench_client.ts") },
});
const inside = `${node.url}/bench_client:bench_client:template.os/`;
await firstAnswer(inside);
const outside = `http://127.0.0.1:${bare.port}/`;

/** Requests per second. */
async function rate(caller: string, to: string, parallel: number, more = ""): Promise<number> {
  const count = COUNTS[parallel]!;
  const query = `to=${encodeURIComponent(to)}&count=${count}&parallel=${parallel}${more}`;
  const response = await fetch(`${caller}?${query}`);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return count / Number(text) * 1000;
}

const ways = {
  "fetch by address": { host: "127.0.0.1", more: "" },
  "fetch by name": { host: "localhost", more: "" },
  "Kinode style by address": { host: "127.0.0.1", more: "&message" },
};
for (const parallel of PARALLEL) {
  for (const [way, { host, more }] of Object.entries(ways)) {
    const to = `http://${host}:${target.port}/`;
    const figures = { bare: [] as number[], kinode: [] as number[] };
    await rate(inside, to, parallel, more); // Warm.
    for (let round = 0; round < ROUNDS; round++) {
      figures.bare.push(await rate(outside, to, parallel));
      figures.kinode.push(await rate(inside, to, parallel, more));
    }
    const [kinode, bareRate] = [median(figures.kinode), median(figures.bare)];
    console.log(
      `${way}, ${parallel} at a time (${ROUNDS} rounds of ${COUNTS[parallel]}): kinode ` +
        `${kinode.toFixed(0)}/s, bare ${bareRate.toFixed(0)}/s, ratio ${
          (kinode / bareRate).toFixed(2)
        }`,
    );
  }
}
