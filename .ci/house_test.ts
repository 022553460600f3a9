// What lint cannot see: the house as a whole. The root stays closed, and nothing lies about that no
// test runs (a guest without a test proves nothing, an example without one rots).

import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";

const ROOT = fromFileUrl(new URL("../", import.meta.url));

/** design.md §2. A new entry is a new room: it needs a line in docs/DECISIONS.md, then one here. */
const ENTRIES = [
  ...["deno.json", "main.ts", "runtime", "processes", "examples", "tests"],
  ...["README.md", "LICENSE", "CHANGELOG.md", "docs", ".ci", ".gitignore", "deno.lock", ".github"],
];
/** Made by tools, never committed. */
const IGNORED = [".git", "dist", "node_modules", "kinode-home"];

function names(folder: string): string[] {
  try {
    return [...Deno.readDirSync(join(ROOT, folder))].map((entry) => entry.name).sort();
  } catch (error) {
    // git keeps no empty folder: one that is missing holds nothing.
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** A file without _test is a part of one that imports it; the guests themselves prove nothing. */
function* testFiles(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory && entry.name !== "programs") yield* testFiles(path);
    else if (entry.name.endsWith(".ts")) yield path;
  }
}

function testTexts(): string {
  return [...testFiles(join(ROOT, "tests"))].map((path) => Deno.readTextFileSync(path)).join("\n");
}

/**
 * Is `examples/hello.ts` (or `programs/…`) named by a test? As a path, or as the argument of a
 * function that is called after the folder: `example("hello.ts")`, `startProgram("echo.ts")`.
 */
function isNamed(folder: "example" | "program", name: string, texts: string): boolean {
  const text = name.replaceAll(".", "\\.");
  return new RegExp(`${folder}(s?/|s?\\w*\\(\\[?")${text}\\b`, "i").test(texts);
}

Deno.test("house: nothing new at the top level", () => {
  const strangers = names(".").filter((name) => ![...ENTRIES, ...IGNORED].includes(name));
  assertEquals(strangers, [], "Put it into a folder, or give it a line in docs/DECISIONS.md");
});

Deno.test("house: every program of tests/programs is run by a test", () => {
  const texts = testTexts();
  const unused = names("tests/programs").filter((name) => !isNamed("program", name, texts));
  assertEquals(unused, [], "A guest without a test proves nothing");
});

Deno.test("house: every program of tests/programs/hostile is run by a test", () => {
  const texts = testTexts();
  const scripts = names("tests/programs/hostile").filter((name) => name.endsWith(".ts"));
  const unused = scripts.filter((name) => !texts.includes(`"${name.replace(/\.ts$/, "")}"`));
  assertEquals(unused, [], "A guest without a test proves nothing");
});

Deno.test("house: every example is run by a test", () => {
  const texts = testTexts();
  const scripts = names("examples").filter((name) => /\.(ts|tsx|js|mts)$/.test(name));
  assertEquals(scripts.filter((name) => !isNamed("example", name, texts)), []);
});

Deno.test("house: isNamed() knows a mention from a file of the same name", () => {
  assertEquals(isNamed("example", "hello.ts", `files: { "hello.ts": text }`), false);
  assertEquals(isNamed("example", "hello.ts", `new URL("../../examples/hello.ts", …)`), true);
  assertEquals(isNamed("example", "hello.ts", `await readExample("hello.ts")`), true);
  assertEquals(isNamed("program", "echo.ts", `startPrograms(["echo.ts"])`), true);
  assertEquals(isNamed("program", "echo.ts", `program("echo_all.ts")`), false);
});
