/**
 * The one process of this worker. A worker holds exactly one, which is why the functions that scripts import
 * can be plain functions: `boot.ts` installs the process here before the script's code is loaded.
 */
import type { Address } from "../protocol/address.ts";
import type { Calls } from "./calls.ts";
import type { Mailbox } from "./mailbox.ts";
import type { Outbox } from "./outbox.ts";
import type { Printer } from "./printer.ts";

export interface CurrentProcess {
  our: Address;
  mailbox: Mailbox;
  outbox: Outbox;
  calls: Calls;
  printer: Printer;
  /** What lives in this worker only, and would be cut off if the process slept. */
  held: Set<object>;
}

let installed: CurrentProcess | undefined;

export function install(process: CurrentProcess): void {
  installed = process;
}

/** Throws outside of a process: the library works only where the node started it. */
export function current(): CurrentProcess {
  if (installed === undefined) {
    throw new Error(
      "@kinode/process works inside a kinode process only: drop the script into the processes folder",
    );
  }
  return installed;
}
