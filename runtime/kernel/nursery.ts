/**
 * The kernel's end of the nursery: the one Web Worker, without permissions, in which every process's worker is
 * started, measured and ended (design.md §4). A process never talks to the nursery, it has a port of its own.
 *
 *   kernel ──{start, port}──► nursery ──port──► worker (boot.ts)
 *   kernel ◄──{Exited, Looked}─
 */
import {
  count,
  dispatch,
  type Handlers,
  object,
  optional,
  string,
  tagged,
} from "../protocol/serde.ts";

/** CPU time that a worker has used, in microseconds. */
export interface Cpu {
  total: number;
  /** Of it, in the system: memory that is touched for the first time costs such. */
  system: number;
}

/** A worker that runs, or will run, one process. */
export interface WorkerHandle {
  /** Ends it at once, also out of an endless loop. `onExit` is not called any more. */
  kill(): void;
  /** `null` where Deno cannot tell, or it is gone. */
  look(): Promise<Cpu | null>;
}

export interface WorkerStart {
  port: MessagePort;
  heapMb: number;
  owner: string;
  onExit(error: string | null): void;
}

const reports = {
  Exited: object({ token: count, error: optional(string) }),
  Looked: object({ token: count, cpu: optional(object({ total: count, system: count })) }),
};
const Report = tagged(reports);

interface Living {
  onExit(error: string | null): void;
  looked: ((cpu: Cpu | null) => void)[];
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

  /**
   * Starts a worker around `port`, when it is the turn of `owner`, its package. `onExit` is called if it ends by itself:
   * out of memory, or broken.
   */
  start({ port, heapMb, owner, onExit }: WorkerStart): WorkerHandle {
    const token = this.#next++;
    const living: Living = { onExit, looked: [] };
    this.#living.set(token, living);
    this.#worker.postMessage({ start: { token, heapMb, owner, port } }, [port]);
    return {
      kill: () => {
        for (const looked of living.looked) looked(null);
        if (this.#living.delete(token)) this.#worker.postMessage({ kill: { token } });
      },
      look: () =>
        new Promise((resolve) => {
          if (this.#living.get(token) !== living) return resolve(null);
          living.looked.push(resolve);
          this.#worker.postMessage({ look: { token } });
        }),
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
    worker.onmessage = (event) => dispatch(Report(event.data, "report"), this.#handlers, null);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#broken(worker, event.message);
    };
    return worker;
  }

  readonly #handlers: Handlers<typeof reports, null, void> = {
    Exited: ({ token, error }) => {
      const living = this.#living.get(token);
      this.#living.delete(token);
      for (const looked of living?.looked ?? []) looked(null);
      living?.onExit(error);
    },
    Looked: ({ token, cpu }) => this.#living.get(token)?.looked.shift()?.(cpu),
  };

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
