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
