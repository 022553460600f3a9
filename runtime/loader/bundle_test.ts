import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Bundler, libraryModule } from "./bundle.ts";
import { BUILD_OPTIONS, ESBUILD_VERSION } from "./bundle_protocol.ts";
import { linesOf } from "./problem.ts";
import { isSealed } from "./seal.ts";
import { Sources } from "./sources.ts";
import { bundle, LIBRARY_NAMES, run, TempFolder } from "./testing.ts";

async function codeOf(files: Record<string, string>, entry?: string): Promise<string> {
  const { output, problems } = await bundle(files, entry);
  assertEquals(problems.filter(({ severity }) => severity === "error").flatMap(linesOf), []);
  assert(output !== null && isSealed(output.code));
  return output.code;
}

async function errorOf(files: Record<string, string>): Promise<string[]> {
  const { output, problems } = await bundle(files);
  assertEquals(output, null);
  return problems.flatMap(linesOf);
}

Deno.test("bundle() makes one module of a script, its files and the library", async () => {
  const code = await codeOf({
    "hello.ts": `import { println } from "@kinode/process";
      import { greet, type Name } from "./lib/greet.ts";
      import page from "./page.html";
      import settings, { port } from "./settings.json" with { type: "json" };
      import source from "./lib/greet.ts" with { type: "text" };
      const name: Name = "world";
      export async function init(our: string) { println(greet(name)); return our; }
      export const seen = { page, settings, port, source };`,
    "lib/greet.ts": `import { mark } from "../_mark.ts";
      export type Name = string;
      export const greet = (name: Name): string => "hello " + name + mark;`,
    "_mark.ts": `export enum Marks { Bang = "!" }; export const mark = Marks.Bang;`,
    "page.html": "<b>import('x')</b>",
    "settings.json": `{"port": 80}`,
  });
  const printed: string[] = [];
  const script = await run(code, { println: (line: string) => printed.push(line) });
  assertEquals(await (script.init as (our: string) => Promise<string>)("our"), "our");
  assertEquals(printed, ["hello world!"]);
  const { source, ...seen } = script.seen as Record<string, unknown>;
  assertEquals(seen, { page: "<b>import('x')</b>", settings: { port: 80 }, port: 80 });
  assertStringIncludes(source as string, "export type Name");
});

Deno.test("bundle() keeps default exports, top-level await, decorators and import() of a file", async () => {
  const code = await codeOf({
    "hello.ts": `const one = await Promise.resolve(1);
      function twice(method: (n: number) => number, _: unknown) { return (n: number) => method(n) * 2; }
      class A { @twice m(n: number) { return n + one; } }
      export default { async fetch() { return [new A().m(1), (await import("./late.ts")).late]; } };`,
    "late.ts": "export const late = 2;",
  });
  const script = await run(code);
  const { fetch } = script.default as { fetch(): Promise<unknown> };
  assertEquals(await fetch(), [4, 2]);
});

Deno.test("bundle() lets types come from anywhere", async () => {
  const code = await codeOf({
    "hello.ts": `import type { Z } from "npm:zod";
      import { type Message, awaitMessage, KernelMessage } from "@kinode/process";
      export type { Q } from "https://example.com/q.ts";
      export const init = (z: Z, m: Message, k: KernelMessage) => awaitMessage(z, m, k);`,
  });
  assertEquals(typeof (await run(code)).init, "function");
});

Deno.test("bundle() takes a CommonJS script, and scripts without any export", async () => {
  const common = await run(await codeOf({ "a.js": "module.exports = { fetch() {} };" }, "a.js"));
  assertEquals(Object.keys(common.default as object), ["fetch"]);
  assertEquals(Object.keys(await run(await codeOf({ "hello.ts": "1 + 1;" }))), []);
});

Deno.test("bundle() says file, line and column of a syntax error, in characters", async () => {
  assertEquals(await errorOf({ "hello.ts": `const a = 1;\n\tconst ü = "é", b = = 2;\n` }), [
    'hello.ts:2:21: error: Unexpected "="',
    '  2 | \tconst ü = "é", b = = 2;',
    "    | \t                   ^",
  ]);
});

