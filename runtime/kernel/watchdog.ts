/**
 * Finds processes that have something to do and do not do it. Once a second it looks at each that is at a message
 * or at its start, or has moved since, and asks it for a sign of life. One that has nothing to do is looked at every
 * ten seconds: where it used CPU all the same, in a timer of its own or behind an await, it is asked as well.
 *
 *   at one message, CPU over cpu_seconds  ─► ended
 *   its start takes START_SECONDS         ─► ended
 *   no sign, no CPU                       ─► ended: a worker whose heap is full outside of a timer stops for good and
 *                                            says nothing (Deno 2.9.6), and Atomics.wait() may wait for ever
 *   messages wait, and it takes none      ─► reported every UNRESPONSIVE_SECONDS, or ended if the person wants it so
 *
 * Looks are counted and not timed, for the whole machine may have slept.
 */
import { START_SECONDS, UNRESPONSIVE_SECONDS } from "../limits.ts";
import { heapIsFull } from "../protocol/port.ts";
import { CpuShare } from "./cpu_share.ts";
import type { Run } from "./run.ts";

/** So many signs missed in a row, and it is silent. */
const MISSED_MAX = 5;
const LOOK_MS = 1_000;
/** It has stopped if its CPU stands still for so many looks; on a busy machine a loop may get none for a second. */
const STILL_LOOKS = 3;
/** Less than the clock of CPU time can tell. */
const STILL_MICROSECONDS = 5_000;
/** Messages count from 0; a process that is at none may be at its start, or busy with something of its own. */
const START = -1;
const OWN = -2;
/** After so many looks all processes are looked at, and those that used any CPU since then are asked. */
const ROUND_LOOKS = 10;

const DOING: Record<number, string> = { [START]: "on its start", [OWN]: "in one go" };

/** What a process is at. */
interface Task {
  /** The number of the message. */
  at: number;
  /** How many times it was seen at it. */
  looks: number;
  /** CPU that it had used when this was seen first, and last, in microseconds. */
  cpuFrom: number | null;
  cpu: number | null;
  /** Looks in a row that found the CPU unchanged. */
  still: number;
  /** Before this look it cannot have used too much. */
  nextLook: number;
}

export interface WatchdogOptions {
  /** The lives to look after. */
  runs(): Iterable<Run>;
  /** Milliseconds, never going back. */
  now(): number;
  /** Ends what is only reported otherwise. */
  killUnresponsive: boolean;
  /** It takes no message although some wait. */
  onUnresponsive(run: Run, text: string): void;
  /** It has to end, and why. */
  onOver(run: Run, why: string): void;
}

