/**
 * The nursery: a Web Worker without permissions that starts each process as a worker_threads Worker, because
 * only those die alone when their heap is full (design.md §4). Workers take half a second to boot, so some
 * stand by, booted and waiting. It never sees a message of a process: each gets its port and is left alone.
 */
import { Worker } from "node:worker_threads";
import { PROCESS_HEAP_MB, SPARE_WORKERS } from "../limits.ts";

type Command =
  | { start: { token: number; heapMb: number; port: MessagePort } }
  | { look: { token: number } }
  | { kill: { token: number } };

/** Deno 2.4 cannot tell. */
interface Measured {
  cpuUsage?(): Promise<{ user: number; system: number }>;
}

/** Young objects and code live beside the old generation that `heapMb` bounds. */
const YOUNG_MB = 16;

class Nursery {
  readonly #spares: Worker[] = [];
  readonly #living = new Map<number, Worker>();
  readonly #report: (message: unknown) => void;

  constructor(report: (message: unknown) => void) {
    this.#report = report;
    this.#refill();
  }

  handle(command: Command): void {
    if ("kill" in command) return this.#kill(command.kill.token);
    if ("look" in command) return void this.#look(command.look.token);
    const { token, heapMb, port } = command.start;
    const spare = heapMb === PROCESS_HEAP_MB ? this.#spares.shift() : undefined;
    const worker = spare ?? boot(heapMb);
    this.#watch(worker, token);
    worker.postMessage(port, [port as never]);
    this.#refill();
  }

  #watch(worker: Worker, token: number): void {
    this.#living.set(token, worker);
    worker.removeAllListeners();
    // In Deno 2.4 a worker that threw says so and never that it ended: end it, and count the first word.
    worker.on("error", ({ code, message }: Error & { code?: string }) => {
      this.#ended(token, code === undefined ? message : `${code}: ${message}`);
      worker.terminate();
    });
    worker.on("exit", () => this.#ended(token, null));
  }

  #ended(token: number, error: string | null): void {
    if (this.#living.delete(token)) this.#report({ Exited: { token, error } });
  }

  /** Answers also while the worker spins. */
  async #look(token: number): Promise<void> {
    const usage = await (this.#living.get(token) as Measured | undefined)?.cpuUsage?.();
    const cpu = usage === undefined ? null : usage.user + usage.system;
    this.#report({ Looked: { token, cpu } });
  }

  #kill(token: number): void {
    const worker = this.#living.get(token);
    this.#living.delete(token);
    worker?.terminate();
  }

  #refill(): void {
    while (this.#spares.length < SPARE_WORKERS) {
      const spare = boot(PROCESS_HEAP_MB);
      // A spare that cannot boot is our bug: let the nursery die of it, the kernel says so and tries anew.
      spare.on("error", (error) => {
        throw error;
      });
      this.#spares.push(spare);
    }
  }
}

function boot(heapMb: number): Worker {
  return new Worker(new URL("./boot.ts", import.meta.url), {
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: YOUNG_MB },
  });
}

const scope = globalThis as unknown as Worker & DedicatedScope;
interface DedicatedScope {
  onmessage: (event: MessageEvent<Command>) => void;
  postMessage(message: unknown): void;
}

const nursery = new Nursery((message) => scope.postMessage(message));
scope.onmessage = (event) => nursery.handle(event.data);
