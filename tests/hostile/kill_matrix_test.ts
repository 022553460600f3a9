// The kill matrix of issue "Drop a script": whatever a process takes without end, another process's p99 stays within
// three times of what it is without, and once the process has ended nothing of it is left: no thread, no descriptor,
// no core that burns; and the terminal has said so in one line.
//
//   per round and way:  GETs to a quiet process alone · drop the script · GETs beside it · take it away · look
//
// By default some ways, one round each, with a floor that a busy machine needs; FULL=1 has all of them, three rounds.
import { assertEquals } from "@std/assert";
import { measure } from "../bench/_quiet.ts";
import { type RunningNode, startNode } from "../clients/node.ts";
import { firstAnswer } from "../conformance/bound.ts";
import { readProgram } from "../conformance/scripts.ts";
import { isOld, P99_MS_MAX, readHostile } from "./attack.ts";
import { coreShare, type Remains, remainsOf } from "./remains.ts";

const FULL = Deno.env.get("FULL") === "1";
const ROUNDS = FULL ? 3 : 1;
const SECONDS = FULL ? 2 : 0.6;
const TIMES_MAX = 3;
/** The machine has other things to do as well: who is slow is measured once more, and fails when it is slow again. */
const TRIES = 2;
/** With FULL=1. Below this a p99 says more of the machine than of the node. */
const FLOOR_MS = 50;
/** The node's own timers, and a machine's accounting in ticks. */
const SHARE_MAX = 0.25;
/** A spare worker that boots meanwhile has threads and descriptors of its own. */
const THREADS_MORE_MAX = 8;
const DESCRIPTORS_MORE_MAX = 48;
/** A worker that ends collects its garbage; a spare that boots takes a second of a busy core. */
const SETTLE_MS = 15_000;
const NOTHING = { share: 0, threads: 0, descriptors: 0 };

interface Way {
  /** It ends by itself: what the report says. Others are taken away. */
  ends?: RegExp;
  /** It may end by itself before it is taken away: some workers with a full heap say nothing for half a minute. */
  mayEnd?: boolean;
  /** Only with FULL=1. */
  slow?: boolean;
  /** A binary with Deno 2.4 cannot (README): no heap limit, and the core of an endless loop stays. */
  notOnOld?: boolean;
  /** Deno 2.4 tells no CPU time, so that the memory watch does not end it there: it is taken away. */
  takenOnOld?: boolean;
  /** Instead of FLOOR_MS: what it starts takes the machine, once. */
  floorMs?: number;
}

/** The memory watch: what is not in the heap. */
const HOLDS = /holds about \d+ MB of memory/;

const ways: Record<string, Way> = {
  loops: { notOnOld: true },
  microtasks: { slow: true, notOnOld: true },
  heap: { mayEnd: true, notOnOld: true },
  buffers: { slow: true, ends: HOLDS },
  blobs: { slow: true, ends: HOLDS },
  wasm_memory: { slow: true, ends: HOLDS },
  untouched_buffers: { slow: true, ends: HOLDS },
  sends: { ends: /RangeError: Cannot send/ },
  sends_and_yields: { slow: true, ends: /RangeError: Cannot send/ },
  sends_large: { slow: true, ends: /RangeError: Cannot send|holds about/ },
  sends_large_text: { slow: true, ends: /RangeError: Cannot send|holds about/ },
  saves_large: { slow: true },
  reads_large: { slow: true },
  lists: { slow: true, mayEnd: true, notOnOld: true },
  spawns: { slow: true, floorMs: 150 }, // 127 workers boot, each takes 35 ms of both cores.
  attaches: { slow: true, ends: /RangeError: Cannot send/ },
  acts: { slow: true, ends: /RangeError: Cannot send/ },
  prints: {},
  prints_and_yields: { slow: true },
  rejects: { slow: true, ends: /Error: 0/ },
  crashes: { slow: true, ends: /Error: crash/ },
  waits: {},
  timers: {},
  recurses: { slow: true, notOnOld: true },
  matches: { slow: true, notOnOld: true },
  derives: { slow: true, ends: /RangeError: Cannot take iterations/ },
  inflates: { slow: true, ends: HOLDS, takenOnOld: true },
  clones: { slow: true, notOnOld: true },
  ports: { slow: true, mayEnd: true },
  listeners: { slow: true, notOnOld: true },
};

const text = readHostile("misbehaves");

/** What others feel: p99 in milliseconds, alone and beside it. */
interface Felt {
  alone: number;
  beside: number;
}

class Matrix {
  readonly #node: RunningNode;
  readonly #url: string;

  constructor(node: RunningNode) {
    this.#node = node;
    this.#url = `${node.url}/quiet:quiet:template.os/`;
  }

