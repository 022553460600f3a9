import type { ProcessId } from "../protocol/address.ts";
import type { OnExit } from "../protocol/config.ts";
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
  /** A new version of it gets the WebSockets of the old one. */
  keepChannels: boolean;
  /** What it holds from its first statement on. */
  capabilities: readonly Capability[];
  /** What it issues to others: who gets it, and its params. */
  grants: readonly (readonly [ProcessId, string])[];
  /** Whether the node brings it back after a restart; a script of the folder is brought back by the folder. */
  stored: boolean;
}
