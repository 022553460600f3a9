/** What the supervisor knows of each process, and what it works with. */
import type { Log } from "../log.ts";
import type { ProcessId } from "../protocol/address.ts";
import type { Kernel } from "./kernel.ts";
import type { NodeBounds } from "./memory_watch.ts";
import type { Nursery } from "./nursery.ts";
import type { Program } from "./program.ts";
import type { Redelivery } from "./redelivery.ts";
import type { Run } from "./run.ts";

export interface SupervisorOptions {
  kernel: Kernel;
  nursery: Nursery;
  log: Log;
  /** A line of a process. */
  print(id: ProcessId, verbosity: number, text: string): void;
  now(): number;
  /** Keeps a stored program, or takes it back; told of every change. */
  stored: { save(program: Program): void; remove(id: ProcessId): void };
  bounds: NodeBounds;
}

export type ProcessState = "initialised" | "running" | "restarting" | "asleep";

export interface Supervised {
  program: Program;
  state: ProcessState;
  run: Run;
  /** Restarts since it was last healthy. */
  attempt: number;
  startedAt: number;
  /** Its next version gets its channels: it said so itself, or its config does. */
  keeps: boolean;
  /** It has slept: that it starts is no news. */
  woken: boolean;
  readonly redelivery: Redelivery;
}
