// design.md §4, facts 4 and 6 to 9: what a worker can be held to. If one of these fails, the Deno that runs it is not
// the one that the limits were built on (docs/LIMITS.md, runtime/process/nursery_worker.ts, runtime/kernel/watchdog.ts).

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { facts, OLD, run } from "./run.ts";

const LIMITS = "{ resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 } }";
const HEAP_BOMB = `const kept = [];
  setInterval(() => { for (let i = 0; i < 1e5; i++) kept.push({ i, text: String(i) }); }, 0);`;
/** What a worker does first; \`locks\` is missing in Deno 2.4. */
const LOCK = `import * as threads from "node:worker_threads";
  threads.locks?.request("held", () => new Promise(() => {}));`;

Deno.test("fact 4: a plain Web Worker that is out of heap kills the whole program", async () => {
  const ran = await run({
    "main.mjs": `new Worker(new URL("./worker.mjs", import.meta.url), { type: "module" });
      setTimeout(() => { console.log("alive"); Deno.exit(0); }, 20_000);`,
    "worker.mjs": HEAP_BOMB,
  }, ["--v8-flags=--max-old-space-size=64"]);
  assert(ran.code !== 0, ran.stdout);
  assertEquals(ran.stdout, "");
  assertStringIncludes(ran.stderr, "Fatal JavaScript out of memory");
});

Deno.test({
  name:
    "fact 4: a worker_threads Worker with resourceLimits dies alone with ERR_WORKER_OUT_OF_MEMORY",
  ignore: OLD,
  async fn() {
    const code = await facts<string>({
      "main.mjs": `import { Worker } from "node:worker_threads";
        const worker = new Worker(new URL("./worker.mjs", import.meta.url), ${LIMITS});
        worker.on("error", ({ code }) => { console.log(JSON.stringify(code)); Deno.exit(0); });`,
      "worker.mjs": HEAP_BOMB,
    });
    assertEquals(code, "ERR_WORKER_OUT_OF_MEMORY");
  },
});

Deno.test({
  name:
    "fact 4: where only the turn ended that met the heap limit, the limit was raised (runtime/process/heap.ts)",
  ignore: OLD,
  async fn() {
    const { code, raised } = await facts<{ code: string | null; raised: boolean }>({
      "main.mjs": `import { Worker } from "node:worker_threads";
        const worker = new Worker(new URL("./worker.mjs", import.meta.url), ${LIMITS});
        const say = (end) => { console.log(JSON.stringify(end)); Deno.exit(0); };
        worker.on("error", ({ code }) => say({ code, raised: false }));
        worker.on("message", (raised) => raised && say({ code: null, raised }));
        setInterval(() => worker.postMessage("look"), 100);`,
      "worker.mjs": `import { parentPort } from "node:worker_threads";
        import { getHeapStatistics } from "node:v8";
        const limit = () => getHeapStatistics().heap_size_limit;
        const before = limit();
        parentPort.on("message", () => parentPort.postMessage(limit() > before));
        const kept = [];
        while (true) {
          for (let i = 0; i < 1e5; i++) kept.push({ i });
          await new Promise((resolve) => setTimeout(resolve, 5));
        }`,
    });
    assert(code === "ERR_WORKER_OUT_OF_MEMORY" || raised, `${code}`);
  },
});

Deno.test({
  name:
    "facts 4 and 6: cpuUsage() answers while a worker spins; holding a Web Lock it can be ended, and its core is free",
  ignore: OLD,
  async fn() {
    const { spun, ms, code } = await facts<{ spun: number; ms: number; code: number }>({
      "main.mjs": `import { Worker } from "node:worker_threads";
        const worker = new Worker(new URL("./worker.mjs", import.meta.url), ${LIMITS});
        const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
        await new Promise((resolve) => worker.once("message", resolve));
        let spun = 0;
        while (spun < 200_000) {
          await pause(50);
          spun = (await worker.cpuUsage()).user;
        }
        const from = performance.now();
        const code = await worker.terminate();
        const ms = performance.now() - from;
        const used = () => {
          try {
            const stat = Deno.readTextFileSync("/proc/self/stat");
            return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[11]);
          } catch { return 0; } // Not on Linux: nobody can tell.
        };
        const before = used();
        await pause(500);
        console.log(JSON.stringify({ spun, ms, code: used() - before }));
        Deno.exit(0);`,
      "worker.mjs": `${LOCK}
        threads.parentPort.postMessage("spins");
        for (;;);`,
    });
    assert(spun >= 200_000, `${spun} µs`);
    assert(ms < 2_000, `it took ${ms} ms to end it`);
    // Ticks of 10 ms, in 500 ms: a core that still burns makes some 50, on a machine with ten others' work 5.
    assert(code < 5, `its core still burns: ${code} ticks`);
  },
});

Deno.test("fact 7: a nested worker_threads Worker waits 500 ms before it runs (not in Deno 2.4)", async () => {
  const ms = await facts<number>({
    "main.mjs": `
      const nursery = new Worker(new URL("./nursery.mjs", import.meta.url), { type: "module" });
      nursery.onmessage = ({ data }) => { console.log(data); Deno.exit(0); };`,
    "nursery.mjs": `import { Worker } from "node:worker_threads";
      const from = performance.now();
      const worker = new Worker(new URL("./worker.mjs", import.meta.url));
      worker.on("message", () => postMessage(performance.now() - from));`,
    "worker.mjs": `import { parentPort } from "node:worker_threads"; parentPort.postMessage(1);`,
  });
  // Where the wait has gone, spares could go as well.
  if (!OLD) assert(ms >= 500, `it ran after ${ms} ms`);
});

Deno.test("fact 8: ArrayBuffers do not count against the heap limit, and a worker can tell of its own", async () => {
  const { held, external } = await facts<{ held: number; external: number }>({
    "main.mjs": `import { Worker } from "node:worker_threads";
      const worker = new Worker(new URL("./worker.mjs", import.meta.url), ${LIMITS});
      worker.on("message", (data) => { console.log(JSON.stringify(data)); Deno.exit(0); });`,
    "worker.mjs": `import { parentPort } from "node:worker_threads";
      const kept = [];
      for (let i = 0; i < 100; i++) kept.push(new Uint8Array(2e6).fill(1));
      parentPort.postMessage({ held: kept.length * 2e6, external: Deno.memoryUsage().external });`,
  });
  assertEquals(held, 200e6);
  assert(external >= held, `it tells of ${external} bytes`);
});

Deno.test("fact 9: Deno 2.4 ignores resourceLimits, has no locks and no cpuUsage(); newer ones have all three", async () => {
  const has = await facts<{ locks: string; cpuUsage: boolean; limitMb: number }>({
    "main.mjs": `import * as threads from "node:worker_threads";
      const worker = new threads.Worker(new URL("./worker.mjs", import.meta.url), ${LIMITS});
      const cpuUsage = "cpuUsage" in worker;
      worker.on("message", (limitMb) => {
        console.log(JSON.stringify({ locks: typeof threads.locks, cpuUsage, limitMb }));
        Deno.exit(0);
      });`,
    "worker.mjs": `import { parentPort } from "node:worker_threads";
      import v8 from "node:v8";
      parentPort.postMessage(v8.getHeapStatistics().heap_size_limit / 2 ** 20);`,
  });
  assertEquals(has.locks, OLD ? "undefined" : "object");
  assertEquals(has.cpuUsage, !OLD);
  assertEquals(has.limitMb < 200, !OLD, `its heap may have ${has.limitMb} MB`);
});
