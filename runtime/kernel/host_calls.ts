/** What processes ask of the kernel itself (protocol/host.ts), each within its own rights. */
import { addressOf, packageOf, parseProcessId, type ProcessId } from "../protocol/address.ts";
import type { HostCall, hostCalls, SpawnCall } from "../protocol/host.ts";
import { randomId } from "../protocol/message.ts";
import { dispatch, type Handlers } from "../protocol/serde.ts";
import type { Store } from "../protocol/store.ts";
import type { Log } from "../log.ts";
import { asksForRights, type Config, MESSAGING } from "../protocol/config.ts";
import { PACKAGE_PROCESSES_MAX } from "../limits.ts";
import type { Kernel } from "./kernel.ts";
import { limitsOf, type Program } from "./program.ts";
import type { Supervisor } from "./supervisor.ts";

/** Who calls, and whether it has ended since: another life of it may have its name. */
export interface Caller {
  id: ProcessId;
  isOver(): boolean;
}

export interface HostCaller {
  /** Rejects with an Error whose message the process gets. */
  call(caller: Caller, call: HostCall): Promise<unknown>;
}

/** The code of a file of the package that `parent` belongs to; rejects if there is no such file. */
export type LoadChild = (
  parent: ProcessId,
  path: string,
) => Promise<Pick<Program, "code" | "mapStack"> & { config: Config }>;

export interface HostCallsOptions {
  kernel: Kernel;
  supervisor: Supervisor;
  store: Store;
  loadChild: LoadChild;
  heapMb: number;
  log: Log;
}

type Table = Handlers<typeof hostCalls, Caller, Promise<unknown>>;

export class HostCalls implements HostCaller {
  readonly #options: HostCallsOptions;
  readonly #handlers: Table;

  constructor(options: HostCallsOptions) {
    this.#options = options;
    const { kernel, supervisor, store } = options;
    const { capabilities } = kernel;
    const at = (id: ProcessId) => addressOf(kernel.node, id);
    this.#handlers = {
      GetState: (_none, { id }) => store.getState(id),
      SetState: (bytes, { id }) => store.setState(id, bytes),
      ClearState: (_none, { id }) => store.clearState(id),
      Spawn: (call, caller) => this.#spawn(call, caller),
      SaveCapabilities: async (given, { id }) => {
        const list = capabilities.normal(given);
        const mine = new Set(capabilities.filter(at(id), list));
        for (const capability of list) {
          if (mine.has(capability) || kernel.received(id, capability)) continue;
          throw new Error(
            `no message brought the capability ${capability.issuer}(${capability.params})`,
          );
        }
        capabilities.grant(at(id), ...list);
        return await Promise.resolve(null);
      },
      DropCapabilities: async (list, { id }) => {
        for (const capability of list) capabilities.drop(at(id), capability);
        return await Promise.resolve(null);
      },
      OurCapabilities: (_none, { id }) => Promise.resolve(capabilities.listJson(at(id))),
      GetOnExit: (_none, { id }) => Promise.resolve(supervisor.find(id)?.program.onExit ?? "None"),
      SetOnExit: (onExit, { id }) => Promise.resolve(supervisor.setOnExit(id, onExit)),
    };
  }

  async call(caller: Caller, call: HostCall): Promise<unknown> {
    return await dispatch<typeof hostCalls, Caller, Promise<unknown>>(call, this.#handlers, caller);
  }

  /** In this order: name, file, rights, process, first statement (spec/kernel.md §3.7 has it otherwise). */
  async #spawn(call: SpawnCall, { id: parent, isOver }: Caller): Promise<ProcessId> {
    const { kernel, supervisor, loadChild, heapMb, log } = this.#options;
    const id = parseProcessId(`${call.name ?? randomId()}:${packageOf(parent)}`);
    const check = () => {
      if (isOver()) throw new Error("the parent has ended");
      if (kernel.exists(id)) throw new Error(`name-taken: ${id} is there already`);
      if (supervisor.countOf(packageOf(parent)) < PACKAGE_PROCESSES_MAX) return;
      throw new Error(`too-many: a package has at most ${PACKAGE_PROCESSES_MAX} processes`);
    };
    check();
    const { config, ...loaded } = await loadChild(parent, call.path).catch((error) => {
      throw new Error(`no-file-at-path: ${(error as Error).message}`);
    });
    check();
    const [parentAt, childAt] = [addressOf(kernel.node, parent), addressOf(kernel.node, id)];
    kernel.capabilities.grant(parentAt, { issuer: childAt, params: MESSAGING });
    const held = kernel.capabilities.filter(parentAt, call.request_capabilities);
    for (const capability of [...held, { issuer: parentAt, params: MESSAGING }]) {
      kernel.capabilities.grant(childAt, capability);
    }
    for (const [holder, params] of call.grant_capabilities) {
      kernel.capabilities.grant(addressOf(kernel.node, holder), { issuer: childAt, params });
    }
    if (asksForRights(config)) {
      const why = "it has what the process that made it gave it";
      log.warn(`${id} asks for rights in its config and does not get them: ${why}`);
    }
    supervisor.start({
      ...loaded,
      id,
      wasm_bytes_handle: call.path,
      wit_version: null,
      onExit: config.on_exit ?? call.on_exit,
      public: call.public,
      heapMb: config.memory_mb ?? heapMb,
      limits: limitsOf(config),
      keepChannels: config.keepChannels ?? false,
      network: supervisor.networkOf(parent),
      capabilities: [],
      grants: [],
      stored: true,
      maker: supervisor.find(parent)?.program.maker ?? parent,
    });
    return id;
  }
}
