import type { ProcessId } from "../protocol/address.ts";
import { CPU_SECONDS } from "../limits.ts";
import type { Config, OnExit } from "../protocol/config.ts";
import type { NetworkPolicy } from "../protocol/network.ts";
import type { Capability } from "../protocol/message.ts";

/** What is needed to run a process, any number of times. */
export interface Program {
  id: ProcessId;
  /** One ES module without imports. */
  code: string;
  /** Rewrites a stack trace of the bundle to the user's files and lines. */
  mapStack(stack: string): string;
  /** Where the code came from, as Kinode's process map names it. */
  wasm_bytes_handle: string;
  wit_version: number | null;
  onExit: OnExit;
  /** Anybody on this node may message it. */
  public: boolean;
  heapMb: number;
  limits: ProcessLimits;
  /** A new version of it gets the WebSockets of the old one. */
  keepChannels: boolean;
  /** Where it may call out to; `null`: where the node lets any process. */
  network: NetworkPolicy | null;
  /** What it holds from its first statement on. */
  capabilities: readonly Capability[];
  /** What it issues to others: who gets it, and its params. */
  grants: readonly (readonly [ProcessId, string])[];
  /** Whether the node brings it back after a restart; a script of the folder is brought back by the folder. */
  stored: boolean;
  /**
   * Of a process that was made by spawn(): the one at the beginning, which was not. When the owner takes that out of the
   * folder, this goes as well.
   */
  maker: ProcessId | null;
}

/** What a process may use, beside its heap; `null`: as much as it wants. */
export interface ProcessLimits {
  /** CPU time on one message. */
  cpuSeconds: number;
  /** Of one core, on average over `CPU_SHARE_SECONDS`. */
  cpuShare: number | null;
  /** Without anything to do for so long, it sleeps. */
  idleSeconds: number | null;
}

/** What a `config` says of them; `null` where there is none. */
export function limitsOf(config: Config | null): ProcessLimits {
  return {
    cpuSeconds: config?.cpu_seconds ?? CPU_SECONDS,
    cpuShare: config?.cpu_share ?? null,
    idleSeconds: config?.idle ?? null,
  };
}
