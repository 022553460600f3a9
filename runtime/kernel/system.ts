/** The kernel with everything that belongs to it, joined and brought back to where it was. */
import {
  type Address,
  addressOf,
  parseProcessId,
  type ProcessId,
  processOf,
} from "../protocol/address.ts";
import type { KernelMessage, Module } from "../protocol/message.ts";
import type { NetworkPolicy } from "../protocol/network.ts";
import type { PersistedProcess, Store } from "../protocol/store.ts";
import { PROCESS_HEAP_MB } from "../limits.ts";
import type { Log } from "../log.ts";
import type { Config, NamedCapability } from "../protocol/config.ts";
import { CapabilityTable } from "./capabilities.ts";
import { Children, type IsChanged } from "./children.ts";
import { KERNEL_ID, KernelCommands } from "./commands.ts";
import { HostCalls, type LoadChild } from "./host_calls.ts";
import { Kernel } from "./kernel.ts";
import type { NodeBounds } from "./memory_watch.ts";
import { Nursery } from "./nursery.ts";
import { canLimitWorkers, memoryMbOfMachine } from "./machine.ts";
import { Persistence } from "./persistence.ts";
import { limitsOf, type Program } from "./program.ts";
import { Supervisor } from "./supervisor.ts";

export interface SystemOptions {
  node: string;
  log: Log;
  store: Store;
  /** Milliseconds, never going back. */
  now(): number;
  print(id: ProcessId, verbosity: number, text: string): void;
  makeNursery(): Worker;
  loadChild: LoadChild;
  isSealed(code: string): boolean;
  /** A memory of `null` is as much as the machine allows. */
  bounds: Omit<NodeBounds, "memoryMbMax"> & { memoryMbMax: number | null };
  /** A process that may rule the node wants it to stop. */
  shutdown(): void;
  /** No process can be started; the node is of no use. */
  fatal(reason: string): void;
}

const WITHOUT_LIMITS = "this Deno can bound neither the heap nor the CPU of a process " +
  "(memory_mb, cpu_seconds, cpu_share): run only scripts that you trust, see docs/LIMITS.md";

/** A script of the folder. */
export interface Script extends Pick<Program, "id" | "code" | "mapStack"> {
  file: string;
  config: Config;
  rights: {
    /** What it holds, issued by the process named. */
    requests: readonly NamedCapability[];
    /** What it issues, and to whom. */
    grants: readonly NamedCapability[];
    public: boolean;
    network: NetworkPolicy | null;
  };
}

export class System {
  readonly kernel: Kernel;
  /** What the node may hold as a whole. */
  readonly memoryMb: number;
  readonly #supervisor: Supervisor;
  readonly #children: Children;
  readonly #nursery: Nursery;
  readonly #persistence: Persistence;
  readonly #modules: Module[] = [];
  readonly #restored: ProcessId[] = [];

