import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseProcessId } from "../protocol/address.ts";
import { CountedWorkers, RecordedLoader, run, TempFolder } from "./testing.ts";
import { zipFiles } from "./zip_testing.ts";

const HELLO = 'export default { fetch: () => new Response("hello") };\n';

Deno.test("loadAll() starts every script, under its id, with code that runs", async () => {
  await using home = new TempFolder({
    "processes/hello.ts": HELLO,
    "processes/chat.js": 'import { println } from "@kinode/process";\nexport default println;\n',
    "processes/_util.ts": "nonsense(",
  });
  await using recorded = new RecordedLoader(home);
  await recorded.loader.loadAll();
  assertEquals(recorded.lines, ["start chat.js", "start hello.ts"]);
  const { id, code } = recorded.scripts.get("hello.ts")!;
  assertEquals(id, parseProcessId("hello:hello:template.os"));
  const { fetch } = (await run(code)).default as { fetch(): Response };
  assertEquals(await fetch().text(), "hello");
});

Deno.test("loadAll() reports what does not compile, and starts the others", async () => {
  await using home = new TempFolder({
    "processes/broken.ts": "export const a = 1;\nconst b = = 2;\n",
    "processes/Capital.ts": HELLO,
    "processes/hello.ts": HELLO,
    "processes/lost.ts": 'import x from "./nowhere.ts";\nx();\n',
    "processes/twice.js": HELLO,
    "processes/twice.ts": HELLO,
  });
  await using recorded = new RecordedLoader(home);
  await recorded.loader.loadAll();
  assertEquals(recorded.lines, [
    'Capital.ts: error: "Capital" cannot name a process: it may have a-z, 0-9, `-` and `_`',
    "Capital.ts: rename it to capital.ts",
    "twice.js: error: twice.js and twice.ts would both be the process twice:twice:template.os",
    "twice.js: rename or delete all but one of them",
    'broken.ts:2:11: error: Unexpected "="',
    "  2 | const b = = 2;",
    "    |           ^",
    "start hello.ts",
    "lost.ts:1:15: error: there is no file nowhere.ts",
    '  1 | import x from "./nowhere.ts";',
    "    |               ^^^^^^^^^^^^^^",
  ]);
});

Deno.test("loadAll() says how a program for another runtime begins here", async () => {
  await using home = new TempFolder({
    "processes/bun.ts": "Bun.serve({ fetch: () => new Response() });\n",
    "processes/deno.ts": "const h = () => new Response();\nDeno.serve({ port: 80 }, h);\n",
    "processes/worker.js": "addEventListener('fetch', (event) => event.respondWith());\n",
  });
  await using recorded = new RecordedLoader(home);
  await recorded.loader.loadAll();
  assertEquals(recorded.lines.filter((line) => !line.includes("there is nothing to run")), [
    "bun.ts: write `export default { fetch }` instead of `Bun.serve({ fetch })`",
    "deno.ts: write `export default { fetch: handler }` instead of `Deno.serve(handler)`",
    "worker.js: write `export default { fetch(request) { … } }` instead of " +
    '`addEventListener("fetch", …)`',
  ]);
});

Deno.test("loadAll() prints warnings and starts the script all the same", async () => {
  await using home = new TempFolder({ "processes/hello.ts": "export default import.meta.url;\n" });
  await using recorded = new RecordedLoader(home);
  await recorded.loader.loadAll();
  assertStringIncludes(recorded.lines[0]!, "hello.ts:1:16: warning: import.meta is empty");
  assertEquals(recorded.lines.at(-1), "start hello.ts");
  await using again = new RecordedLoader(home); // From the cache.
  await again.loader.loadAll();
  assertEquals(again.lines, recorded.lines);
});

Deno.test("loadAll() says where a schedule is wrong", async () => {
  for (
    const [cron, why] of [
      ["61 * * * *", "Invalid value for minute: 61"],
      ["0 0 30 2 *", "never comes"],
      ["* * * * * *", "expected cron expressions of five fields"],
      [`${"1,".repeat(300)}1 * * * *`, "expected cron expressions of five fields"],
    ]
  ) {
    const text = `export const config = { schedule: ["0 3 * * *", "${cron}"] };\n`;
    await using home = new TempFolder({ "processes/hello.ts": text });
    await using recorded = new RecordedLoader(home);
    await recorded.loader.loadAll();
    assertStringIncludes(recorded.lines.join("\n"), "hello.ts:1:");
    assertStringIncludes(recorded.lines.join("\n"), why!);
    assertEquals(recorded.scripts.size, 0);
  }
});

