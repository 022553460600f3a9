// Threat: a dropped script that reaches the disk, the network, the environment or another process by a way that
// nobody thought of. What it saw is printed by the script itself and judged here, from source and in the binary.
import { assertEquals } from "@std/assert";
import { assertUnharmed, hostileFiles, saidBy, startAttacked, strayLines } from "./attack.ts";

Deno.test("hostile: a script finds no power, by whatever name", async () => {
  const env = { KINODE_TEST_SECRET: "secret" };
  await using node = await startAttacked({ files: hostileFiles("powers"), env });
  const tried = Number(/all (\d+) tried/.exec(await node.waitForLine(/all \d+ tried/))?.[1]);
  await node.waitForLine(/text of a timer: |EvalError: Code generation from strings disallowed/);
  const said = saidBy(node, "powers");
  const isHarmless = (line: string) => /: (?:absent|refused)$/.test(line);
  assertEquals(said.filter((line) => !isHarmless(line) && !/^all \d+ tried$/.test(line)), []);
  const outcomes = said.filter(isHarmless);
  assertEquals(outcomes.length >= tried && tried >= 60, true, `${outcomes.length} of ${tried}`);
  assertEquals(strayLines(node), []);
  await assertUnharmed(node);
});

// Threat: code that names another file, in every spelling of import.
const imports: Record<string, string> = {
  "direct": `await import("/etc/passwd");`,
  "json": `await import("/etc/passwd", { with: { type: "json" } });`,
  "computed": `const name = "/etc/" + "passwd"; await import(name);`,
  "template": "await import(`file:///etc/passwd`);",
  "commented": `await import/* */("/etc/passwd");`,
  "of data": `await import("data:text/javascript,export default 1");`,
  "static": `import x from "/etc/passwd"; console.log(x);`,
  "node": `import fs from "node:fs"; console.log(fs);`,
  "text": `await import("/etc/passwd", { with: { type: "text" } });`,
  "bytes": `await import("/etc/passwd", { with: { type: "bytes" } });`,
  "static text": `import x from "/etc/passwd" with { type: "text" }; console.log(x);`,
  "static outside": `import x from "../kernel.lock" with { type: "text" }; console.log(x);`,
  "source phase": `import source x from "/etc/passwd"; console.log(x);`,
  "deferred": `import defer * as x from "/etc/passwd"; console.log(x);`,
  "escaped": `await \\u0069mport("/etc/passwd");`,
  "source map": `await import("/etc/passwd"); //# sourceMappingURL=/etc/passwd`,
  "meta": `console.log(import.meta.resolve("x")); await import(import.meta.url);`,
};

Deno.test("hostile: no spelling of import reaches a file, another module or the system", async () => {
  const files: Record<string, string> = {};
  Object.values(imports).forEach((code, number) => {
    const config = `export const config = { on_exit: "None" };`;
    const body = /^import [a-z]/.test(code)
      ? `${code}\n${config}\nexport function init() { console.log("REACHED ${number}"); }`
      : `${config}\nexport async function init() { ${code} console.log("REACHED ${number}"); }`;
    files[`import${number}.ts`] = body;
  });
  await using node = await startAttacked({ files });
  for (const number of Object.keys(Object.values(imports))) {
    await node.waitForLine(
      new RegExp(`import${number}(?:\\.ts:|:import${number}:template\\.os ended with error)`),
    );
  }
  assertEquals(node.lines.filter((line) => /template\.os: REACHED/.test(line)), []);
  assertEquals(node.lines.filter((line) => line.includes("root:")), []);
  await assertUnharmed(node);
});

/** As docs/IMPORTS.md has them. */
const modules = [
  ..."assert assert/strict async_hooks buffer crypto diagnostics_channel events path path/posix"
    .split(" "),
  ..."process punycode querystring stream stream/promises string_decoder timers timers/promises"
    .split(" "),
  ..."url util util/types".split(" "),
];

/** Calls whatever a module of Node's would do to the system; all of it is the script's own JavaScript. */
const usesModules = `
${modules.map((name, i) => `import * as m${i} from "node:${name}";`).join("\n")}
import process from "node:process";
export const config = { on_exit: "None" };
const all = [${modules.map((_name, i) => `m${i}`).join(", ")}];
const powers = "binding _linkedBinding dlopen getBuiltinModule kill abort reallyExit chdir setuid openStdin createRequire".split(" ");
export async function init() {
  console.log("env", JSON.stringify(process.env));
  console.log("cwd", process.cwd(), "argv", process.argv.length > 2, "pid", process.pid > 2);
  for (const power of powers) {
    for (const module of all) {
      for (const holder of [module, module.default ?? {}]) {
        if (typeof holder[power] !== "function") continue;
        try {
          const got = await holder[power]("fs", 9);
          if (got && typeof got === "object" && "readFileSync" in got) console.log("REACHED", power);
        } catch {}
      }
    }
  }
  try { process.exit(1); } catch {}
  console.log("still here");
}
`;

Deno.test("hostile: the modules of Node that a script may import have no power", async () => {
  const env = { KINODE_TEST_SECRET: "secret" };
  await using node = await startAttacked({ files: { "modules.ts": usesModules }, env });
  await node.waitForLine(" modules:template.os: still here", { timeoutSeconds: 60 });
  const [seen, ...said] = saidBy(node, "modules");
  assertEquals(said, ["cwd / argv false pid false", "still here"]);
  // The polyfill has an environment of its own making.
  const real = ["secret", Deno.env.get("PATH")!, node.home];
  assertEquals(real.filter((value) => seen!.includes(value)), [], seen);
  assertEquals(strayLines(node), []);
  await assertUnharmed(node);
});

Deno.test("hostile: the modules of Node that have power cannot be imported, by any name", async () => {
  const names = [
    "fs",
    "node:fs/promises",
    "node:child_process",
    "node:worker_threads",
    "node:module",
    "node:vm",
  ];
  const more = [
    "node:net",
    "node:os",
    "node:v8",
    "node:inspector",
    "node:wasi",
    "node:sqlite",
    "ext:core/ops",
  ];
  const all = [
    ...names,
    ...more,
    "npm:left-pad",
    "jsr:@std/fs",
    "https://deno.land/x.ts",
    "data:text/javascript,1",
  ];
  const files = Object.fromEntries(all.map((name, i) => [
    `import${i}.ts`,
    `import * as x from "${name}";\nexport function init() { console.log("REACHED", x); }`,
  ]));
  await using node = await startAttacked({ files });
  for (const i of all.keys()) {
    await node.waitForLine(new RegExp(`^kinode: import${i}\\.ts:1:\\d+: error: `));
  }
  assertEquals(node.lines.filter((line) => line.includes("REACHED")), []);
  await assertUnharmed(node);
});
