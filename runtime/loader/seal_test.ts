/**
 * The threat: in a compiled binary `import()` reads any file without asking (design.md §4, fact 1). Each
 * case is an attempt to get an import past the loader; it must end as a load error or as harmless code.
 */
import {
  assert,
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
} from "@std/assert";
import fc from "fast-check";
import { Bundler } from "./bundle.ts";
import { isSealed, seal, SealedLine } from "./seal.ts";
import { Sources } from "./sources.ts";
import { LIBRARY_NAMES, run, TempFolder } from "./testing.ts";

const REFUSED: Record<string, string> = {
  "a variable": "export const f = (x) => import(x);",
  "an expression": 'export const f = () => import("/etc/" + "hostname");',
  "a template": "export const f = (x) => import(`/etc/${x}`);",
  "a relative template (a glob for esbuild)": "export const f = (x) => import(`./${x}.json`);",
  "a relative sum (a glob for esbuild)": 'export const f = (x) => import("./" + x);',
  "a glob of require": 'export const f = (x) => require("./" + x + ".json");',
  "a plain template": "export const f = () => import(`/etc/hostname`);",
  "a literal": 'export const f = () => import("/etc/hostname");',
  "a choice": 'export const f = (x) => import(x ? "./other.ts" : "/etc/hostname");',
  "comments between": "export const f = (x) => import/* ( */ // (\n (x);",
  "an escaped keyword": "export const f = (x) => \\u0069mport(x);",
  "attributes": 'export const f = (x) => import(x, { with: { type: "json" } });',
  "attributes of a literal": 'export const f = () => import("/x", { with: { type: "json" } });',
  "attributes made up later": 'export const f = (o) => import("./other.ts", o);',
  "defer": "export const f = (x) => import.defer(x);",
  "defer of a file": 'import defer * as o from "./other.ts";\nexport const f = o;',
  "source": "export const f = (x) => import.source(x);",
  "source of a file": 'import source o from "./other.ts";\nexport const f = o;',
  "a static import": 'import "/etc/hostname";',
  "an import for its effect": 'import "data:text/javascript,1";',
  "import =": 'import fs = require("node:fs");\nexport const f = fs;',
  "export *": 'export * from "file:///etc/hostname";',
  "export * as": 'export * as x from "npm:zod";',
  "export from": 'export { a } from "https://example.com/a.js";',
  "require": 'export const f = () => require("node:fs");',
  "new URL of a file": 'export { default } from "./other.ts?raw";',
  "the jsx runtime": "/** @jsxRuntime automatic @jsxImportSource npm:x */\nexport const f = <a />;",
  "a string for a name": 'const a = 1;\nexport { a as "x from" };',
};

Deno.test("bundle() refuses every import that is not of a file of the folder", async (t) => {
  await using folder = new TempFolder({ "other.ts": "export const a = 1;" });
  const bundler = new Bundler(new Sources(folder.path), LIBRARY_NAMES);
  for (const [name, source] of Object.entries(REFUSED)) {
    await t.step(name, async () => {
      folder.write("hello.tsx", source);
      const { output, problems } = await bundler.bundle("hello.tsx");
      assertEquals(output?.code, undefined);
      assert(problems.some(({ severity }) => severity === "error"));
    });
  }
  bundler.close();
});

/** Looks like an import and is none: each must work as written. */
const HARMLESS: Record<string, [source: string, value: unknown]> = {
  "strings": [
    `'import("x")\\nimport(1) export * from "y"'`,
    `import("x")\nimport(1) export * from "y"`,
  ],
  "templates": ["`import ${'a'} export { x } from 'y'`", "import a export { x } from 'y'"],
  "raw templates": [
    "String.raw`\\import ${1} import.meta \\u0041`",
    "\\import 1 import.meta \\u0041",
  ],
  "own tags": ["((s) => s.raw[0] + s[0])`import`", "importimport"],
  "regular expressions": [String.raw`"\\import import".replace(/\\import|\import/g, "x")`, "x x"],
  "classes of letters": [`"imp".replace(/[import]/g, "x")`, "xxx"],
  "names of groups": [`/(?<import>a)/.exec("a").groups.import`, "a"],
  "properties": ["{ const o = { import: 1, export: 2 }; return o.import + o?.export; }", 3],
  "methods": [
    "{ class A { import() { return 1 } static export = 2 } return new A().import() + A.export }",
    3,
  ],
  "private names": [
    "{ class A { #import = 1; get() { return this.#import } } return new A().get() }",
    1,
  ],
  "longer names": [
    "{ const important = 1, reimport = 1, $import = 1; return important + reimport + $import }",
    3,
  ],
  "comments": ["String(/* import('x') */ 1)", "1"],
  "import.meta": ["{ const { url, resolve } = import.meta; return String([url, resolve]); }", ","],
  "json": [`JSON.parse('{"import": "export"}').import`, "export"],
  "backslashes": [String.raw`"\\import \\\\import"`, "\\import \\\\import"],
};

