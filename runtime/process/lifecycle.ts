/** How this process ends, and the processes that it starts. */
import type { OnExit } from "../protocol/config.ts";
import type { Capability as CapabilityShape } from "../protocol/message.ts";
import { Address } from "./address.ts";
import { current } from "./current.ts";

export type { OnExit };

/** What happens when this process returns or crashes. */
export async function getOnExit(): Promise<OnExit> {
  return await current().calls.call("GetOnExit") as OnExit;
}

/**
 * `"None"`: it is gone. `"Restart"`: it is started anew, after growing pauses. `{ Requests: […] }`: these
 * requests are sent in its name, then it is gone.
 *
 * ```ts
 * import { setOnExit } from "@kinode/process";
 *
 * await setOnExit("None");
 * ```
 */
export async function setOnExit(onExit: OnExit): Promise<void> {
  await current().calls.call({ SetOnExit: onExit });
}

/** Everything that is left out has the default in brackets. */
export interface SpawnOptions {
  /** The child's process name; its package and publisher are the parent's. [a random number] */
  name?: string;
  /** The script: a file of the parent's package, such as `./child.ts`. */
  path: string;
  /** [`"None"`] */
  onExit?: OnExit;
  /** Of the parent's own capabilities, those that the child gets. [none] */
  requestCapabilities?: CapabilityShape[];
  /** Who may message the child, or holds another of its capabilities: process id and params. [nobody] */
  grantCapabilities?: [processId: string, params: unknown][];
  /** Whether everybody on this node may message it. [false] */
  public?: boolean;
}

/**
 * Starts another script of this package as a process of its own; resolves with its address. Parent and child
 * may message each other from the child's first statement on. The child lives on when the parent ends. It starts
 * anew when its file is saved, and goes when the script that made it is taken out of the folder.
 * Rejects with an Error whose message begins with `name-taken`, `no-file-at-path` or `too-many` (128 processes of a
 * package).
 *
 * ```ts
 * import { Request, spawn } from "@kinode/process";
 *
 * const child = await spawn({ name: "worker", path: "./worker.ts" });
 * await Request.to(child).body("start").sendAndAwaitResponse(5);
 * ```
 */
export async function spawn(options: SpawnOptions): Promise<Address> {
  const { calls, our } = current();
  const id = await calls.call({
    Spawn: {
      name: options.name ?? null,
      path: options.path,
      on_exit: options.onExit ?? "None",
      request_capabilities: (options.requestCapabilities ?? []).map(({ issuer, params }) => ({
        issuer,
        params,
      })),
      grant_capabilities: (options.grantCapabilities ?? []).map(([process, params]) =>
        [process, JSON.stringify(params)] as never
      ),
      public: options.public ?? false,
    },
  });
  return Address.of(our.slice(0, our.indexOf("@")), id as string);
}
