/** One life of a process: its port, its worker, and the end of both. */
import { addressOf, packageOf, type ProcessId } from "../protocol/address.ts";
import type { HostCall } from "../protocol/host.ts";
import type { KernelMessage } from "../protocol/message.ts";
import { heapIsFull } from "../protocol/port.ts";
import type { Turns } from "../protocol/turn.ts";
import type { Cpu, Nursery, WorkerHandle } from "./nursery.ts";
import type { ProcessLimits, Program } from "./program.ts";
import type { KernelThread } from "./thread_share.ts";
import { WorkerProcess } from "./worker_process.ts";

/** How a life ended by itself. */
export interface End {
  /** `null` after a return; else the stack, or the reason why the worker died. */
  error: string | null;
  /** It was at the first message that it had not finished. */
  busy: boolean;
  /** It would end so every time: not started again before it is another. */
  unusable?: boolean;
}

export interface RunOptions {
  program: Program;
  node: string;
  nursery: Nursery;
  turns: Turns;
  thread: KernelThread;
  onMessage(message: KernelMessage): void;
  onPrint(verbosity: number, text: string): void;
  onCall(call: HostCall): Promise<unknown>;
  onLoaded(run: Run, keeps: boolean): void;
  onEnd(run: Run, end: End): void;
}

export class Run {
  readonly id: ProcessId;
  readonly heapMb: number;
  readonly limits: ProcessLimits;
  readonly endpoint: WorkerProcess;
  readonly #options: RunOptions;
  /** The far end of the port, until a worker has it. */
  #port: MessagePort | null;
  #worker: WorkerHandle | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: RunOptions) {
    const { program, node, turns, thread, onMessage, onPrint, onCall } = options;
    const { port1, port2 } = new MessageChannel();
    this.id = program.id;
    this.heapMb = program.heapMb;
    this.limits = program.limits;
    this.#options = options;
    this.#port = port2;
    this.endpoint = new WorkerProcess({
      address: addressOf(node, program.id),
      node,
      port: port1,
      turns,
      thread,
      onMessage,
      onPrint: (verbosity, text) => onPrint(verbosity, withOwnLines(text, program)),
      onCall,
      onLoaded: (keeps) => options.onLoaded(this, keeps),
      onExit: (error, busy, unusable) => options.onEnd(this, { error, busy, unusable }),
    });
    this.endpoint.boot(program.code);
  }

  /** Gives the port to a worker, which loads the code and takes what waits. */
  begin(): void {
    const { nursery, program, onEnd } = this.#options;
    const port = this.#port!;
    this.#port = null;
    this.#worker = nursery.start({
      port,
      heapMb: program.heapMb,
      owner: packageOf(program.id),
      // It could not say what it was doing, and most likely it was doing something.
      onExit: (error) => onEnd(this, { error: this.#reasonOf(error), busy: true }),
    });
  }

  #reasonOf(error: string | null): string {
    if (error?.startsWith("ERR_WORKER_OUT_OF_MEMORY")) return heapIsFull(this.heapMb);
    return error ?? "its worker ended without a reason";
  }

  /** Calls `begin` after a pause, unless the run is ended before. */
  after(seconds: number, begin: () => void): void {
    if (seconds === 0) begin();
    else this.#timer = setTimeout(begin, seconds * 1000);
  }

  /** The CPU used so far; `null` if nobody can tell. */
  look(): Promise<Cpu | null> {
    return this.#worker?.look() ?? Promise.resolve(null);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.endpoint.close();
    this.#port?.close();
    this.#worker?.kill();
  }
}

/** Where this runtime lies: a stack trace with its frames is one, and they mean nothing to anybody but us. */
const RUNTIME = new URL("../", import.meta.url).href;

/** What a process prints of an error names its bundle, which is a data: URL, or the runtime; few prints do. */
function withOwnLines(text: string, program: Program): string {
  const isStack = text.includes("data:text/javascript") || text.includes(RUNTIME);
  return isStack ? program.mapStack(text) : text;
}
