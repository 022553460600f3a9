import { assertEquals } from "@std/assert";
import houseRules from "./house_rules.ts";

/** What the rules say of one file, as `rule: message`. */
function lint(path: string, source: string): string[] {
  const found = Deno.lint.runPlugin(houseRules, path, source);
  return found.map(({ id, message }) => `${id.replace("house/", "")}: ${message}`);
}

/** [file, its line, undefined or the target that the table keeps it from]. */
const IMPORTS: [string, string, string?][] = [
  // protocol: itself alone
  ["runtime/protocol/a.ts", `import { b } from "./b.ts";`],
  ["runtime/protocol/a.ts", `import { MAX } from "../limits.ts";`, "runtime/limits.ts"],
  ["runtime/protocol/a.ts", `import { encode } from "@std/msgpack";`, `"@std/msgpack"`],
  ["runtime/protocol/a.ts", `import fs from "node:fs";`, `"node:fs"`],
  ["runtime/protocol/a_test.ts", `import { assert } from "@std/assert";`],
  [
    "runtime/protocol/a_test.ts",
    `import v from "../../tests/vectors/a.json" with { type: "json" };`,
  ],
  // kernel, process, loader, modules/x: protocol and the base, not each other
  ["runtime/kernel/a.ts", `import { b } from "../protocol/b.ts";`],
  ["runtime/kernel/a.ts", `import { log } from "../log.ts";`],
  ["runtime/kernel/a.ts", `import { b } from "../process/b.ts";`, "runtime/process/b.ts"],
  ["runtime/kernel/a.ts", `import type { B } from "../loader/b.ts";`, "runtime/loader/b.ts"],
  ["runtime/kernel/a.ts", `import { main } from "../../main.ts";`, "main.ts"],
  ["runtime/kernel/a.ts", `import { parseFlags } from "../flags.ts";`, "runtime/flags.ts"],
  ["runtime/process/a.ts", `export * from "../kernel/b.ts";`, "runtime/kernel/b.ts"],
  ["runtime/process/a.ts", `export { b } from "../kernel/b.ts";`, "runtime/kernel/b.ts"],
  ["runtime/loader/a.ts", `await import("../process/b.ts");`, "runtime/process/b.ts"],
  ["runtime/loader/a.ts", `let b: import("../process/b.ts").B;`, "runtime/process/b.ts"],
  ["runtime/loader/a.ts", `import { build } from "esbuild-wasm";`],
  ["runtime/loader/a.ts", `import { build } from "npm:esbuild-wasm";`, `"npm:esbuild-wasm"`],
  ["runtime/loader/a.ts", `import { fetch } from "@kinode/process";`, "runtime/process/mod.ts"],
  ["runtime/modules/vfs/a.ts", `import { b } from "./deep/b.ts";`],
  ["runtime/modules/vfs/a.ts", `import { b } from "../kv/b.ts";`, "runtime/modules/kv/b.ts"],
  ["runtime/modules/vfs/a.ts", `import { assert } from "@std/assert";`, `"@std/assert"`],
  ["runtime/modules/vfs/a_test.ts", `import { assert } from "@std/assert";`],
  // the entry of a worker is reached by name, and that counts
  ["runtime/process/a.ts", `new URL("./boot.ts", import.meta.url);`],
  [
    "runtime/kernel/a.ts",
    `new URL("../process/boot.ts", import.meta.url);`,
    "runtime/process/boot.ts",
  ],
  ["runtime/kernel/a.ts", `import.meta.resolve("../process/boot.ts");`, "runtime/process/boot.ts"],
  ["runtime/kernel/a.ts", `new URL("../process/notes.txt", import.meta.url);`],
  ["runtime/kernel/a.ts", `new URL("../process/boot.ts", base);`],
  // the root files
  ["main.ts", `import { Kernel } from "./runtime/kernel/kernel.ts";`],
  ["main.ts", `import { Vfs } from "./runtime/modules/vfs/vfs.ts";`],
  ["main.ts", `import { hello } from "./examples/hello.ts";`, "examples/hello.ts"],
  ["runtime/flags.ts", `import { MAX } from "./limits.ts";`],
  ["runtime/flags_test.ts", `import { parseFlags } from "./flags.ts";`],
  ["runtime/log.ts", `import { route } from "./kernel/kernel.ts";`, "runtime/kernel/kernel.ts"],
  // programs: the library, and their own package
  ["examples/hello.ts", `import { println } from "@kinode/process";`],
  ["examples/hello.ts", `import { b } from "./other.ts";`, "examples/other.ts"],
  ["examples/hello.ts", `import { encode } from "@std/msgpack";`, `"@std/msgpack"`],
  ["examples/chat/a.ts", `import { b } from "./b.ts";`],
  ["processes/homepage/a.ts", `import { b } from "../terminal/b.ts";`, "processes/terminal/b.ts"],
  ["tests/programs/echo.ts", `import { b } from "../clients/node.ts";`, "tests/clients/node.ts"],
  // tests stand outside
  ["tests/conformance/a_test.ts", `import { startNode } from "../clients/node.ts";`],
  ["tests/conformance/a_test.ts", `import { WebSocket } from "ws";`],
  ["tests/conformance/a_test.ts", `import { b } from "../../runtime/log.ts";`, "runtime/log.ts"],
  ["tests/conformance/a_test.ts", `import "@kinode/process";`, "runtime/process/mod.ts"],
  ["tests/conformance/a_test.ts", `import "../programs/echo.ts";`, "tests/programs/echo.ts"],
  ["tests/conformance/a_test.ts", `new URL("../programs/echo.ts", import.meta.url);`],
  [
    "tests/conformance/a_test.ts",
    `new URL("../../runtime/log.ts", import.meta.url);`,
    "runtime/log.ts",
  ],
];

