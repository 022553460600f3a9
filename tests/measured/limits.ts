// What the tests of limits share: a script that misbehaves when it is asked, and whether this node's Deno can stop it.

import type { RunningNode } from "../clients/node.ts";

/** Ending by name takes some seconds of looks; a machine that is busy elsewhere, many. */
export const END_SECONDS = 120;

/** A web-style script with this `config`; a request runs `body`, which may await. */
export function misbehaves(body: string, config: Record<string, unknown> = {}): string {
  return `export const config = ${JSON.stringify(config)};
    export default {
      async fetch() {
        const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
        ${body}
        return new Response(String(await pause()));
      },
    };`;
}

export const GOOD = `export default { fetch: () => new Response("good") };`;

/** Starts what misbehaves, as soon as its path is bound; its answer is of no interest. */
export async function provoke(node: RunningNode, name: string): Promise<void> {
  try {
    while (true) {
      const response = await fetch(`${node.url}/${name}:${name}:template.os/`);
      await response.body?.cancel();
      if (response.status !== 404) return;
    }
  } catch {
    // It took the connection along.
  }
}

/** Deno 2.4, which the binary is compiled with where nothing newer is at hand, says itself what it cannot do. */
export function canLimitWorkers(node: RunningNode): boolean {
  return !node.lines.some((line) => line.includes("this Deno can bound neither"));
}

/** What Linux says of the node's memory, in MB; `undefined` elsewhere. */
export function memoryMb(node: RunningNode): number | undefined {
  if (Deno.build.os !== "linux") return undefined;
  const status = Deno.readTextFileSync(`/proc/${node.pid}/status`);
  return Math.round(Number(status.match(/VmRSS:\s+(\d+)/)?.[1]) / 1024);
}
