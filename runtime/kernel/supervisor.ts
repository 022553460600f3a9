/**
 * Processes from start to end: worker, port, exit, restart.
 *
 *   start ──► loading ──Loaded──► running ──return, throw, out of memory──► ended
 *               ▲                                                            │ on_exit None: gone
 *               └──────── pause 0, 1, 2, 4 … 60 s ◄──────── Restart ─────────┘
 *
 * While it restarts, a process keeps its name, and messages wait in its new port.
 */
import { addressOf, type ProcessId } from "../protocol/address.ts";
import { Config, type OnExit } from "../protocol/config.ts";
import { decodeJson } from "../protocol/serde.ts";
import { Turns } from "../protocol/turn.ts";
import { RESTART_HEALTHY_SECONDS, RESTART_PAUSE_SECONDS_MAX } from "../limits.ts";
import type { Log } from "../log.ts";
import type { Kernel } from "./kernel.ts";
import type { Nursery, WorkerHandle } from "./nursery.ts";
import { WorkerProcess } from "./worker_process.ts";

/** What is needed to run a process, any number of times. */
export interface Program {
  id: ProcessId;
  /** One ES module without imports. */
  code: string;
  /** Rewrites a stack trace of the bundle to the user's files and lines. */
  mapStack(stack: string): string;
  onExit: OnExit;
  heapMb: number;
  /** Whom it may message. */
  messaging: readonly ProcessId[];
  /** Who may message it. */
  granted: readonly ProcessId[];
}

export interface SupervisorOptions {
  kernel: Kernel;
  nursery: Nursery;
  log: Log;
  /** A line of a process. */
  print(id: ProcessId, verbosity: number, text: string): void;
  now(): number;
}

interface Running {
  program: Program;
  onExit: OnExit;
  endpoint: WorkerProcess;
  worker: WorkerHandle | null;
  /** The far end, until a worker has it. */
  port: MessagePort | null;
  startedAt: number;
  restarts: number;
  timer: ReturnType<typeof setTimeout> | null;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #turns = new Turns();
  readonly #running = new Map<ProcessId, Running>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Starts a program, in place of the one that runs under its name. */
  start(program: Program): void {
    const { kernel } = this.#options;
    const old = this.#running.get(program.id);
    if (old !== undefined) this.#end(old, false);
    this.#launch(program, 0, 0);
    for (const target of program.messaging) kernel.grantMessaging(program.id, target);
    for (const holder of program.granted) kernel.grantMessaging(holder, program.id);
  }

  /** Ends a process for good; on-exit is not asked. */
  stop(id: ProcessId): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    this.#running.delete(id);
    this.#end(running, true);
    this.#options.log.info(`stopped ${id}`);
  }

  /** Ends all. */
  close(): void {
    for (const running of this.#running.values()) this.#end(running, true);
    this.#running.clear();
    this.#turns.close();
  }

  #launch(program: Program, restarts: number, pauseSeconds: number): void {
    const { kernel, print, now } = this.#options;
    const { port1, port2 } = new MessageChannel();
    const running: Running = {
      program,
      onExit: program.onExit,
      endpoint: new WorkerProcess({
        address: addressOf(kernel.node, program.id),
        node: kernel.node,
        port: port1,
        turns: this.#turns,
        onMessage: (message) => kernel.route(message),
        onPrint: (verbosity, text) => print(program.id, verbosity, withOwnLines(text, program)),
        onLoaded: (config) => this.#loaded(running, config),
        onExit: (error) => this.#exited(running, error),
      }),
      worker: null,
      port: port2,
      startedAt: now(),
      restarts,
      timer: null,
    };
    this.#running.set(program.id, running);
    kernel.addProcess(program.id, running.endpoint);
    running.endpoint.boot(program.code);
    if (pauseSeconds === 0) this.#begin(running, port2);
    else running.timer = setTimeout(() => this.#begin(running, port2), pauseSeconds * 1000);
  }

  #begin(running: Running, port: MessagePort): void {
    running.timer = null;
    running.port = null;
    running.startedAt = this.#options.now();
    running.worker = this.#options.nursery.start(
      port,
      running.program.heapMb,
      (error) => this.#exited(running, error ?? "its worker ended without a reason"),
    );
  }

  #loaded(running: Running, config: string): void {
    try {
      running.onExit = decodeJson(config, Config, "config").on_exit ?? running.onExit;
    } catch (error) {
      return this.#exited(running, (error as Error).message);
    }
    this.#options.nursery.prove();
    if (running.restarts === 0) this.#options.log.info(`started ${running.program.id}`);
  }

  /** The process has ended by itself. Of several reports of one end the first counts. */
  #exited(running: Running, error: string | null): void {
    const { program, onExit } = running;
    if (this.#running.get(program.id) !== running) return;
    this.#report(running, error);
    this.#end(running, onExit === "None");
    if (onExit === "None") {
      this.#running.delete(program.id);
      return;
    }
    const healthy = this.#options.now() - running.startedAt >= RESTART_HEALTHY_SECONDS * 1000;
    const restarts = healthy ? 1 : running.restarts + 1;
    const pause = restarts === 1 ? 0 : Math.min(2 ** (restarts - 2), RESTART_PAUSE_SECONDS_MAX);
    const when = pause === 0 ? "now" : `in ${pause} s`;
    this.#options.log.info(`restarting ${program.id} ${when} (attempt ${restarts})`);
    this.#launch(program, restarts, pause);
  }

  #report(running: Running, error: string | null): void {
    const { log, kernel } = this.#options;
    const address = addressOf(kernel.node, running.program.id);
    if (error === null) log.info(`process ${address} returned without error`);
    else log.warn(`process ${address} ended with error:\n${running.program.mapStack(error)}`);
  }

  #end(running: Running, gone: boolean): void {
    if (running.timer !== null) clearTimeout(running.timer);
    running.endpoint.close();
    running.port?.close();
    running.worker?.kill();
    this.#options.kernel.processEnded(running.program.id, gone);
  }
}

/** What a process prints of an error names its bundle, which is a data: URL; few prints do. */
function withOwnLines(text: string, program: Program): string {
  return text.includes("data:text/javascript") ? program.mapStack(text) : text;
}
