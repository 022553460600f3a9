/**
 * Memory that no heap limit counts: array buffers, Blobs, WebAssembly's and shared memory, and heaps that grow in a loop
 * that never ends. Deno tells what the node holds as a whole, a process says what it holds itself when it is asked
 * (its heap and most array buffers), and nobody tells the rest. So the rest is charged: what the node has grown by,
 * and no process has owned up to, falls to those that used CPU *in the system* meanwhile, in proportion, because memory
 * that is touched for the first time is handed out there. What loops without memory uses none. The node's own threads
 * have their part of that, too, and what its own isolate gave back may still be the allocator's: both are nobody's.
 *
 *   every 250 ms: the node's memory; 32 MB more or less than last time ─► look at every process
 *   a process over its limit in two looks ─► ended
 *   the node over its limit               ─► what it does itself is ended, or else the greediest
 */
import process from "node:process";
import { BUFFERS_EXTRA_MB } from "../limits.ts";
import type { Log } from "../log.ts";
import type { Run } from "./run.ts";

const MB = 1024 * 1024;
/** How often the node's memory is looked at: what grows by 1 GB/s has grown by 250 MB. A look takes 10 µs. */
const MEMORY_LOOK_MS = 250;
/** Growth of the node after which every process is asked what it holds. */
const MEMORY_STEP_MB = 32;
/** What a worker costs by itself. */
const WORKER_MB = 9;
/** A process that answers does so within this. */
const ANSWER_MS = 20;
/** The memory of a process that was ended is back after as many looks. */
const PATIENCE_LOOKS = 8;
/** Who holds less is not to blame. */
const GREEDY_MB = 32;

/** What bounds the node as a whole. */
export interface NodeBounds {
  memoryMbMax: number;
  killUnresponsive: boolean;
  /** Ends work of the node's own that holds much memory; `false` if there is none. */
  relieve(): boolean;
}

export interface MemoryWatchOptions extends NodeBounds {
  runs(): Iterable<Run>;
  log: Log;
  /** It has to end, and why. */
  onOver(run: Run, why: string): void;
  /** Tests say themselves what the node holds. */
  measure?(): Measured;
}

/** Of the node as a whole: resident bytes, those of the kernel's own isolate, CPU in the system in microseconds. */
interface Measured {
  rss: number;
  heapUsed: number;
  external: number;
  system: number;
}

/** What is known of one process, in bytes. */
interface Account {
  /** What it says of itself. */
  said: number;
  charged: number;
  /** On the way to it and from it: nobody's yet, and no reason to charge anybody. */
  underWay: number;
  /** CPU in the system, in microseconds. */
  system: number;
  /** Looks in a row that found it over its limit. */
  over: number;
}