Deno.test("bundle() makes a misspelt name of the library an error with a hint", async () => {
  const lines = await errorOf({
    "hello.ts": `import { awaitMesage } from "@kinode/process";\nawaitMesage();`,
  });
  assertEquals(lines, [
    'hello.ts:1:10: error: No matching export in "@kinode/process" for import "awaitMesage"',
    `  1 | import { awaitMesage } from "@kinode/process";`,
    "    |          ^^^^^^^^^^^",
    'hello.ts: Did you mean to import "awaitMessage" instead?',
  ]);
  const [first] = await errorOf({
    "hello.ts": `import * as k from "@kinode/process";\nk.awaitMesage();`,
  });
  assertStringIncludes(
    first!,
    'hello.ts:2:3: error: Import "awaitMesage" will always be undefined',
  );
});

Deno.test("bundle() refuses what is not a file of the folder, and says what to do", async (t) => {
  const cases: [specifier: string, text: RegExp, hint: RegExp][] = [
    ["npm:zod", /the package zod is not installed/, /npm install zod" in the processes folder/],
    ["jsr:@std/assert", /only npm packages/, /npx jsr add/],
    ["zod", /the package zod is not installed/, /npm install zod" in the processes folder/],
    ["@a/b/c", /the package @a\/b is not installed/, /npm install @a\/b"/],
    ["fs", /no access to the system/, /setState/],
    ["node:fs", /no access to the system/, /@kinode\/process/],
    ["https://example.com/x.ts", /nothing is downloaded/, /save the file/],
    ["/etc/passwd", /only files of the processes folder/, /copy the file/],
    ["file:///etc/passwd", /only files of the processes folder/, /copy the file/],
    ["C:\\\\x.ts", /only files of the processes folder/, /copy the file/],
    ["data:text/javascript,1", /cannot import/, /a package by its name/],
    ["../outside.ts", /leaves the processes folder/, /copy the file/],
    ["./lib/../../outside.ts", /leaves the processes folder/, /copy the file/],
    ["./..\\\\outside.ts", /cannot import/, /write "\/"/],
    ["./lib", /lib is a folder/, /\.\/lib\/mod.ts/],
    ["./nothing.ts", /there is no file nothing.ts/, /^$/],
    ["./lib/one", /there is no file lib\/one/, /did you mean lib\/one.ts/],
    ["./lib/one.js", /there is no file/, /did you mean lib\/one.ts/],
    ["./picture.png", /unknown kind of file/, /type: "text"/],
    ["lib/one.ts", /without "\.\/" it is a package/, /write "\.\/lib\/one\.ts"/],
    ["one.ts", /the package one\.ts is not installed/, /or write "\.\/one\.ts" for a file/],
    ["./Lib/One.ts", /there is no file Lib\/One\.ts/, /did you mean lib\/one\.ts/],
    ["./latin.ts", /latin\.ts is not UTF-8, at line 2/, /save it as UTF-8/],
    ["./wide.json", /wide\.json is UTF-16/, /save it as UTF-8/],
    ["kinode:process", /cannot import/, /"@kinode\/process"/],
    ["@kinode/process/http", /cannot import/, /"@kinode\/process"/],
  ];
  await using folder = new TempFolder({
    "lib/one.ts": "export default 1;",
    "picture.png": "",
    "latin.ts": Uint8Array.from([...new TextEncoder().encode("// ü\n// caf"), 0xe9, 10]),
    "wide.json": Uint8Array.of(0xff, 0xfe, 0x31, 0),
  });
  const bundler = new Bundler(new Sources(folder.path), LIBRARY_NAMES);
  for (const [specifier, text, hint] of cases) {
    await t.step(specifier, async () => {
      folder.write(
        "hello.ts",
        `export const a = 1;\nimport x from "${specifier}";\nconsole.log(x);`,
      );
      const { output, problems } = await bundler.bundle("hello.ts");
      const lines = problems.flatMap(linesOf);
      assertEquals(output, null);
      assertMatch(lines[0]!, /^hello\.ts:2:15: error: /);
      assertMatch(lines[0]!, text);
      assertMatch(lines.length > 3 ? lines[3]! : "", hint);
    });
  }
  bundler.close();
});

Deno.test("bundle() says what JSX lacks, where JSON is wrong, and which require() fails", async () => {
  const jsx = "export default { fetch: () => new Response(<b>hi</b>) };\n";
  const inTs = await errorOf({ "hello.ts": jsx });
  assertEquals(inTs.at(-1), "hello.ts: if this is JSX, give the file a name that ends in .tsx");
  const inJs = await errorOf({ "hello.ts": 'import "./view.js";', "view.js": jsx });
  assertEquals(inJs.at(-1), "view.js: JSX wants a file whose name ends in .jsx");
  const alone = await bundle({ "hello.tsx": jsx }, "hello.tsx");
  assertEquals(alone.problems.flatMap(linesOf)[0], "hello.tsx: warning: its JSX needs a package");
  const json = await errorOf({
    "hello.ts": 'import a from "./a.json"; a;',
    "a.json": '{\n"a": 1,\n}',
  });
  assertMatch(json[0]!, /^a\.json:2:7: error: /);
  const { problems } = await bundle({
    "hello.ts": "const n = 'x' + 1;\nexport default require(n);",
  });
  assertMatch(problems.flatMap(linesOf)[0]!, /^hello\.ts:2:16: warning: require\(\) needs a plain/);
  const [python] = (await bundle({ "hello.py": "print()" }, "hello.py")).problems.flatMap(linesOf);
  assertEquals(python, "hello.py: error: hello.py is no script");
});

Deno.test("bundle() refuses a type that it does not know", async () => {
  const [first] = await errorOf({
    "hello.ts": `import x from "./x.txt" with { type: "css" };\nconsole.log(x);`,
    "x.txt": "",
  });
  assertStringIncludes(first!, `cannot import with { type: "css" }`);
});

Deno.test({
  name: "bundle() refuses links that leave the folder, and takes those that stay",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using outside = new TempFolder({ "secret.txt": "secret" });
    await using folder = new TempFolder({
      "hello.ts": `import a from "./link.txt";\nexport default a;`,
      "good.ts": `import a from "./inside.txt";\nexport default a;`,
      "deep.ts": `import a from "./away/secret.txt";\nexport default a;`,
      "real.txt": "real",
    });
    Deno.symlinkSync(outside.at("secret.txt"), folder.at("link.txt"));
    Deno.symlinkSync(outside.path, folder.at("away"));
    Deno.symlinkSync("real.txt", folder.at("inside.txt"));
    const bundler = new Bundler(new Sources(folder.path), LIBRARY_NAMES);
    try {
      for (const entry of ["hello.ts", "deep.ts"]) {
        const { output, problems } = await bundler.bundle(entry);
        assertEquals(output, null);
        assertStringIncludes(problems[0]!.text, "leaves the processes folder");
      }
      const { output, inputs } = await bundler.bundle("good.ts");
      assertEquals((await run(output!.code)).default, "real");
      const there = [...inputs].filter(([, sha256]) => sha256 !== null).map(([path]) => path);
      assertEquals(there, ["good.ts", "inside.txt", "real.txt"]);
    } finally {
      bundler.close();
    }
  },
});

Deno.test("libraryModule() takes names, not code", () => {
  assertStringIncludes(libraryModule(["http"]), "export const { http } = library");
  for (const name of ["a b", "a }; evil(); ({", "default", ""]) {
    let refused = false;
    try {
      libraryModule([name]);
    } catch {
      refused = true;
    }
    assert(refused, name);
  }
});

Deno.test("ESBUILD_VERSION is the one that deno.json takes", async () => {
  const text = await Deno.readTextFile(new URL("../../deno.json", import.meta.url));
  assertStringIncludes(text, `npm:esbuild-wasm@${ESBUILD_VERSION}/`);
  assertEquals(BUILD_OPTIONS.supported["dynamic-import"], false);
});