Deno.test("bundle() leaves alone what only looks like an import", async (t) => {
  await using folder = new TempFolder();
  const bundler = new Bundler(new Sources(folder.path), LIBRARY_NAMES);
  for (const [name, [source, value]] of Object.entries(HARMLESS)) {
    await t.step(name, async () => {
      const body = source.startsWith("{") ? source : `{ return ${source}; }`;
      folder.write("hello.js", `export default (() => ${body})();`);
      const { output } = await bundler.bundle("hello.js");
      assert(isSealed(output!.code));
      assertNotMatch(output!.code, /(?<![\w$])import(?![\w$])/);
      assertEquals((await run(output!.code)).default, value);
    });
  }
  bundler.close();
});

Deno.test("bundle() lets no comment rename a script or point at a source map", async () => {
  await using folder = new TempFolder({
    "hello.ts": `//! import("x")\n//# sourceMappingURL=file:///dev/zero\nexport default String(
      //# sourceURL=file:///boot.ts\n //# sourceMappingURL=file:///dev/zero\n /*# sourceURL=x */ 1);`,
  });
  const bundler = new Bundler(new Sources(folder.path), LIBRARY_NAMES);
  const { output } = await bundler.bundle("hello.ts");
  bundler.close();
  assertNotMatch(output!.code, /[@#] source/);
  assertEquals((await run(output!.code)).default, "1");
});

Deno.test("seal() makes a SyntaxError of any import and any export from, wherever it hides", async () => {
  const hidden = [
    'import("data:text/javascript,1")',
    'import/**/("data:text/javascript,1")',
    'import "data:text/javascript,1";',
    'import.meta.resolve("x")',
    "const s = `${import.meta.url}`;",
    "/x/ /import.meta.url",
    "const a = 1 /import.meta.url/ 2;",
    'export * from "data:text/javascript,1";',
    'const a = 1;\nexport { a } from "data:text/javascript,1";\nexport {\n  a\n};\n',
    'export {} from "data:text/javascript,1"; export {};',
    "export default import.meta;\nexport {};\n",
    "`\nexport {};\n`; import.meta",
  ];
  for (const code of hidden) {
    assert(!isSealed(code), code);
    assert(isSealed(seal(code)), code);
    const error = await run(seal(code)).then(() => null, (error: unknown) => error);
    // Where the parser of Deno's loader meets it first, it is a TypeError around a SyntaxError.
    assertMatch(String(error), /SyntaxError|could not be parsed/, code);
  }
});

Deno.test("seal() keeps the export at the end, with every name it may have", async () => {
  const code = "var a = 1;\nexport {\n  a as default,\n  a as import,\n  a as \\u{20BB7}\n};\n";
  assertStringIncludes(seal(code), "export {\n  a as default,\n  a as \\u0069mport");
  assertEquals(
    await run(seal(code)),
    { default: 1, import: 1, "𠮷": 1 } as Record<string, unknown>,
  );
  assertEquals((await run(seal("var f = () => 1;\nexport default f();\n"))).default, 1);
});

Deno.test("seal() leaves no word unsealed in any text, and changes a sealed text no more", () => {
  const pieces = fc.constantFrom(
    ...'import,export,sourceURL,from,default,{,},;,(,),`,\\,\n, ,$,a,",*,\\u{1f},é,\n\nexport {,};\n'
      .split(","),
  );
  fc.assert(fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
    const sealed = seal(parts.join(""));
    assert(isSealed(sealed));
    assertNotMatch(sealed, /(?<![\w$])(?:import|sourceURL)(?![\w$])/);
    const exports = sealed.match(/(?<![\w$])export(?![\w$])[^]*/)?.[0] ?? "export {};";
    assertMatch(exports, /^export (?:\{[^"'`]*\}|default [\w$]+\(\));\s*$/);
  }));
});

Deno.test("seal() takes an escaped character for one of a name, and of nothing else", () => {
  for (const end of ["export {};\\u{1f}", "export {}\\u{1f};", "export default \\u{1f}a();"]) {
    assertNotMatch(seal(`\n${end}`), /export/);
  }
});

Deno.test("SealedLine counts the escapes back", () => {
  const before = `a("import", "export", "sourceMappingURL", x)`;
  const after = seal(before);
  const line = new SealedLine(after);
  for (const mark of ["(", ", ", `MappingURL", x`, "x)"]) {
    assertEquals(line.columnBefore(after.lastIndexOf(mark)), before.lastIndexOf(mark), mark);
  }
  assertEquals(line.columnBefore(2), 2);
});

Deno.test("seal() takes a script of nothing but backslashes, or of a million exports", () => {
  // Hours, and a RangeError, before: both were a regular expression's.
  const backslashes = `"${"\\".repeat(4_000_000)}"; import`;
  assertEquals(seal(backslashes).slice(-10), "; \\u0069mport".slice(-10));
  const names = `export {\n${"  a12345678,\n".repeat(1_000_000)}};\n`;
  assertEquals([isSealed(names), seal(names) === names], [true, true]);
});