  /** Medians of some rounds. */
  async rounds(way: string, shape: Way): Promise<Felt> {
    const rounds: Felt[] = [];
    for (let i = 0; i < ROUNDS; i++) rounds.push(await this.#round(way, shape));
    return {
      alone: median(rounds.map((round) => round.alone)),
      beside: median(rounds.map((round) => round.beside)),
    };
  }

  async #round(way: string, { ends, mayEnd = false }: Way): Promise<Felt> {
    const node = this.#node;
    const id = `${way}:${way}:template.os`;
    const before = remainsOf(node.pid);
    const alone = await this.#p99(way);
    const from = node.lines.length;
    await node.drop(`${way}.ts`, text);
    await node.waitForLine(`${way}:template.os: ${way} begins`, { from });
    const beside = await this.#p99(way);
    if (ends !== undefined) {
      await node.waitForLines([`process fake.dev@${id} ended with error:`, ends, "gone; last"], {
        from,
      });
    }
    await node.take(`${way}.ts`);
    const over = mayEnd ? new RegExp(`stopped ${id}|${id} ended with error:`) : `stopped ${id}`;
    if (ends === undefined) await node.waitForLine(over, { from });
    const said = node.lines.slice(from).filter((line) => line.includes(" ended with error:"));
    assertEquals(said.filter((line) => !line.includes(id)), [], "nobody else is ended");
    if (!mayEnd) assertEquals(said.length, ends === undefined ? 0 : 1, "it is reported once");
    await this.#nothingLeft(way, before);
    return { alone, beside };
  }

  async #p99(way: string): Promise<number> {
    const { failed, p99 } = await measure(this.#url, SECONDS);
    assertEquals([failed, this.#node.exitCode], [0, undefined], `beside ${way}`);
    return p99;
  }

  async #nothingLeft(way: string, before: Remains): Promise<void> {
    const deadline = performance.now() + SETTLE_MS;
    while (true) {
      const share = await coreShare(this.#node.pid, 300);
      const { threads, descriptors } = remainsOf(this.#node.pid);
      const more = {
        share: share < SHARE_MAX ? 0 : share,
        threads: Math.max(0, threads - before.threads - THREADS_MORE_MAX),
        descriptors: Math.max(0, descriptors - before.descriptors - DESCRIPTORS_MORE_MAX),
      };
      const isFree = Object.values(more).every((left) => left === 0);
      if (isFree) return;
      if (performance.now() > deadline) assertEquals(more, NOTHING, `what is left of ${way}`);
    }
  }
}

function median(figures: number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)]!;
}

Deno.test({
  name:
    "kill matrix: nobody is held up beside a process that takes all it can, and nothing of it is left",
  ignore: Deno.build.os !== "linux",
  async fn(t) {
    const quiet = `export default { fetch: () => new Response("quiet") };`;
    const child = `export async function init() { await new Promise(() => {}); }`;
    const silent = readProgram("silent.ts");
    const files = { "quiet.ts": quiet, "silent.ts": silent, "_child.ts": child };
    await using node = await startNode({ files });
    const matrix = new Matrix(node);
    await firstAnswer(`${node.url}/quiet:quiet:template.os/`);
    const old = isOld(node);
    const slow = Object.keys(ways).filter((way) => ways[way]!.slow);
    if (!FULL) console.log(`SKIP kill matrix, slow, FULL=1 has them: ${slow.join(" ")}`);
    for (const [way, shape] of Object.entries(ways)) {
      if (shape.slow && !FULL) continue;
      const why = shape.notOnOld && old ? "Deno 2.4 cannot, see README" : null;
      if (why !== null) console.log(`SKIP kill matrix, ${way}: ${why}`);
      await t.step({
        name: `${way}${why === null ? "" : ` (${why})`}`,
        ignore: why !== null,
        async fn() {
          const known = shape.takenOnOld && old ? { ...shape, ends: undefined } : shape;
          const floor = FULL ? shape.floorMs ?? FLOOR_MS : P99_MS_MAX;
          const said: string[] = [];
          let isFine = false;
          while (!isFine && said.length < TRIES) {
            const { alone, beside } = await matrix.rounds(way, known);
            isFine = beside < Math.max(TIMES_MAX * alone, floor);
            said.push(`p99 ${alone.toFixed(1)} ms alone, ${beside.toFixed(1)} ms beside ${way}`);
            if (FULL || !isFine) console.log(said.at(-1));
          }
          assertEquals(isFine, true, said.join(", then "));
        },
      });
    }
    await t.step(
      "a crash loop is restarted at once, then after growing pauses, one line each",
      async () => {
        const from = node.lines.length;
        await node.drop("crashes.ts", text.replace(`on_exit: "None"`, `on_exit: "Restart"`));
        const id = "crashes:crashes:template.os";
        await node.waitForLines([
          `kinode: restarting ${id} now (attempt 1)`,
          `kinode: restarting ${id} in 1 s (attempt 2)`,
          `kinode: restarting ${id} in 2 s (attempt 3)`,
        ], { from });
        await node.take("crashes.ts");
        await node.waitForLine(`kinode: stopped ${id}`, { from });
      },
    );
  },
});
