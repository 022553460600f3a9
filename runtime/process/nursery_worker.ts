/**
 * The nursery: a Web Worker without permissions that starts each process as a worker_threads Worker, because
 * only those die alone when their heap is full (design.md §4). Workers take half a second to boot, so some
 * stand by, booted and waiting, and more boot while processes wait for them; a heap of another size wants a worker of
 * its own. It never sees a message of a process: each gets its port and is left alone.
 *
 *   start ─► waiting ──a spare is there───────────────────────► living ─► ended, or killed
 *               └─ other heap: its own worker boots, "ready" ─┘
 */
import { Worker } from "node:worker_threads";
import {
  BOOTING_WORKERS_MAX,
  PROCESS_HEAP_MB,
  SPARE_WORKERS,
  WORKER_END_PAUSE_MS,
} from "../limits.ts";
import { ByTurns } from "../protocol/by_turns.ts";

interface Start {
  token: number;
  heapMb: number;
  /** Whose turn it takes: a package. */
  owner: string;
  port: MessagePort;
}

type Command = { start: Start } | { look: { token: number } } | { kill: { token: number } };

/** Deno 2.4 cannot tell. */
interface Measured {
  cpuUsage?(): Promise<{ user: number; system: number }>;
}

/** Young objects and code live beside the old generation that `heapMb` bounds. */
const YOUNG_MB = 16;

class Nursery {
  /** Booted, with the heap that most processes have. */
  readonly #spares: Worker[] = [];
  /** Wait for a spare. */
  readonly #standard = new ByTurns<Start>();
  /** Wait for a worker with a heap of their own. */
  readonly #odd = new ByTurns<Start>();
  #oddIsNext = false;
  #booting = 0;
  #sparesBooting = 0;
  readonly #living = new Map<number, Worker>();
  /** Wait for their end. */
  readonly #over: Worker[] = [];
  #pause: ReturnType<typeof setTimeout> | undefined;
  readonly #report: (message: unknown) => void;

  constructor(report: (message: unknown) => void) {
    this.#report = report;
    this.#plan();
  }

  handle(command: Command): void {
    if ("kill" in command) return this.#kill(command.kill.token);
    if ("look" in command) return void this.#look(command.look.token);
    const { heapMb, owner } = command.start;
    (heapMb === PROCESS_HEAP_MB ? this.#standard : this.#odd).add(command.start, owner);
    this.#plan();
  }

  /** Hands out the spares, and boots what is missing, not too many at a time: spares, and heaps of other sizes, by turns. */
  #plan(): void {
    while (this.#spares.length > 0 && this.#standard.size > 0) {
      this.#hand(this.#spares.shift()!, this.#standard.next()!);
    }
    while (this.#booting < BOOTING_WORKERS_MAX) {
      const lacksSpares = this.#spares.length + this.#sparesBooting <
        SPARE_WORKERS + this.#standard.size;
      if (!lacksSpares && this.#odd.size === 0) return;
      this.#oddIsNext = this.#odd.size > 0 && (this.#oddIsNext || !lacksSpares);
      if (this.#oddIsNext) this.#bootOwn(this.#odd.next()!);
      else this.#bootSpare();
      this.#oddIsNext = !this.#oddIsNext;
    }
  }

  #bootSpare(): void {
    this.#sparesBooting++;
    const spare = this.#boot(PROCESS_HEAP_MB, () => {
      this.#sparesBooting--;
      // Whom it was for may have been ended meanwhile.
      const isWanted = this.#spares.length < SPARE_WORKERS + this.#standard.size;
      if (isWanted) this.#spares.push(spare);
      else this.#end(spare);
    });
    // A spare that cannot boot is our bug: let the nursery die of it, the kernel says so and tries anew.
    spare.on("error", (error) => {
      throw error;
    });
  }

  /** It lives, and may die or be killed, from now on. */
  #bootOwn(start: Start): void {
    const worker = this.#boot(start.heapMb, () => {
      if (this.#living.get(start.token) === worker) this.#hand(worker, start);
    });
    this.#watch(worker, start.token);
  }

  #boot(heapMb: number, ready: () => void): Worker {
    this.#booting++;
    // A busy nursery's pauses are long ones: without this, more would boot than end.
    this.#endNext();
    const worker = new Worker(new URL("./boot.ts", import.meta.url), {
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: YOUNG_MB },
    });
    let booting = true;
    const booted = (): void => {
      if (booting) this.#booting--;
      booting = false;
    };
    worker.once("exit", () => {
      booted();
      this.#plan();
    });
    // "booted", and once it has taken a message, "ready".
    worker.once("message", () => {
      worker.once("message", () => {
        booted();
        ready();
        this.#plan();
      });
      worker.postMessage("take this");
    });
    return worker;
  }

  #hand(worker: Worker, { token, port }: Start): void {
    worker.removeAllListeners();
    this.#watch(worker, token);
    worker.postMessage(port, [port as never]);
  }

  #watch(worker: Worker, token: number): void {
    this.#living.set(token, worker);
    // In Deno 2.4 a worker that threw says so and never that it ended: end it, and count the first word.
    worker.on("error", ({ code, message }: Error & { code?: string }) => {
      this.#ended(token, code === undefined ? message : `${code}: ${message}`);
      this.#end(worker);
    });
    worker.on("exit", () => this.#ended(token, null));
  }

  /** One at once, many one after the other: while a hundred are taken down, the whole program stands still for seconds. */
  #end(worker: Worker): void {
    this.#over.push(worker);
    if (this.#pause === undefined) this.#endNext();
  }

  #endNext(): void {
    clearTimeout(this.#pause);
    const worker = this.#over.shift();
    this.#pause = worker && setTimeout(() => this.#endNext(), WORKER_END_PAUSE_MS);
    void worker?.terminate();
  }

  #ended(token: number, error: string | null): void {
    if (this.#living.delete(token)) this.#report({ Exited: { token, error } });
  }

  /** Answers also while the worker spins. */
  async #look(token: number): Promise<void> {
    const usage = await (this.#living.get(token) as Measured | undefined)?.cpuUsage?.();
    const cpu = usage && {
      total: Math.round(usage.user + usage.system),
      system: Math.round(usage.system),
    };
    this.#report({ Looked: { token, cpu: cpu ?? null } });
  }

  #kill(token: number): void {
    const worker = this.#living.get(token);
    this.#living.delete(token);
    if (worker !== undefined) this.#end(worker);
    for (const row of [this.#standard, this.#odd]) {
      for (const { port } of row.remove((start) => start.token === token)) port.close();
    }
  }
}

const scope = globalThis as unknown as DedicatedScope;
interface DedicatedScope {
  onmessage: (event: MessageEvent<Command>) => void;
  postMessage(message: unknown): void;
}

const nursery = new Nursery((message) => scope.postMessage(message));
scope.onmessage = (event) => nursery.handle(event.data);