  constructor(options: SystemOptions) {
    const { node, log, store, now, print, loadChild, isSealed, shutdown } = options;
    const heapMb = PROCESS_HEAP_MB;
    this.#persistence = new Persistence(store, node, log);
    const capabilities = new CapabilityTable(node, (holder) => this.#persistence.changed(holder));
    this.#persistence.watch(capabilities);
    this.kernel = new Kernel({ node, capabilities, log, now });
    this.#nursery = new Nursery(options.makeNursery, (reason, fatal) => {
      if (fatal) options.fatal(`no process can be started: ${reason}`);
      else log.warn(`the nursery died and was started anew: ${reason}`);
    });
    const { kernel } = this;
    const stored = this.#persistence;
    if (!canLimitWorkers()) log.info(WITHOUT_LIMITS);
    this.memoryMb = options.bounds.memoryMbMax ?? memoryMbOfMachine();
    const bounds = { ...options.bounds, memoryMbMax: this.memoryMb };
    const nursery = this.#nursery;
    this.#supervisor = new Supervisor({ kernel, nursery, log, print, now, stored, bounds });
    const supervisor = this.#supervisor;
    supervisor.answerCallsBy(new HostCalls({ kernel, supervisor, store, loadChild, heapMb, log }));
    this.#children = new Children({ supervisor, loadChild, log });
    const commands = new KernelCommands({ kernel, supervisor, log, heapMb, isSealed, shutdown });
    kernel.addModule(KERNEL_ID, commands);
  }

  /** What a module may do with the kernel. */
  get powersOfModules() {
    const { kernel } = this;
    return {
      node: kernel.node,
      send: (message: KernelMessage) => kernel.route(message),
      whyNot: (source: Address, target: Address) => kernel.whyNot(source, target),
    };
  }

  /** `id` is the module's name in Kinode 1.0; it answers to the older one too. */
  addModule(id: string, module: Module): void {
    this.#modules.push(module);
    this.kernel.addModule(parseProcessId(id), module);
  }

  /** Brings back capabilities and processes that were kept; messages to these wait. Rejects if they cannot be read. */
  async restore(): Promise<void> {
    for (const process of await this.#persistence.restore()) {
      this.#revive(process);
      this.#restored.push(process.id);
    }
  }

  /**
   * Runs what was brought back, once the scripts of the folder are there to be messaged. Its last requests are
   * sent first: it ended with the node, and nobody else will (spec/kernel.md §3.5). Children of scripts that are not in
   * the folder any more are stopped instead.
   */
  runRestored(mayBeInFolder: (id: ProcessId) => boolean): void {
    this.#children.stop((maker) => !this.#supervisor.find(maker) && !mayBeInFolder(maker));
    for (const id of this.#restored.splice(0)) {
      this.#supervisor.sendLast(id);
      if (this.#supervisor.find(id)?.program.maker) void this.#children.run(id);
      else this.#supervisor.run(id);
    }
  }

  /** Starts a script of the folder, in place of the one that has its name. */
  startScript({ id, code, mapStack, file, config, rights }: Script): void {
    const { node } = this.kernel;
    this.#supervisor.start({
      id,
      code,
      mapStack,
      wasm_bytes_handle: `/${file}`,
      wit_version: null,
      onExit: config.on_exit ?? "Restart",
      public: rights.public,
      heapMb: config.memory_mb ?? PROCESS_HEAP_MB,
      limits: limitsOf(config),
      keepChannels: config.keepChannels ?? false,
      network: rights.network,
      capabilities: rights.requests.map(({ process, params }) => ({
        issuer: addressOf(node, process),
        params,
      })),
      grants: rights.grants.map(({ process, params }) => [process, params] as const),
      stored: false,
      maker: null,
    });
  }

  /** Where a process said that it calls out to; `null` if it did not say. */
  networkOf(process: Address): NetworkPolicy | null {
    return this.#supervisor.networkOf(processOf(process));
  }

  /** Its script is gone from the folder; the children that it made go with it. */
  stop(id: ProcessId): void {
    // It may have failed all the time, while another has its name that a message made.
    if (this.#supervisor.find(id)?.program.stored === false) this.#supervisor.stop(id);
    this.#children.stop((maker) => maker === id);
  }

  /** The folder was looked at: children whose files have changed start anew. */
  renewChildren(isChanged: IsChanged): void {
    void this.#children.renew(isChanged);
  }

  /** Ends everything, modules first; what was acknowledged is on the disk when it resolves. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#modules.map((module) => module.close()));
    this.#supervisor.close();
    this.#nursery.close();
    this.kernel.close();
    await this.#persistence.close();
  }

  #revive({ id, on_exit, ...kept }: PersistedProcess): void {
    this.#supervisor.initialize({
      ...kept,
      id,
      onExit: on_exit,
      mapStack: (stack) => stack,
      limits: limitsOf(null),
      keepChannels: false,
      capabilities: [],
      grants: [],
      stored: true,
    });
  }
}
