// Threat: a dropped script that reaches the disk, the network, the environment or another process by a way that
// nobody thought of. What it saw is printed by the script itself and judged here, from source and in the binary.
import { assertEquals } from "@std/assert";
import { startNode } from "../clients/node.ts";

function program(name: string): string {
  return Deno.readTextFileSync(new URL(`../programs/${name}`, import.meta.url));
}

Deno.test("hostile: a script finds no power, by whatever name", async () => {
  const files = { "hostile_powers.ts": program("hostile_powers.ts") };
  await using node = await startNode({ files, env: { KINODE_TEST_SECRET: "secret" } });
  const tried = Number(/all (\d+) tried/.exec(await node.waitForLine(/all \d+ tried/))?.[1]);
  await node.waitForLine(/text of a timer: |EvalError: Code generation from strings disallowed/);
  const prefix = /^.*? hostile_powers:template\.os: /;
  const said = node.lines.filter((line) => prefix.test(line)).map((line) =>
    line.replace(prefix, "")
  );
  const reached = said.filter((line) => !/: (?:absent|refused)$|^all \d+ tried$/.test(line));
  assertEquals(reached, []);
  const outcomes = said.filter((line) => /: (?:absent|refused)$/.test(line));
  assertEquals(outcomes.length >= tried && tried > 30, true, `${outcomes.length} of ${tried}`);
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
  "meta": `console.log(import.meta.resolve("x")); await import(import.meta.url);`,
};

Deno.test("hostile: no spelling of import reaches a file, another module or the system", async () => {
  const files: Record<string, string> = { "hello.ts": program("ends.ts") };
  Object.values(imports).forEach((code, number) => {
    const config = `export const config = { on_exit: "None" };`;
    const body = code.startsWith("import x") || code.startsWith("import fs")
      ? `${code}\n${config}\nexport function init() { console.log("REACHED ${number}"); }`
      : `${config}\nexport async function init() { ${code} console.log("REACHED ${number}"); }`;
    files[`import${number}.ts`] = body;
  });
  await using node = await startNode({ files });
  for (const number of Object.keys(Object.values(imports))) {
    await node.waitForLine(
      new RegExp(`import${number}(?:\\.ts:|:import${number}:template\\.os ended with error)`),
    );
  }
  assertEquals(node.lines.filter((line) => /template\.os: REACHED/.test(line)), []);
  assertEquals(node.exitCode, undefined);
});
