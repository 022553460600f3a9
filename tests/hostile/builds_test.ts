// Threat: scripts that never run, for reading them is the attack: megabytes that esbuild takes gigabytes and a minute for,
// that it makes a hundred times as much of, or whose `config` is a tree of millions of nodes. What the attacker saw:
// one line that names the script; its neighbours run on, the one with the most memory as well, and are saved meanwhile.
import { assertEquals } from "@std/assert";
import { assertUnharmed, startAttacked } from "./attack.ts";

const BYTES = 3_000_000;
const BUILD_SECONDS = 150;

const files = {
  "words.ts": `export default {};${"a1;".repeat(BYTES / 3)}`,
  "nests.ts": `export default ${"[".repeat(2_000)}${"]".repeat(2_000)}${";".repeat(BYTES)}`,
  "indents.ts": `export default {};${"{".repeat(500)}${"a;".repeat(BYTES / 2)}${"}".repeat(500)}`,
  "config.ts": `export default {}; export const config = {}; x = [${"1,".repeat(BYTES / 2)}];`,
  "imports.ts": `export default {};${'import("./x");'.repeat(BYTES / 14)}`,
};

/** Holds what it may, in buffers. */
const holds = `const held = Array.from({ length: 15 }, () => new Uint8Array(1e7).fill(1));
export function init() { console.log("holds", held.length); }`;

Deno.test("hostile: what cannot be read in a bounded time and memory harms nobody", async () => {
  const options = { files: { "holds.ts": holds }, args: ["--memory-mb", "900"] };
  await using node = await startAttacked(options);
  await node.waitForLine(" holds:template.os: holds 15");
  for (const [name, text] of Object.entries(files)) await node.drop(name, text);
  await node.drop("last.ts", `export function init() { console.log("loaded"); }`);
  await node.waitForLine(" last:template.os: loaded", { timeoutSeconds: BUILD_SECONDS });
  for (const name of Object.keys(files)) {
    const line = new RegExp(`^kinode: ${name}(?::\\d+:\\d+)?: error: `);
    await node.waitForLine(line, { timeoutSeconds: BUILD_SECONDS });
  }
  assertEquals(node.lines.filter((line) => /ended with error|panic|goroutine/.test(line)), []);
  await assertUnharmed(node);
});
