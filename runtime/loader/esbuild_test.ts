import { assertEquals } from "@std/assert";
import type { Answer, Question } from "./bundle_protocol.ts";
import { Esbuild } from "./esbuild.ts";
import { STAND_BY_AFTER_SECONDS } from "./limits.ts";
import { CountedWorkers } from "./testing.ts";

const BOUNDS = { seconds: 60, memoryMb: 1_024, quiet: false };

function request(text: string, asked: () => void) {
  const bytes = new TextEncoder().encode(text);
  const found = { path: "a.ts", bytes, loader: "ts", pure: false } as const;
  const answer = (_: Question): Promise<Answer> => (asked(), Promise.resolve({ found }));
  return { entry: "a.ts", tsconfig: "{}", lowerTemplates: false, answer };
}

/** Much for esbuild. */
const LARGE = Array.from(
  { length: 20_000 },
  (_, i) => `export function f${i}(a: number) { return a * ${i} + Math.random(); }`,
).join("\n");

/** What the module exports by default, or why there is none. */
async function build(
  esbuild: Esbuild,
  text: string,
  asked = () => {},
): Promise<string | undefined> {
  const built = await esbuild.build(request(text, asked));
  return "crashed" in built ? built.crashed : /= (\d);/.exec(built.output?.code ?? "")?.[1];
}

Deno.test("rest() keeps the worker that has built for the next build; after much, another stands by", async () => {
  using workers = new CountedWorkers();
  const esbuild = new Esbuild(BOUNDS);
  try {
    esbuild.rest(true);
    assertEquals(await build(esbuild, "export default 1;"), "1");
    assertEquals(await build(esbuild, "export default 2;"), "2");
    esbuild.rest(true);
    assertEquals(await build(esbuild, "export default 3;"), "3");
    assertEquals(workers.count, 1, "one for all");
    assertEquals(await build(esbuild, `${LARGE}\nexport default 4;`), "4");
    esbuild.rest(true);
    await workers.until(2);
    esbuild.rest(true);
    assertEquals(await build(esbuild, "export default 5;"), "5");
    assertEquals(workers.count, 2, "the one that stood by");
  } finally {
    esbuild.close();
  }
});

Deno.test("rest() leaves no worker behind when nothing more is to come", async () => {
  using workers = new CountedWorkers();
  const esbuild = new Esbuild(BOUNDS);
  try {
    await esbuild.warm();
    assertEquals(await build(esbuild, "export default 1;"), "1");
    esbuild.rest(false);
    await new Promise((resolve) => setTimeout(resolve, 2 * STAND_BY_AFTER_SECONDS * 1000));
    assertEquals(workers.count, 2);
  } finally {
    esbuild.close();
  }
});

Deno.test("a build right after rest() does not wait for who is to stand by, nor start two", async () => {
  using workers = new CountedWorkers();
  const esbuild = new Esbuild(BOUNDS);
  try {
    assertEquals(await build(esbuild, `${LARGE}\nexport default 1;`), "1");
    esbuild.rest(true);
    assertEquals(await build(esbuild, "export default 2;"), "2");
    assertEquals(workers.count, 2);
  } finally {
    esbuild.close();
  }
});

Deno.test("close() ends a build, and who stands by; nothing is built after it", async () => {
  const esbuild = new Esbuild(BOUNDS);
  const building = build(esbuild, "export default 1;");
  esbuild.close();
  assertEquals(await building, "the loader was closed");
  assertEquals(await build(esbuild, "export default 1;"), "the loader was closed");
});

Deno.test("a worker that does not start is an answer, and the next build starts another", async () => {
  const { Worker } = globalThis;
  const esbuild = new Esbuild(BOUNDS);
  try {
    globalThis.Worker = class {
      constructor() {
        throw new Error("no threads are left");
      }
    } as unknown as typeof Worker;
    const first = await build(esbuild, "export default 1;");
    assertEquals(first, "it does not start: Error: no threads are left");
    assertEquals(esbuild.relieve(), false);
    globalThis.Worker = Worker;
    assertEquals(await build(esbuild, `${LARGE}\nexport default 2;`), "2");
    globalThis.Worker = class {
      constructor() {
        refused.resolve();
        throw new Error("no threads are left");
      }
    } as unknown as typeof Worker;
    const refused = Promise.withResolvers<void>();
    esbuild.rest(true);
    await refused.promise; // Who is to stand by; an unhandled rejection would fail this test.
    globalThis.Worker = Worker;
    assertEquals(await build(esbuild, "export default 3;"), "3");
  } finally {
    globalThis.Worker = Worker;
    esbuild.close();
  }
});

Deno.test("who dies while standing by is noticed, and the next build starts another", async () => {
  const workers: Worker[] = [];
  const { Worker } = globalThis;
  globalThis.Worker = class extends Worker {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      workers.push(this);
      if (workers.length === 2) second.resolve();
    }
  };
  const second = Promise.withResolvers<void>();
  const esbuild = new Esbuild(BOUNDS);
  try {
    assertEquals(await build(esbuild, `${LARGE}\nexport default 1;`), "1");
    esbuild.rest(true);
    await second.promise;
    // Ready by then.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    workers[1]!.onerror!(new ErrorEvent("error", { message: "it died", cancelable: true }));
    assertEquals(await build(esbuild, "export default 2;"), "2");
    assertEquals(workers.length, 3);
  } finally {
    globalThis.Worker = Worker;
    esbuild.close();
  }
});

Deno.test("relieve() ends a build for which the node has grown by much, and no other", async () => {
  let rssMb = 500;
  const esbuild = new Esbuild(BOUNDS, () => rssMb * 1024 * 1024);
  try {
    assertEquals(esbuild.relieve(), false, "there is none");
    const asked = Promise.withResolvers<void>();
    const large = `export default 1;${"a1;".repeat(100_000)}`;
    const building = build(esbuild, large, asked.resolve);
    rssMb += 500;
    assertEquals(esbuild.relieve(), false, "esbuild itself is on its way");
    await asked.promise;
    rssMb += 50;
    assertEquals(esbuild.relieve(), false, "not by much");
    rssMb += 50;
    assertEquals(esbuild.relieve(), true);
    assertEquals(
      await building,
      "the node holds more than --memory-mb allows; save it to try again",
    );
    assertEquals(await build(esbuild, "export default 2;"), "2");
  } finally {
    esbuild.close();
  }
});