export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #tasks = new WeakMap<Run, Task>();
  readonly #shares: CpuShare;
  /** What each had moved at the last look, and its CPU at the last round; who did either, until it gives a sign. */
  readonly #moves = new WeakMap<Run, number>();
  readonly #rounds = new WeakMap<Run, number>();
  readonly #busy = new WeakSet<Run>();
  #looks = 0;
  /** A message to itself, as signs of life are: what is not there yet when it comes back is late by its own fault. */
  readonly #canary = new MessageChannel();
  #isDeaf = false;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#shares = new CpuShare(options.now);
    this.#canary.port1.onmessage = () => this.#isDeaf = false;
    this.#timer = setInterval(() => this.#lookIfHeard(), LOOK_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#canary.port1.close();
    this.#canary.port2.close();
  }

  /** Not before the kernel has heard what was posted to it since the last time: it may have been busy itself. */
  #lookIfHeard(): void {
    if (this.#isDeaf) return;
    this.#isDeaf = true;
    this.#canary.port2.postMessage(null);
    void this.look();
  }

  /** One look at all of them. */
  async look(): Promise<void> {
    const runs = [...this.#options.runs()];
    if (++this.#looks % ROUND_LOOKS === 0) await Promise.all(runs.map((run) => this.#goRound(run)));
    await Promise.all(runs.map((run) => this.#look(run)));
  }

  async #goRound(run: Run): Promise<void> {
    const cpu = await run.look();
    if (cpu === null) return;
    const before = this.#rounds.get(run) ?? 0;
    this.#rounds.set(run, cpu.total);
    if (cpu.total - before > STILL_MICROSECONDS) this.#busy.add(run);
  }

  async #look(run: Run): Promise<void> {
    const { endpoint, limits } = run;
    if (endpoint.sign === null) return; // Its worker still boots, maybe behind a thousand others.
    if (limits.cpuShare !== null) {
      const why = await this.#shares.exceeded(run, limits.cpuShare);
      if (why !== null) return this.#options.onOver(run, why);
    }
    if (this.#moves.get(run) !== endpoint.moves) this.#busy.add(run);
    this.#moves.set(run, endpoint.moves);
    const at = endpoint.loaded ? endpoint.oldest ?? (this.#busy.has(run) ? OWN : null) : START;
    if (at === null) return void this.#tasks.delete(run);
    const task = this.#taskOf(run, at);
    const missed = endpoint.ping();
    if (at === OWN && task.looks > 0 && missed === 0) return this.#rest(run);
    const why = await this.#whyOver(run, task, missed) ?? this.#whyUnresponsive(run, task, missed);
    task.looks++;
    if (why !== null) this.#options.onOver(run, why);
  }

  /** It gave a sign: what it does next is another thing. */
  #rest(run: Run): void {
    this.#busy.delete(run);
    this.#tasks.delete(run);
  }

  #taskOf(run: Run, at: number): Task {
    const known = this.#tasks.get(run);
    if (known?.at === at) return known;
    const task: Task = { at, looks: 0, cpuFrom: null, cpu: null, still: 0, nextLook: 1 };
    this.#tasks.set(run, task);
    return task;
  }

  async #whyOver(run: Run, task: Task, missed: number): Promise<string | null> {
    const { at, looks } = task;
    if (at === START && looks >= START_SECONDS) {
      return `its start has not finished within ${START_SECONDS} s: what takes longer belongs behind an await in ` +
        "init(), or into a handler";
    }
    if (looks < task.nextLook && missed <= MISSED_MAX) return null;
    const cpu = (await run.look())?.total ?? null;
    if (cpu === null) return null;
    const before = task.cpu;
    task.cpu = cpu;
    task.cpuFrom ??= cpu;
    const { cpuSeconds } = run.limits;
    const left = cpuSeconds - (cpu - task.cpuFrom) / 1e6;
    if (left <= 0) {
      return `used ${cpuSeconds} s of CPU ${DOING[at] ?? "on one message"} (limit cpu_seconds)`;
    }
    task.nextLook = looks + Math.ceil(left);
    task.still = before !== null && cpu - before < STILL_MICROSECONDS ? task.still + 1 : 0;
    return missed > MISSED_MAX && task.still >= STILL_LOOKS
      ? `it has stopped: blocked, or ${heapIsFull(run.heapMb)}`
      : null;
  }

  /** Reports it, or says why it has to end. */
  #whyUnresponsive(run: Run, task: Task, missed: number): string | null {
    const { at, looks } = task;
    if (at < 0 || looks === 0 || looks % UNRESPONSIVE_SECONDS !== 0) return null;
    const { endpoint, id } = run;
    const isSilent = missed > MISSED_MAX;
    const waiting = isSilent ? endpoint.unfinished().length : endpoint.sign?.waiting ?? 0;
    if (waiting === 0) return null; // It is at its only message: there is nothing to take.
    const fact = `taken nothing for ${looks} s, and ${waiting} wait`;
    if (this.#options.killUnresponsive) return `it has ${fact} (--kill-unresponsive)`;
    if (isSilent && willBeOver(run, task)) return null;
    const cause = isSilent ? "an endless loop, or work that should await" : "it awaits";
    this.#options.onUnresponsive(
      run,
      `${id} has ${fact} (last message: ${endpoint.lastMessage()}): ${cause}; ` +
        "saving or deleting its script ends it, and so does --kill-unresponsive",
    );
    return null;
  }
}

/** It burns its core, and its CPU time ends before the next report: that will say enough. */
function willBeOver({ limits }: Run, { cpu, cpuFrom }: Task): boolean {
  if (cpu === null || cpuFrom === null) return false;
  const used = (cpu - cpuFrom) / 1e6;
  return used > UNRESPONSIVE_SECONDS / 2 && limits.cpuSeconds - used < UNRESPONSIVE_SECONDS;
}
