import { assertEquals } from "@std/assert";
import type { Answer, Question } from "./bundle_protocol.ts";
import { Esbuild } from "./esbuild.ts";
import { STAND_BY_AFTER_SECONDS } from "./limits.ts";
import { CountedWorkers } from "./testing.ts";

const BOUNDS = { seconds: 60, memoryMb: 1_024, quiet: false };

function request(text: string) {
  const bytes = new TextEncoder().encode(text);
  const found = { path: "a.ts", bytes, loader: "ts", pure: false } as const;
  const answer = (_: Question): Promise<Answer> => Promise.resolve({ found });
  return { entry: "a.ts", tsconfig: "{}", lowerTemplates: false, answer };
}

/** What the module exports by default, or why there is none. */
async function build(esbuild: Esbuild, text: string): Promise<string | undefined> {
  const built = await esbuild.build(request(text));
  return "crashed" in built ? built.crashed : /= (\d);/.exec(built.output?.code ?? "")?.[1];
}

Deno.test("rest() ends the worker that has built, and another stands by for the next build", async () => {
  using workers = new CountedWorkers();
  const esbuild = new Esbuild(BOUNDS);
  try {
    esbuild.rest(true);
    assertEquals(await build(esbuild, "export default 1;"), "1");
    assertEquals(await build(esbuild, "export default 2;"), "2");
    assertEquals(workers.count, 1, "one for both");
    esbuild.rest(true);
    await workers.until(2);
    esbuild.rest(true);
    assertEquals(await build(esbuild, "export default 3;"), "3");
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
    assertEquals(await build(esbuild, "export default 1;"), "1");
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

Deno.test("relieve() ends a build for which the node has grown by much, and no other", async () => {
  let rssMb = 500;
  const esbuild = new Esbuild(BOUNDS, () => rssMb * 1024 * 1024);
  try {
    assertEquals(esbuild.relieve(), false, "there is none");
    const building = build(esbuild, `export default 1;${"a1;".repeat(100_000)}`);
    rssMb += 50;
    assertEquals(esbuild.relieve(), false, "not by much");
    rssMb += 50;
    assertEquals(esbuild.relieve(), true);
    assertEquals(await building, "the node holds more than --memory-mb allows");
    assertEquals(await build(esbuild, "export default 2;"), "2");
  } finally {
    esbuild.close();
  }
});
