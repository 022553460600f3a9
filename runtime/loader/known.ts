/** What the loader knows of scripts, and who has which name by it. */
import type { ProcessId } from "../protocol/address.ts";
import type { Inputs } from "./bundle.ts";
import type { Script } from "./packages.ts";
import type { Scan } from "./scan.ts";

/** What is known of a script since it was last looked at. */
export interface Known {
  script: Script;
  /** Of the last attempt, good or bad: a change of any of them is a reason for the next. */
  inputs: Inputs;
  digest: string;
  /** That attempt gave no bundle. */
  failed: boolean;
  /** Why it may not run though it could, and was told so. */
  objection: string | null;
  /** The version that runs, and its name. */
  running: { id: ProcessId; version: string } | null;
}

/** By the scripts' keys. */
type Everything = ReadonlyMap<string, Known>;

/** Who has which name: what runs, and what the folder's names promise. */
export function* ownersOf(
  everything: Everything,
  scan: Scan | null,
): Generator<{ id: ProcessId; script: Script }> {
  for (const { script, running } of everything.values()) {
    if (running !== null) yield { id: running.id, script };
  }
  for (const script of scan?.scripts ?? []) {
    // One that runs has the name that it runs under.
    if (!everything.get(script.key)?.running) yield { id: script.id, script };
  }
}

/** Whether there is a script of this name; where something could not be read, there may be. */
export function mayHave(id: ProcessId, everything: Everything, scan: Scan | null): boolean {
  if (scan === null || scan.unsure.size > 0 || scan.contested.has(id)) return true;
  // A single file says its name itself, once it is read.
  const isUnread = ({ key, config }: Script) => config === null && !everything.get(key)?.running;
  if (scan.scripts.some(isUnread)) return true;
  return isOwned(id, everything, scan);
}

/** Whether somebody has this name, or is to have it. */
export function isOwned(id: ProcessId, everything: Everything, scan: Scan | null): boolean {
  return ownersOf(everything, scan).some((owner) => owner.id === id);
}
