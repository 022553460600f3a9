/**
 * What a dropped single-file script gets without asking (design.md §6), as data: the kernel makes
 * capabilities of it. "vfs, kv, sqlite" means the script's own drive and stores; those modules see to it.
 */
import type { ProcessId } from "../protocol/address.ts";
import { PROCESS_HEAP_MB } from "../limits.ts";

export interface Defaults {
  onExit: "None" | "Restart";
  /** Modules that the process may message. */
  messaging: ProcessId[];
  /** Modules that may message the process without being asked (requests, WebSocket frames). */
  granted: ProcessId[];
  heapMb: number;
  /** Whether it gets what its `config` asks for beyond this. */
  mayAsk: boolean;
}

const MODULES = [
  "http-server:distro:sys",
  "http-client:distro:sys",
  "timer:distro:sys",
  "vfs:distro:sys",
  "kv:distro:sys",
  "sqlite:distro:sys",
  "terminal:terminal:sys",
] as ProcessId[];

/** The default set of the script `id`; with `--strict` it may message nobody, nobody may message it, and asking does not help. */
export function defaultsFor(_id: ProcessId, options: { strict: boolean }): Defaults {
  const modules = options.strict ? [] : MODULES;
  return {
    onExit: "Restart",
    messaging: [...modules],
    granted: [...modules],
    heapMb: PROCESS_HEAP_MB,
    mayAsk: !options.strict,
  };
}
