/**
 * Processes that were made by spawn(): they are of a file of their package, as scripts are of one of the folder. When it is
 * saved they start anew, and they go when the script that made them, or their makers, is taken out of it.
 */
import { packageOf, type ProcessId } from "../protocol/address.ts";
import type { Log } from "../log.ts";
import type { LoadChild } from "./host_calls.ts";
import { limitsOf, type Program } from "./program.ts";
import type { Supervisor } from "./supervisor.ts";

export interface ChildrenOptions {
  supervisor: Supervisor;
  loadChild: LoadChild;
  log: Log;
}

/** Whether the file may be another than it was, for this process at this path. */
export type IsChanged = (child: ProcessId, path: string) => boolean;

export class Children {
  readonly #options: ChildrenOptions;
  /** What has been looked at, and nobody acted on yet. */
  #looks: IsChanged[] = [];
  #renewing = false;
  /** What was said of a version that goes on. */
  readonly #said = new WeakMap<Program, string>();

  constructor(options: ChildrenOptions) {
    this.#options = options;
  }

  /** Stops those of makers that are gone. */
  stop(isGone: (maker: ProcessId) => boolean): void {
    for (const { id, maker } of this.#all()) if (isGone(maker!)) this.#options.supervisor.stop(id);
  }

  /** Runs one that was brought back, as its file is by now. */
  async run(id: ProcessId): Promise<void> {
    const { supervisor } = this.#options;
    const program = supervisor.find(id)?.program;
    if (program !== undefined) await this.#renewThese([program]);
    supervisor.run(id);
  }

  /** Starts anew those whose file has changed. Files are read one after the other, and nobody need wait for it. */
  async renew(isChanged: IsChanged): Promise<void> {
    this.#looks.push(isChanged);
    if (this.#renewing) return;
    this.#renewing = true;
    while (this.#looks.length > 0) {
      const looks = this.#looks.splice(0);
      const changed = this.#all().filter(({ id, wasm_bytes_handle }) =>
        looks.some((isChanged) => isChanged(id, wasm_bytes_handle))
      );
      const fileOf = ({ id, wasm_bytes_handle }: Program) =>
        `${packageOf(id)} ${wasm_bytes_handle}`;
      for (const ofOneFile of Map.groupBy(changed, fileOf).values()) {
        await this.#renewThese(ofOneFile);
      }
    }
    this.#renewing = false;
  }

  #all(): Program[] {
    return this.#options.supervisor.all().map(({ program }) => program)
      .filter(({ maker }) => maker !== null);
  }

  /** All of one file and package. */
  async #renewThese(programs: Program[]): Promise<void> {
    const { supervisor, loadChild, log } = this.#options;
    const [{ id, wasm_bytes_handle: path }] = programs as [Program];
    try {
      const { config, ...loaded } = await loadChild(id, path);
      for (const { id } of programs) {
        const now = supervisor.find(id)?.program;
        if (now === undefined || now.maker === null || now.code === loaded.code) continue;
        supervisor.start({
          ...now,
          ...loaded,
          heapMb: config.memory_mb ?? now.heapMb,
          limits: limitsOf(config),
          keepChannels: config.keepChannels ?? false,
        });
      }
    } catch (error) {
      const { message } = error as Error;
      for (const program of programs) {
        if (this.#said.get(program) === message) continue;
        this.#said.set(program, message);
        log.warn(`${message}; the version of ${program.id} before this one goes on running`);
      }
    }
  }
}
