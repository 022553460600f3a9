import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseProcessId } from "../protocol/address.ts";
import { RecordedLoader, run, TempFolder } from "./testing.ts";

const hello = (text: string) => `export default ${JSON.stringify(text)};\n`;
/** Nobody is that quick: every script is late. */
const NONE = { patienceSeconds: 0 };
const LATE = "hello.ts takes long, or much memory, to read; the others go on meanwhile";

async function watching(home: TempFolder): Promise<RecordedLoader> {
  const recorded = new RecordedLoader(home, NONE);
  await recorded.loader.loadAll();
  recorded.loader.watch();
  return recorded;
}

async function valueOf(recorded: RecordedLoader, file: string): Promise<unknown> {
  return (await run(recorded.scripts.get(file)!.code)).default;
}

Deno.test("scripts that take long are started when they are ready, and come out of the cache next time", async () => {
  await using home = new TempFolder({
    "processes/hello.ts": hello("hello"),
    "processes/other.ts": hello("other"),
  });
  {
    await using recorded = await watching(home);
    await recorded.untilAll("start hello.ts", "start other.ts");
    assertEquals(recorded.said[0], LATE);
    assertEquals(await valueOf(recorded, "other.ts"), "other");
  }
  await using again = new RecordedLoader(home, NONE);
  await again.loader.loadAll();
  assertEquals(again.lines.toSorted(), ["start hello.ts", "start other.ts"]);
});

Deno.test("what is saved while the version before is still being read comes instead of it", async () => {
  await using home = new TempFolder({ "processes/hello.ts": hello("one") });
  await using recorded = await watching(home);
  home.write("processes/hello.ts", hello("two"));
  assertEquals(await recorded.until("start"), ["start hello.ts"]);
  assertEquals(await valueOf(recorded, "hello.ts"), "two");
});

Deno.test("what it imports may change while it is being read", async () => {
  await using home = new TempFolder({
    "processes/hello.ts": 'export { default } from "./_part.ts";\n',
    "processes/_part.ts": hello("one"),
  });
  await using recorded = await watching(home);
  home.write("processes/_part.ts", hello("two"));
  await recorded.until("start");
  while (await valueOf(recorded, "hello.ts") !== "two") await recorded.until("start");
});

Deno.test("what is deleted while it is being read is not started", async () => {
  await using home = new TempFolder({
    "processes/hello.ts": hello("one"),
    "processes/other.ts": hello("other"),
  });
  await using recorded = await watching(home);
  home.remove("processes/hello.ts");
  home.write("processes/last.ts", hello("last"));
  await recorded.until("start last.ts");
  assert(!recorded.scripts.has("hello.ts"));
});

Deno.test("a fault in a script that takes long is told, and the version before goes on", async () => {
  await using home = new TempFolder({ "processes/hello.ts": hello("one") });
  await using recorded = await watching(home);
  await recorded.until("start");
  home.write("processes/hello.ts", "export default {\n");
  const lines = await recorded.until("goes on running");
  lines.push(...await recorded.until("hello.ts:"));
  assertStringIncludes(lines.join("\n"), "hello.ts:2:1: error: Expected identifier");
});

Deno.test("what esbuild breaks on is told once, and not tried again before it is saved", async () => {
  const deep = `export const a = ${"(".repeat(200_000)}1${")".repeat(200_000)};`;
  await using home = new TempFolder({ "processes/hello.ts": deep });
  await using recorded = await watching(home);
  const lines = await recorded.until("esbuild could not read this script");
  home.write("processes/other.ts", hello("other"));
  lines.push(...await recorded.until("start other.ts"));
  assertEquals(lines.filter((line) => line.startsWith("hello.ts")).length, 1);
});

Deno.test("what is saved while the version before fails is read, and the failure not taken for its own", async () => {
  const deep = `export const a = ${"(".repeat(200_000)}1${")".repeat(200_000)};`;
  await using home = new TempFolder({ "processes/hello.ts": deep });
  await using recorded = await watching(home);
  for (let version = 0; version < 5; version++) {
    home.write("processes/hello.ts", hello(`${version}`));
    await recorded.until("start hello.ts");
    assertEquals(await valueOf(recorded, "hello.ts"), `${version}`);
    home.write("processes/hello.ts", `${deep}\n// ${version}`);
    // At a different point of its way each time.
    await new Promise((resolve) => setTimeout(resolve, 100 * version));
  }
});

Deno.test("scripts that take long are started where the folder cannot be watched", async () => {
  await using home = new TempFolder({
    "processes/hello.ts": hello("hello"),
    "processes/other.ts": hello("other"),
  });
  const { watchFs } = Deno;
  Deno.watchFs = () => {
    throw new Error("no watches are left");
  };
  try {
    await using recorded = await watching(home);
    const lines = await recorded.until("start hello.ts");
    lines.push(...await recorded.until("start other.ts"));
    assertStringIncludes(lines[0]!, "no watches are left");
  } finally {
    Deno.watchFs = watchFs;
  }
});

Deno.test("kinode check, and who starts a child, wait for it", async () => {
  await using home = new TempFolder({
    "processes/hello.ts": hello("hello"),
    "processes/_child.ts": hello("child"),
  });
  await using recorded = new RecordedLoader(home, { ...NONE, waits: true });
  await recorded.loader.loadAll();
  assertEquals(recorded.lines, ["start hello.ts"]);
  const { code } = await recorded.loader.loadChild(
    parseProcessId("hello:hello:template.os"),
    "_child.ts",
  );
  assertEquals((await run(code)).default, "child");
});

Deno.test("close() ends what is still being read", async () => {
  await using home = new TempFolder({ "processes/hello.ts": hello("hello") });
  const recorded = await watching(home);
  await recorded.loader.close();
  assertEquals(recorded.lines, []);
});
