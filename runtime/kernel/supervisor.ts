/**
 * Processes from start to end: worker, port, exit, restart.
 *
 *   initialize ─► initialised ─run─► running ──return, throw, out of memory──► ended
 *                 (messages wait       ▲                                         │ None: gone
 *                  in its port)        │                                         │ Requests: sent, gone
 *                                restarting ◄── pause 0, 1, 2, 4 … 60 s ─Restart─┘
 *
 * One with a limit `idle` sleeps when it has nothing to do: its worker is ended, all else stays, and the next
 * message wakes it.
 *
 * A process that restarts keeps its name, its rights and the messages that it had not finished; what it held
 * open is closed, and who waited for its answer hears so at once.
 */
import type { ProcessId } from "../protocol/address.ts";
import type { OnExit } from "../protocol/config.ts";
import type { Endpoint, KernelMessage } from "../protocol/message.ts";
import type { NetworkPolicy } from "../protocol/network.ts";
import { Turns } from "../protocol/turn.ts";
import { nextRestart } from "./backoff.ts";
import { grantDeclared } from "./declared.ts";
import type { HostCaller } from "./host_calls.ts";
import { reportEnd, sendLastRequests } from "./last_words.ts";
import { MemoryWatch } from "./memory_watch.ts";
import type { Program } from "./program.ts";
import { handOver, Redelivery } from "./redelivery.ts";
import { type End, Run } from "./run.ts";
import type { Supervised, SupervisorOptions } from "./supervised.ts";
import { Sleepiness } from "./sleep.ts";
import { KernelThread } from "./thread_share.ts";
import { Watchdog } from "./watchdog.ts";