Deno.test("mapStack() of a started script names the user's file and line", async () => {
  const source =
    "interface A { b: 1 }\n\nexport const init = () => {\n  throw new Error('x');\n};\n";
  await using home = new TempFolder({ "processes/hello.ts": source });
  await using recorded = new RecordedLoader(home);
  await recorded.loader.loadAll();
  const { code, mapStack } = recorded.scripts.get("hello.ts")!;
  const { init } = await run(code) as { init(): void };
  try {
    init();
    assert(false);
  } catch (error) {
    assertStringIncludes(
      mapStack((error as Error).stack!),
      "Error: x\n    at init (hello.ts:4:9)",
    );
  }
});

Deno.test("a warm boot takes every bundle from the cache, and runs no esbuild", async () => {
  const files: Record<string, string | Uint8Array> = {
    "processes/lib/util.ts": "export const one: number = 1;",
    "processes/chat/manifest.json": '[{"process_name":"a"},{"process_name":"b"}]',
    "processes/chat/a.ts": 'export const config = {};\nexport default "a";',
    "processes/chat/b.ts": 'export default "b";',
    "processes/thing.zip": zipFiles({
      "manifest.json": '[{"process_name":"c"}]',
      "c.ts": 'export default "c";',
    }),
  };
  for (let i = 0; i < 17; i++) {
    files[`processes/p${i}.ts`] =
      `import { one } from "./lib/util.ts";\nexport const config = { memory_mb: ${64 + i} };\n` +
      `export default one + ${i};`;
  }
  await using home = new TempFolder(files);
  const boot = async () => {
    await using recorded = new RecordedLoader(home);
    using workers = new CountedWorkers();
    await recorded.loader.loadAll();
    const started = recorded.lines.filter((line) => line.startsWith("start"));
    assertEquals(started.length, 20);
    return { count: workers.count, scripts: recorded.scripts };
  };
  assertEquals((await boot()).count, 1);
  const { count, scripts } = await boot();
  assertEquals(count, 0);
  assertEquals((await run(scripts.get("p7.ts")!.code)).default, 8);
  // What was read of the script was kept with its bundle.
  assertEquals(scripts.get("p7.ts")!.config.memory_mb, 71);
  assertEquals((await run(scripts.get("thing.zip/c.ts")!.code)).default, "c");
});

Deno.test("the cache answers only while every file of the bundle is what it was", async () => {
  await using home = new TempFolder({
    "processes/hello.ts": 'import { a } from "./_a.ts";\nexport default a;\n',
    "processes/_a.ts": "export const a = 1;",
  });
  const load = async () => {
    await using recorded = new RecordedLoader(home);
    await recorded.loader.loadAll();
    return (await run(recorded.scripts.get("hello.ts")!.code)).default;
  };
  assertEquals(await load(), 1);
  home.write("processes/_a.ts", "export const a = 2;");
  assertEquals(await load(), 2);
  const [{ name }] = [...Deno.readDirSync(home.at("cache"))] as [Deno.DirEntry];
  home.write(`cache/${name}`, "damaged");
  assertEquals(await load(), 2);
  const repaired = await Deno.readTextFile(home.at(`cache/${name}`));
  assertStringIncludes(repaired, "hello.ts");
});

Deno.test("loadAll() says once when bundles cannot be kept, and starts everything", async () => {
  await using home = new TempFolder({
    "cache": "a file, not a folder",
    "processes/a.ts": HELLO,
    "processes/b.ts": HELLO,
  });
  await using recorded = new RecordedLoader(home);
  await recorded.loader.loadAll();
  assertEquals(recorded.lines.filter((line) => line.startsWith("start")).length, 2);
  assertEquals(recorded.lines.filter((line) => line.includes("cannot be kept")).length, 1);
});

Deno.test("loadAll() reports a folder that is not there", async () => {
  await using home = new TempFolder();
  await using recorded = new RecordedLoader(home);
  await recorded.loader.loadAll();
  assertStringIncludes(recorded.lines[0]!, "cannot be read");
});

Deno.test("close() while a script is being bundled starts nothing more", async () => {
  await using home = new TempFolder({ "processes/hello.ts": HELLO });
  const recorded = new RecordedLoader(home);
  const loading = recorded.loader.loadAll();
  await recorded.loader.close();
  await loading;
  assertEquals(recorded.lines, []);
});
