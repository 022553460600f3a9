/**
 * The kernel's end of the nursery: the one Web Worker, without permissions, in which every process's worker is
 * started, measured and ended (design.md §4). A process never talks to the nursery, it has a port of its own.
 *
 *   kernel ──{start, port}──► nursery ──port──► worker (boot.ts)
 *   kernel ◄──{exited}────────
 */
import { count, object, type Of, optional, string } from "../protocol/serde.ts";

/** A worker that runs, or will run, one process. */
export interface WorkerHandle {
  /** Ends it at once, also out of an endless loop. `onExit` is not called any more. */
  kill(): void;
}

const Exited = object({ token: count, error: optional(string) });
type Exited = Of<typeof Exited>;

interface Living {
  onExit(error: string | null): void;
}

export class Nursery {
  readonly #make: () => Worker;
  readonly #onBroken: (reason: string, fatal: boolean) => void;
  #proven = false;
  readonly #living = new Map<number, Living>();
  #worker: Worker;
  #next = 1;
  #closed = false;

  /**
   * `make` starts the Web Worker. `onBroken` hears that it died; `fatal` when it cannot be started anew,
   * because it died before any process had lived in it.
   */
  constructor(make: () => Worker, onBroken: (reason: string, fatal: boolean) => void) {
    this.#make = make;
    this.#onBroken = onBroken;
    this.#worker = this.#start();
  }

  /** Starts a worker around `port`. `onExit` is called if it ends by itself: out of memory, or broken. */
  start(port: MessagePort, heapMb: number, onExit: Living["onExit"]): WorkerHandle {
    const token = this.#next++;
    this.#living.set(token, { onExit });
    this.#worker.postMessage({ start: { token, heapMb, port } }, [port]);
    return {
      kill: () => {
        if (this.#living.delete(token)) this.#worker.postMessage({ kill: { token } });
      },
    };
  }

  /** A process in it has loaded its script: what kills the nursery from now on was not there at its start. */
  prove(): void {
    this.#proven = true;
  }

  close(): void {
    this.#closed = true;
    this.#living.clear();
    this.#worker.terminate();
  }

  #start(): Worker {
    const worker = this.#make();
    worker.onmessage = (event) => this.#exited(Exited(event.data, "exited"));
    worker.onerror = (event) => {
      event.preventDefault();
      this.#broken(worker, event.message);
    };
    return worker;
  }

  #exited({ token, error }: Exited): void {
    const living = this.#living.get(token);
    this.#living.delete(token);
    living?.onExit(error);
  }

  /** Every process in it is lost; they come back by their on-exit, in a new nursery. */
  #broken(worker: Worker, reason: string): void {
    if (this.#closed || worker !== this.#worker) return;
    worker.terminate();
    if (!this.#proven) return this.#onBroken(reason, true);
    const lost = [...this.#living.values()];
    this.#living.clear();
    this.#proven = false;
    this.#worker = this.#start();
    this.#onBroken(reason, false);
    for (const living of lost) living.onExit(`the nursery died: ${reason}`);
  }
}
