/**
 * When a process may sleep: it has a limit `idle`, and for so many seconds it was not sent anything, sent nothing,
 * has nothing unfinished, waits for no answer and owes none; and its worker says that it holds nothing which would
 * be cut off (open WebSocket objects, answers that stream). Timers of its own do not count: they end with the
 * worker, and whoever asks for `idle` knows so.
 */
import type { Kernel } from "./kernel.ts";
import type { Run } from "./run.ts";

interface Quiet {
  moves: number;
  looks: number;
}

export class Sleepiness {
  readonly #kernel: Kernel;
  readonly #quiet = new WeakMap<Run, Quiet>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** One look, once a second: whether to put it to sleep now. */
  maySleep(run: Run): boolean {
    const { endpoint, limits: { idleSeconds } } = run;
    if (idleSeconds === null || !endpoint.loaded) return false;
    const { moves } = endpoint;
    const known = this.#quiet.get(run);
    if (known?.moves !== moves || !endpoint.idle || !this.#kernel.isQuiet(run.id)) {
      this.#quiet.set(run, { moves, looks: 0 });
      return false;
    }
    if (++known.looks < idleSeconds) return false;
    // It was asked in time: its last sign tells of after its last move.
    if (known.looks > idleSeconds && endpoint.sign?.held === 0) return true;
    endpoint.ask();
    return false;
  }
}
