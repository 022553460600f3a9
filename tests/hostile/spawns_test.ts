// Threat: a process that starts children without end, a thousand at once: of a file that is hard to read, of one that is
// large and no script, of one that ends at once. Each has to be read before it fails or runs, and to read takes esbuild, memory
// and the start of a worker, which all others need as well. What the others see: their requests are answered, what
// their owner saves starts, and nobody is ended.
import { assertEquals } from "@std/assert";
import { assertServed, assertUnharmed, isOld, P99_MS_MAX, startAttacked } from "./attack.ts";

const SECONDS = 3;
/** A busy machine with two cores takes up to 5 s for a bundle before it goes to the slow lane, and as long to be ready. */
const SAVE_SECONDS = 20;
/** Deno 2.4's own event loop stands still for two seconds, outside of all JavaScript, when many workers start soon after the node. */
const OLD_P99_MS_MAX = 5_000;

const children: Record<string, string> = {
  hard: `export function init() {}\n${"a1;".repeat(1_700_000)}`,
  large: JSON.stringify("x".repeat(15 * 1024 * 1024)),
  light: "export function init() {}",
  broken: "export function init() {",
};

/** What spawns `child` without end. */
function parentOf(child: string): string {
  return `import { println, spawn } from "@kinode/process";
export const config = { on_exit: "None" };
export async function init() {
  println("begins");
  const one = () => spawn({ path: "./_child/${child}" });
  for (;;) await Promise.allSettled(Array.from({ length: 1_000 }, one));
}`;
}

for (const [name, text] of Object.entries(children)) {
  Deno.test(`hostile: children without end, each ${name}, hold up nobody's requests and saves`, async () => {
    const child = name === "large" ? "large.json" : `${name}.ts`;
    await using node = await startAttacked({ files: { [`_child/${child}`]: text } });
    await assertUnharmed(node);
    await node.drop("parent.ts", parentOf(child));
    await node.waitForLine(" parent:template.os: begins");
    await assertServed(node, SECONDS, isOld(node) ? OLD_P99_MS_MAX : P99_MS_MAX);
    await node.drop("saved.ts", `console.log("runs"); export default { fetch() {} };`);
    await node.waitForLine(" saved:template.os: runs", { timeoutSeconds: SAVE_SECONDS });
    await node.take("parent.ts");
    await node.waitForLine("kinode: stopped parent:parent:template.os");
    assertEquals(node.lines.filter((line) => line.includes("ended with error")), []);
    await assertUnharmed(node);
  });
}
