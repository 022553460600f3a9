/** What the loader wants of the program around it. */
import type { Log } from "../log.ts";
import type { ProcessId } from "../protocol/address.ts";
import type { LoadedScript } from "./loaded.ts";

export interface LoaderOptions {
  /** The processes folder; it exists (`prepareFolder`). */
  folder: string;
  /** For finished bundles: `<home>/cache/bundles`. */
  cacheFolder: string;
  /** What the owner grants: `<home>/grants.json`. */
  grantsFile: string;
  /** What `@kinode/process` exports. */
  libraryNames: readonly string[];
  /** Processes get no rights but what the owner grants. */
  strict: boolean;
  /** What the node may hold as a whole, in MB; default: no matter. */
  nodeMemoryMb?: number;
  /** Nothing goes on beside `loadAll`, however long a script takes. */
  waits?: boolean;
  /** What a script may take before the others go first. */
  patienceSeconds?: number;
  log: Log;
  /** A new script, or a new version of one that runs, which it replaces. */
  start(script: LoadedScript): void;
  /** Its file is gone. */
  stop(id: ProcessId): void;
  /** The folder was looked at; `isChanged`: whether what `loadChild` gave for this path may be another now. */
  looked?(isChanged: (parent: ProcessId, path: string) => boolean): void;
}