/** How often sleepy processes are looked for. */
const SLEEP_LOOK_MS = 1_000;

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #turns = new Turns();
  readonly #thread: KernelThread;
  readonly #processes = new Map<ProcessId, Supervised>();
  #calls: HostCaller | null = null;

  readonly #watchdog: Watchdog;
  readonly #memory: MemoryWatch;
  readonly #sleeps: ReturnType<typeof setInterval>;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const { now, log, bounds, kernel } = options;
    const runs = () => this.all().filter(({ state }) => state === "running").map(({ run }) => run);
    const onOver = (run: Run, error: string) => this.#ended(run, { error, busy: true });
    const onUnresponsive = (_run: Run, text: string) => log.warn(text);
    this.#thread = new KernelThread(now);
    this.#watchdog = new Watchdog({ runs, now, ...bounds, onUnresponsive, onOver });
    this.#memory = new MemoryWatch({ runs, log, ...bounds, onOver });
    const sleepiness = new Sleepiness(kernel);
    this.#sleeps = setInterval(() => {
      for (const run of runs()) if (sleepiness.maySleep(run)) this.#sleep(run);
    }, SLEEP_LOOK_MS);
  }

  /** Who answers the host calls of processes; set once, before the first process. */
  answerCallsBy(calls: HostCaller): void {
    this.#calls = calls;
  }

  find(id: ProcessId): Supervised | undefined {
    return this.#processes.get(id);
  }

  /** Where a process may call out to; `null`: where the node lets any process. */
  networkOf(id: ProcessId): NetworkPolicy | null {
    return this.find(id)?.program.network ?? null;
  }

  all(): Supervised[] {
    return [...this.#processes.values()];
  }

  /** How many processes the package has. */
  countOf(packageId: string): number {
    const end = `:${packageId}`;
    let count = 0;
    for (const id of this.#processes.keys()) if (id.endsWith(end)) count++;
    return count;
  }

  /** Initialises and runs a program, in place of the one that has its name. */
  start(program: Program): void {
    const old = this.#processes.get(program.id);
    if (old === undefined) this.initialize(program);
    else this.#replace(old, program);
    this.run(program.id);
  }

  /** The new version gets the name first: what modules tell it of what it keeps must find it. */
  #replace(old: Supervised, program: Program): void {
    const { kernel } = this.#options;
    old.run.endpoint.finish();
    const unfinished = old.run.endpoint.unfinished();
    old.run.end();
    kernel.takeBack(old.program);
    this.initialize(program);
    kernel.processEnded(program.id, old.keeps ? "kept" : "reloaded");
    const next = this.#processes.get(program.id)!;
    // Until it says otherwise: it may be replaced before it is loaded.
    next.keeps ||= old.keeps;
    for (const message of handOver(unfinished, old.keeps)) next.run.endpoint.deliver(message);
  }

  /** The process exists from now on: it has its rights, and messages to it wait. */
  initialize(program: Program): void {
    const { kernel, stored } = this.#options;
    const supervised: Supervised = {
      program,
      state: "initialised",
      run: this.#newRun(program),
      attempt: 0,
      startedAt: this.#options.now(),
      keeps: program.keepChannels,
      woken: false,
      redelivery: new Redelivery(),
    };
    this.#processes.set(program.id, supervised);
    kernel.addProcess(program.id, supervised.run.endpoint, program.public);
    kernel.grantProgram(program);
    grantDeclared(kernel, program.id, this.all().map((one) => one.program));
    if (program.stored && program.onExit !== "None") stored.save(program);
  }

  /** False if there is no such process. One that runs already goes on. */
  run(id: ProcessId): boolean {
    const supervised = this.#processes.get(id);
    if (supervised === undefined) return false;
    if (supervised.state === "initialised") this.#begin(supervised);
    return true;
  }

  /** Ends a process for good; on-exit is not asked. False if there is no such process. */
  stop(id: ProcessId, { revoke = true } = {}): boolean {
    const supervised = this.#processes.get(id);
    if (supervised === undefined) return false;
    this.#options.log.info(`stopped ${id}`);
    this.#remove(supervised, revoke);
    return true;
  }

  /** Sends what its on-exit wants sent, in its name. */
  sendLast(id: ProcessId): void {
    const supervised = this.#processes.get(id);
    if (supervised !== undefined) sendLastRequests(this.#options.kernel, supervised.program);
  }

  /** False if there is no such process. */
  setOnExit(id: ProcessId, onExit: OnExit): boolean {
    const supervised = this.#processes.get(id);
    if (supervised === undefined) return false;
    const program = supervised.program = { ...supervised.program, onExit };
    if (program.stored && onExit === "None") this.#options.stored.remove(id);
    else if (program.stored) this.#options.stored.save(program);
    return true;
  }

  /** Ends all, and takes nothing back of what is stored. */
  close(): void {
    for (const supervised of this.#processes.values()) this.#leave(supervised);
    this.#processes.clear();
    this.#watchdog.close();
    this.#memory.close();
    clearInterval(this.#sleeps);
    this.#turns.close();
  }

  #newRun(program: Program): Run {
    const { kernel, nursery, print } = this.#options;
    const { id } = program;
    const run: Run = new Run({
      program,
      node: kernel.node,
      nursery,
      turns: this.#turns,
      thread: this.#thread,
      onMessage: (message) => kernel.route(message),
      onPrint: (verbosity, text) => print(id, verbosity, text),
      onCall: (call) =>
        this.#calls!.call({ id, isOver: () => this.#current(run) === undefined }, call),
      onLoaded: (run, keeps) => this.#loaded(run, keeps),
      onEnd: (run, end) => this.#ended(run, end),
    });
    return run;
  }

  #begin(supervised: Supervised): void {
    supervised.state = "running";
    supervised.startedAt = this.#options.now();
    supervised.run.begin();
  }

  #loaded(run: Run, keeps: boolean): void {
    const supervised = this.#current(run);
    if (supervised === undefined) return;
    const inherits = supervised.keeps;
    supervised.keeps = keeps || supervised.program.keepChannels;
    if (inherits && !supervised.keeps) this.#options.kernel.keepsNothing(run.id);
    this.#options.nursery.prove();
    if (supervised.attempt === 0 && !supervised.woken) this.#options.log.info(`started ${run.id}`);
  }

  /** Its worker ends; what it is bound to, its channels and its rights stay. */
  #sleep(run: Run): void {
    const supervised = this.#current(run);
    if (supervised === undefined) return;
    const { kernel, print } = this.#options;
    const { program } = supervised;
    supervised.state = "asleep";
    const deliver = (message: KernelMessage) => this.#wake(supervised).deliver(message);
    kernel.addProcess(program.id, { deliver }, program.public);
    run.end();
    kernel.processEnded(program.id, "asleep");
    print(program.id, 1, "sleeps until the next message");
  }

  /** A new life, for the message that comes; more may come before it runs. */
  #wake(supervised: Supervised): Endpoint {
    const { program } = supervised;
    const { endpoint } = supervised.run = this.#newRun(program);
    this.#options.kernel.addProcess(program.id, endpoint, program.public);
    supervised.attempt = 0;
    supervised.woken = true;
    this.#begin(supervised);
    return endpoint;
  }

  /** The process has ended by itself. Of several reports of one end the first counts. */
  #ended(run: Run, end: End): void {
    const supervised = this.#current(run);
    if (supervised === undefined) return;
    const { onExit } = supervised.program;
    if (onExit === "Restart" && !end.unusable) return this.#restart(supervised, end);
    const left = end.unusable
      ? "gone until it is saved anew: starting it again would not help"
      : typeof onExit === "string"
      ? "gone"
      : `gone, after ${onExit.Requests.length} last requests`;
    reportEnd(this.#options, supervised, end, left);
    this.sendLast(run.id);
    this.#remove(supervised, true);
  }

  #restart(supervised: Supervised, end: End): void {
    const { now, kernel, log } = this.#options;
    const { program, redelivery } = supervised;
    const { attempt, pauseSeconds } = nextRestart(supervised.attempt, now() - supervised.startedAt);
    const when = pauseSeconds === 0 ? "now" : `in ${pauseSeconds} s`;
    reportEnd(
      this.#options,
      supervised,
      end,
      `restarting ${program.id} ${when} (attempt ${attempt})`,
    );
    const { again, parked } = redelivery.after(
      supervised.run.endpoint.unfinished(),
      end.busy,
    );
    if (parked !== null) log.warn(`parked for good: ${parked}`);
    const old = supervised.run;
    supervised.run = this.#newRun(program);
    supervised.state = "restarting";
    supervised.attempt = attempt;
    kernel.addProcess(program.id, supervised.run.endpoint, program.public);
    old.end();
    kernel.processEnded(program.id, "crashed");
    for (const message of again) supervised.run.endpoint.deliver(message);
    supervised.run.after(pauseSeconds, () => this.#begin(supervised));
  }

  #remove(supervised: Supervised, revoke: boolean): void {
    const { id, stored } = supervised.program;
    this.#processes.delete(id);
    if (stored) this.#options.stored.remove(id);
    this.#leave(supervised);
    this.#options.kernel.forget(id, revoke);
  }

  #leave(supervised: Supervised): void {
    supervised.run.end();
    this.#options.kernel.processEnded(supervised.program.id, "gone");
  }

  #current(run: Run): Supervised | undefined {
    const supervised = this.#processes.get(run.id);
    return supervised?.run === run ? supervised : undefined;
  }
}
