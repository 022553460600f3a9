import { assertEquals, assertNotEquals } from "@std/assert";
import { join } from "@std/path";
import { BundleCache, type Entry } from "./cache.ts";
import { sha256Of } from "./sources.ts";
import { LIBRARY_NAMES, TempFolder } from "./testing.ts";

const entry: Entry = {
  inputs: [{ path: "hello.ts", sha256: "aa" }, { path: "lib/x.ts", sha256: "bb" }],
  output: {
    code: "var a = 1;\nexport {\n  a as default\n};\n",
    map: "{}",
    exports: ["default"],
    config: { public: true },
  },
  warnings: [{
    severity: "warning",
    file: "a.ts",
    line: 3,
    column: 1,
    text: "odd",
    lineText: "x",
    cut: 0,
    length: 1,
    hint: null,
  }],
};

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test("BundleCache gives back what was stored, for this file, content and library only", async () => {
  await using folder = new TempFolder();
  const cache = new BundleCache(folder.at("deep/bundles"), LIBRARY_NAMES);
  assertEquals(await cache.find("hello.ts", "aa"), null);
  await cache.store("hello.ts", "aa", entry);
  assertEquals(await cache.find("hello.ts", "aa"), entry);
  assertEquals(await cache.find("hello.ts", "ab"), null);
  assertEquals(await cache.find("hallo.ts", "aa"), null);
  const other = new BundleCache(folder.at("deep/bundles"), [...LIBRARY_NAMES, "more"]);
  assertEquals(await other.find("hello.ts", "aa"), null);
  assertEquals(names(folder.at("deep/bundles")).length, 1);
});

Deno.test("BundleCache takes a damaged entry for none", async () => {
  await using folder = new TempFolder();
  const cache = new BundleCache(folder.path, LIBRARY_NAMES);
  await cache.store("hello.ts", "aa", entry);
  const path = join(folder.path, names(folder.path)[0]!);
  const whole = await Deno.readTextFile(path);
  const changed = whole.replace("a = 1", "a = 2");
  assertNotEquals(changed, whole);
  for (
    const text of [changed, whole.slice(0, -1), whole.slice(0, 70), "", "\n", "x", whole + " "]
  ) {
    await Deno.writeTextFile(path, text);
    assertEquals(await cache.find("hello.ts", "aa"), null, text);
  }
  await Deno.writeTextFile(path, whole);
  assertEquals(await cache.find("hello.ts", "aa"), entry);
});

Deno.test("BundleCache runs no code with an import, and no other shape, whatever the checksum says", async () => {
  await using folder = new TempFolder();
  const cache = new BundleCache(folder.path, LIBRARY_NAMES);
  await cache.store("hello.ts", "aa", entry);
  const path = join(folder.path, names(folder.path)[0]!);
  const code = 'export default () => import("/etc/passwd");\n';
  for (const forged of [{ ...entry, output: { code, map: "{}" } }, { inputs: [] }, null, 1]) {
    const body = JSON.stringify(forged);
    await Deno.writeTextFile(path, `${await sha256Of(body)}\n${body}`);
    assertEquals(await cache.find("hello.ts", "aa"), null, body);
  }
});

Deno.test("BundleCache removes the oldest entries that this run did not use", async () => {
  await using folder = new TempFolder();
  const before = new BundleCache(folder.path, LIBRARY_NAMES, 10);
  for (let age = 0; age < 5; age++) {
    const known = new Set(names(folder.path));
    await before.store(`${age}.ts`, "aa", entry);
    const name = names(folder.path).find((name) => !known.has(name))!;
    await Deno.utime(folder.at(name), age, age);
  }
  const cache = new BundleCache(folder.path, LIBRARY_NAMES, 4);
  assertEquals(await cache.find("0.ts", "aa"), entry);
  await cache.store("new.ts", "aa", entry);
  assertEquals(names(folder.path).length, 4);
  const found = [];
  for (const file of ["0.ts", "1.ts", "2.ts", "3.ts", "4.ts", "new.ts"]) {
    if (await cache.find(file, "aa") !== null) found.push(file);
  }
  assertEquals(found, ["0.ts", "3.ts", "4.ts", "new.ts"]);
});
