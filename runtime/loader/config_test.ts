import { assert, assertEquals } from "@std/assert";
import { Bundler } from "./bundle.ts";
import { linesOf } from "./problem.ts";
import { Sources } from "./sources.ts";
import { LIBRARY_NAMES, TempFolder } from "./testing.ts";

/** What is read of a script, and what is said about it. */
async function read(source: string, file = "hello.ts", others: Record<string, string> = {}) {
  await using folder = new TempFolder({ [file]: source, ...others });
  const bundler = new Bundler(new Sources(folder.path), LIBRARY_NAMES);
  try {
    const { output, problems } = await bundler.bundle(file);
    return { config: output?.config, lines: problems.flatMap(linesOf) };
  } finally {
    bundler.close();
  }
}

Deno.test("a config is read without running anything, whatever the file is written in", async () => {
  const config = {
    on_exit: "None",
    memory_mb: 64,
    request_capabilities: ["a:a:sys", { process: "b:b:sys", params: [-1, +2, null, { x: "y" }] }],
  };
  const text = `{ on_exit: "None", "memory_mb": 64, request_capabilities: [\`a:a:sys\`,
    { process: 'b:b:sys', params: [-1, +2, null, { x: ("y") }] }] }`;
  const run =
    "export const init = () => { throw new Error('not now'); };\nthrow new Error('nor now');";
  const forms: [source: string, file?: string][] = [
    [`export const config = ${text};\n${run}`],
    [`interface A { b: 1 }\nenum E { A }\nexport const config = ${text} as const;\n${run}`],
    [`export const config = ${text} satisfies object, other = 1;\n${run}`],
    [`const hidden = ${text};\n${run}\nexport { hidden as config };`],
    [`#!/usr/bin/env deno\nexport const config = ${text};\n${run}`, "hello.js"],
    [`export const a = <b>c</b>; const React = 1;\nexport const config = ${text};`, "hello.tsx"],
  ];
  for (const [source, file] of forms) {
    assertEquals(await read(source, file), { config, lines: [] }, source);
  }
  assertEquals(await read("const config = { x: 1 };\nexport const init = () => config;"), {
    config: null,
    lines: [],
  });
});

Deno.test("a config that only running could tell is an error with its place", async () => {
  const hint = "hello.ts: it is read before the script runs: write every value out " +
    "(text, numbers, true, false, null, lists, objects)";
  const wrong: [value: string, text: string, at: string][] = [
    ["{ on_exit: other }", "config.on_exit: `other` is known only when the script runs", "other"],
    ["{ on_exit: `a${1}` }", "config.on_exit: a template with ${…} in it", "`"],
    ["{ a: [1, f()] }", "config.a[1]: a value that is known only when the script runs", "f()"],
    ["{ ...other }", "config: a value that is known only when the script runs", "..."],
    ["{ get a() { return 1; } }", "config: a value that is known only when the script runs", "get"],
    ["{ a: 1n }", "config.a: 1n has no place in JSON", "1n"],
    ["make({})", "config: a value that is known only when the script runs", "make"],
  ];
  for (const [value, text, at] of wrong) {
    const line = `export const config: unknown = ${value};`;
    const column = line.indexOf(at) + 1;
    const { lines } = await read(`type A = 1;\n\n${line}\ndeclare const f: any;\n`);
    assertEquals([lines[0], lines[1], lines.at(-1)], [
      `hello.ts:3:${column}: error: ${text}`,
      `  3 | ${line}`,
      hint,
    ], value);
  }
});

Deno.test("a config must be a constant of the script itself", async () => {
  const hint = "hello.ts: write it into the script itself, as `export const config = { … }`";
  const wrong: [source: string, place: string][] = [
    ["export let config = {};", ":1:12"],
    ["export function config() {}", ":1:8"],
    ['export { config } from "./_other.ts";', ":1:10"],
    ['import { config } from "./_other.ts";\nexport { config };', ":2:10"],
    ['export * from "./_other.ts";', ""],
  ];
  const others = { "_other.ts": "export const config = {};" };
  for (const [source, place] of wrong) {
    const { lines } = await read(source, "hello.ts", others);
    assertEquals(lines[0], `hello.ts${place}: error: \`config\` must be a constant of this file`);
    assertEquals(lines.at(-1), hint);
  }
});

Deno.test("a config in a very large file is an error that says how to split it", async () => {
  const large = `export const config = {};\nexport default "${"x".repeat(1 << 20)}";`;
  const others = { "_large.ts": large };
  assertEquals((await read(large)).lines, [
    "hello.ts: error: a file with a `config` may have 1 MB",
    "hello.ts: give this one a name with `_` before it, and write a script beside it " +
    'with the `config` and `export { default } from "./_….js"`',
  ]);
  const small = 'export const config = {};\nexport { default } from "./_large.ts";';
  assertEquals(await read(small, "hello.ts", others), { config: {}, lines: [] });
});

Deno.test("what is said of a config is little, however much is in it", async () => {
  const values = (count: number) => `[${"1,".repeat(count)}]`;
  const many = await read(`export const config = { a: ${values(6_000)} };\nexport default 1;`);
  assertEquals(many.lines[0], "hello.ts:1:10025: error: a config has 5000 values at most");
  const long = await read(`export const config = { ${"a".repeat(2_000)}: 1 };\nexport default 1;`);
  assertEquals(
    long.lines[0],
    "hello.ts:1:2027: error: names in a config have 1000 characters at most",
  );
  const { lines } = await read(
    `export const config = { pubic: ${values(4_000)} };\nexport default 1;`,
  );
  assertEquals(lines[0], "hello.ts:1:25: warning: config.pubic means nothing");
  assertEquals(lines[1]?.length, "  1 | ".length + 160);
});

Deno.test("a wrong value and an unknown field of a config are named where they stand", async () => {
  const { config, lines } = await read(
    `export const config = {\n  pubic: true,\n  grant_capabilities: [\n    { process: "b:b:sys" },\n  ],\n};`,
  );
  assertEquals(config, undefined);
  const [hint] = lines.splice(3, 1);
  assert(hint!.startsWith('hello.ts: did you mean "public"? There are: id, on_exit, '), hint);
  assertEquals(lines, [
    "hello.ts:2:3: warning: config.pubic means nothing",
    "  2 |   pubic: true,",
    "    |   ^^^^^^^^^^^",
    "hello.ts:4:5: error: config.grant_capabilities[0].params: expected any JSON",
    '  4 |     { process: "b:b:sys" },',
    "    |     ^^^^^^^^^^^^^^^^^^^^^^",
  ]);
});
