// A node with hostile scripts in its folder, and what they said of what they saw: each program of
// tests/programs/hostile/ reports by printing, and is judged by its test. Beside them a quiet process must be served.
import { type NodeOptions, type RunningNode, startNode } from "../clients/node.ts";
import { firstAnswer } from "../conformance/bound.ts";
import { assertEquals } from "@std/assert";

/** Text of `tests/programs/hostile/<name>.ts`. */
export function readHostile(name: string): string {
  return Deno.readTextFileSync(new URL(`../programs/hostile/${name}.ts`, import.meta.url));
}

/** `name.ts` for each, as files of a folder. */
export function hostileFiles(...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [`${name}.ts`, readHostile(name)]));
}

export async function startAttacked(options: NodeOptions): Promise<RunningNode> {
  const quiet = `export default { fetch: () => new Response("quiet") };`;
  return await startNode({ ...options, files: { "quiet.ts": quiet, ...options.files } });
}

/** What a process printed, without its prefix. */
export function saidBy(node: RunningNode, name: string): string[] {
  const prefix = new RegExp(`^\\w{3} \\d\\d:\\d\\d ${name}:template\\.os: `);
  return node.lines.filter((line) => prefix.test(line)).map((line) => line.replace(prefix, ""));
}

/** The node lives, and serves others. */
export async function assertUnharmed(node: RunningNode): Promise<void> {
  const answer = await firstAnswer(`${node.url}/quiet:quiet:template.os/`);
  assertEquals([answer.text, node.exitCode], ["quiet", undefined]);
}

/** Its Deno is 2.4, a binary's stand-in: it has no limit of the heap or the CPU, and says so. */
export function isOld(node: RunningNode): boolean {
  return node.lines.some((line) => line.includes("this Deno can bound neither"));
}

/**
 * What others may wait at worst, in milliseconds: two cores, on which the tests run as well. Deno 2.4's own event loop stands
 * still for up to two seconds, outside of all JavaScript, when many workers start soon after the node.
 */
export function p99MaxMs(node: RunningNode): number {
  return isOld(node) ? 5_000 : 1_500;
}

/** A line that neither the node nor a process has begun: somebody wrote around both. */
export function strayLines(node: RunningNode): string[] {
  const known = /^(?:kinode: |\w{3} \d\d:\d\d [^ :]+:[^ :]+: ?)/;
  return node.lines.filter((line) => !known.test(line));
}