for (const [path, line, target] of IMPORTS) {
  Deno.test(`layers: ${path} ${target ? "may not" : "may"}: ${line}`, () => {
    const said = lint(path, line);
    assertEquals(said.length, target ? 1 : 0, said.join("\n"));
    if (target) assertEquals(said[0]?.includes(target), true, said[0]);
  });
}

Deno.test("layers: a file that stands nowhere in the house is told so", () => {
  const said = ["layers: src/a.ts stands in no layer of .ci/layers.ts"];
  assertEquals(lint("src/a.ts", "1;"), said);
  assertEquals(lint("src/a.ts", ""), said);
  assertEquals(lint("main.ts", `import "./src/a.ts";`), ["layers: src/a.ts stands in no layer"]);
});

Deno.test("layers: an absolute path is the repository's own", () => {
  const path = new URL("../", import.meta.url).pathname + "runtime/kernel/a.ts";
  assertEquals(lint(path, `import "../loader/b.ts";`).length, 1);
  assertEquals(lint(path, `import "../protocol/b.ts";`), []);
});

Deno.test("file-length: 300 lines pass, 301 do not; of main.ts, 100", () => {
  for (const [path, max] of [["runtime/log.ts", 300], ["main.ts", 100]] as const) {
    assertEquals(lint(path, "f();\n".repeat(max)), []);
    assertEquals(lint(path, "f();\n".repeat(max + 1)), [
      `file-length: This file has ${max + 1} lines; the house allows ${max}.`,
    ]);
  }
});

Deno.test("function-length: 70 lines pass, 71 do not, in every form of a function", () => {
  const body = (lines: number) => `{\n${'f("é");\n'.repeat(lines - 2)}}`;
  const forms = ["function g() @", "const g = () => @;", "const g = function () @;"];
  for (const form of [...forms, "class A { g() @ }", "Deno.test('x', async () => @);"]) {
    assertEquals(lint("main.ts", form.replace("@", body(70))), [], form);
    assertEquals(lint("main.ts", form.replace("@", body(71))), [
      "function-length: This function has 71 lines; the house allows 70.",
    ], form);
  }
});
