import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Bundler } from "./bundle.ts";
import { linesOf } from "./problem.ts";
import { Sources } from "./sources.ts";
import { bundle, LIBRARY_NAMES, run, TempFolder } from "./testing.ts";

Deno.test("bundle() survives a script that breaks esbuild, and bundles the next", async () => {
  const deep = `export const a = ${"(".repeat(200_000)}1${")".repeat(200_000)};`;
  await using folder = new TempFolder({ "deep.ts": deep, "hello.ts": "export default 1;" });
  const bundler = new Bundler(new Sources(folder.path), LIBRARY_NAMES);
  try {
    const { output, problems, crash } = await bundler.bundle("deep.ts");
    assertEquals([output, crash?.lacked], [null, null]);
    assertStringIncludes(problems[0]!.text, "esbuild could not read this script");
    assertEquals((await run((await bundler.bundle("hello.ts")).output!.code)).default, 1);
  } finally {
    bundler.close();
  }
});

Deno.test("bundle() bounds the size of a script", async () => {
  const { output, problems: [first] } = await bundle({
    "hello.ts": `import a from "./a.txt";\nimport b from "./b.txt";\nexport default a + b;`,
    "a.txt": "x".repeat(9 << 20),
    "b.txt": "x".repeat(9 << 20),
  });
  assertEquals(output, null);
  assertStringIncludes(first!.text, "the files of a script may have 16 MB together");
});

Deno.test("bundle() bounds what esbuild makes of a script", async () => {
  const indented = `export default 1;${"{".repeat(300)}${"a;".repeat(30_000)}${"}".repeat(300)}`;
  const lines = (await bundle({ "hello.ts": indented })).problems.flatMap(linesOf);
  assertEquals(lines, ["hello.ts: error: the finished bundle is larger than 16 MB"]);
});

Deno.test("bundle() says what is wrong with fifty imports, and leaves out the rest", async () => {
  const imports = Array.from({ length: 60 }, (_, i) => `import a${i} from "./no${i}.ts";`);
  const names = imports.map((_, i) => `a${i}`).join();
  const { problems } = await bundle({
    "hello.ts": `${imports.join("\n")}\nexport default [${names}];`,
  });
  assertEquals(problems.length, 50);
  assert(problems.every(({ text }) => /there is no file no\d+\.ts/.test(text)));
});

Deno.test("bundle() tells fifty problems of a script, errors first", async () => {
  const warned = "if (x === NaN) y();\n".repeat(60);
  const { problems } = await bundle({ "hello.ts": `${warned}import(x);\nexport default 1;` });
  assertEquals([problems.length, problems[0]?.severity, problems[0]?.line], [51, "error", 61]);
  assertEquals(problems.at(-1)?.text, "and 11 more");
});

Deno.test("bundle() leaves warnings out when it is to be quiet, and errors in", async () => {
  const dynamic = "const n = './a.ts';\nexport default () => import(n);";
  const compares = { "hello.ts": "export default (x: number) => x === NaN;" };
  for (const quiet of [false, true]) {
    assertEquals((await bundle(compares, "hello.ts", { quiet })).problems.length, quiet ? 0 : 1);
    const [problem] = (await bundle({ "hello.ts": dynamic }, "hello.ts", { quiet })).problems;
    assertEquals([problem?.severity, problem?.line], ["error", 2]);
  }
});

Deno.test("bundle() bounds the memory that esbuild takes", async () => {
  await using folder = new TempFolder({
    "words.ts": `export default 1;${"a1;".repeat(400_000)}`,
    "hello.ts": "export default 1;",
  });
  const bundler = new Bundler(new Sources(folder.path), LIBRARY_NAMES, { memoryMb: 96 });
  try {
    const words = await bundler.bundle("words.ts");
    assertEquals(words.problems.flatMap(linesOf), [
      "words.ts: error: esbuild could not read this script: it takes more than 96 MB of memory",
    ]);
    assertEquals(words.crash?.lacked, "memory");
    assertEquals((await bundler.bundle("hello.ts")).problems, []);
  } finally {
    bundler.close();
  }
});
