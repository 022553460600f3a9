// A node with hostile scripts in its folder, and what they said of what they saw: each program of
// tests/programs/hostile/ reports by printing, and is judged by its test. Beside them a quiet process must be served.
import { type NodeOptions, type RunningNode, startNode } from "../clients/node.ts";
import { firstAnswer } from "../conformance/bound.ts";
import { measure, withPeak } from "../bench/_quiet.ts";
import { assert, assertEquals } from "@std/assert";

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

/** What others may wait at worst: two cores, on which the tests run as well. */
export const P99_MS_MAX = 1_500;
const MEMORY_MB_MAX = 1_700;

/** The quiet process is served for so many seconds, and the node's memory is bounded meanwhile. */
export async function assertServed(
  node: RunningNode,
  seconds: number,
  p99MsMax = P99_MS_MAX,
): Promise<void> {
  const quiet = measure(`${node.url}/quiet:quiet:template.os/`, seconds);
  const [{ failed, p99 }, peak] = await withPeak(node.pid, quiet);
  assertEquals([failed, p99 < p99MsMax], [0, true], `p99 ${p99} ms`);
  assert(Number.isNaN(peak) || peak < MEMORY_MB_MAX, `the node held ${peak} MB`);
}

/** A line that neither the node nor a process has begun: somebody wrote around both. */
export function strayLines(node: RunningNode): string[] {
  const known = /^(?:kinode: |\w{3} \d\d:\d\d [^ :]+:[^ :]+: ?)/;
  return node.lines.filter((line) => !known.test(line));
}