export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  readonly #measure: () => Measured;
  readonly #timer: ReturnType<typeof setInterval>;
  #accounts = new Map<Run, Account>();
  /** Of the last look at every process. */
  #rss: number;
  #system: number;
  /** What the kernel's own isolate holds, or has held and the system has not got back, as far as that can be told. */
  #own: number;
  #looking = false;
  #suspicious = false;
  #patience = 0;
  #warned = false;
  #hasRelieved = false;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
    this.#measure = options.measure ?? measureNode;
    const { rss, heapUsed, external, system } = this.#measure();
    this.#rss = rss;
    this.#system = system;
    this.#own = heapUsed + external;
    this.#timer = setInterval(() => void this.look(), MEMORY_LOOK_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** One look at the node, and at every process if there is a reason. */
  async look(): Promise<void> {
    const { rss } = this.#measure();
    const isOver = rss > this.#options.memoryMbMax * MB;
    if (this.#patience > 0) this.#patience--;
    const changed = Math.abs(rss - this.#rss) > MEMORY_STEP_MB * MB;
    if (this.#looking || !changed && !this.#suspicious && !isOver) return;
    this.#looking = true;
    await this.#account();
    this.#looking = false;
    if (this.#relieved() || !this.#endGreediest()) this.#endOver();
  }

  async #account(): Promise<void> {
    const runs = [...this.#options.runs()];
    for (const { endpoint } of runs) endpoint.ask();
    const cpus = await Promise.all(runs.map((run) => run.look()));
    await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
    const before = this.#accounts;
    const { rss, heapUsed, external, system } = this.#measure();
    const own = Math.max(this.#own, heapUsed + external);
    let unexplained = rss - this.#rss - (own - this.#own);
    let systems = 0;
    const accounts = new Map<Run, Account>();
    for (const [at, run] of runs.entries()) {
      const { sign } = run.endpoint;
      const said = sign === null ? 0 : sign.heapBytes + sign.bufferBytes;
      const used = cpus[at]?.system ?? 0;
      const { underWay } = run.endpoint;
      const known = before.get(run) ?? { said: 0, charged: 0, underWay: 0, system: 0, over: 0 };
      if (!before.has(run)) unexplained -= WORKER_MB * MB;
      unexplained -= said + underWay - known.said - known.underWay;
      systems += used - known.system;
      accounts.set(run, { ...known, said, underWay, system: used });
    }
    // What the dead held may be back, or not yet, or never (Deno keeps Blobs): it is not to be charged to the living.
    for (const [run, gone] of before) {
      if (accounts.has(run)) continue;
      unexplained += Math.min(held(gone) + gone.underWay, Math.max(0, -unexplained));
    }
    systems = Math.max(systems, system - this.#system);
    const free = own - heapUsed - external;
    const returned = charge(accounts, before, { unexplained, systems, free });
    this.#accounts = accounts;
    this.#rss = rss;
    this.#system = system;
    this.#own = own - returned;
  }

  /** Those that hold more outside of their heaps than they may. */
  #endOver(): void {
    this.#suspicious = false;
    for (const [run, account] of this.#accounts) {
      const maxMb = 2 * run.heapMb + BUFFERS_EXTRA_MB;
      const holds = account.said + account.charged;
      account.over = holds > maxMb * MB ? account.over + 1 : 0;
      if (account.over === 0) continue;
      this.#suspicious = true;
      if (account.over < 2) continue;
      const limit = `limit memory_mb ${run.heapMb}, with buffers ${maxMb} MB`;
      this.#options.onOver(run, `holds about ${mb(holds)} MB of memory (${limit})`);
    }
  }

  /**
   * Whether the node was over its limit, and work of its own was ended for it. Once, until it is below: who has that work
   * done without end must not be spared for ever.
   */
  #relieved(): boolean {
    if (this.#rss <= this.#options.memoryMbMax * MB) return this.#hasRelieved = false;
    if (this.#patience > 0 || this.#hasRelieved || !this.#options.relieve()) return false;
    this.#hasRelieved = true;
    this.#patience = PATIENCE_LOOKS;
    return true;
  }

  /** Whether the node was over its limit, and somebody was ended for it, or was just now. */
  #endGreediest(): boolean {
    const { memoryMbMax, log, onOver } = this.#options;
    if (this.#rss <= memoryMbMax * MB) return this.#warned = false;
    if (this.#patience > 0) return true;
    const [greediest] = [...this.#accounts].sort(([, a], [, b]) => held(b) - held(a));
    const node = `the node holds ${mb(this.#rss)} MB (limit --memory-mb ${memoryMbMax})`;
    if (greediest === undefined || held(greediest[1]) < GREEDY_MB * MB) {
      if (!this.#warned) log.warn(`${node}, and no process holds much of it`);
      this.#warned = true;
      return false;
    }
    this.#patience = PATIENCE_LOOKS;
    const [run, account] = greediest;
    onOver(run, `${node}, and this process the most of it, about ${mb(held(account))} MB`);
    return true;
  }
}

/**
 * What nobody owned up to goes to who used the system; what was given back leaves who had been charged, and what the
 * kernel's isolate had `free`, in proportion. Returns how much of that.
 */
function charge(
  accounts: Map<Run, Account>,
  before: Map<Run, Account>,
  { unexplained, systems, free }: { unexplained: number; systems: number; free: number },
): number {
  let charged = free;
  for (const account of accounts.values()) charged += account.charged;
  const returned = charged > 0 ? Math.min(1, Math.max(0, -unexplained / charged)) : 0;
  for (const [run, account] of accounts) {
    account.charged *= 1 - returned;
    if (unexplained > 0 && systems > 0) {
      const used = account.system - (before.get(run)?.system ?? 0);
      account.charged += unexplained * used / systems;
    }
  }
  return free * returned;
}

function measureNode(): Measured {
  return { ...Deno.memoryUsage(), system: process.cpuUsage().system };
}

function held({ said, charged }: Account): number {
  return said + charged;
}

function mb(bytes: number): number {
  return Math.round(bytes / MB);
}
