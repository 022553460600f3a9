/** What processes ask of the kernel itself (protocol/host.ts), each within its own rights. */
import { addressOf, packageOf, parseProcessId, type ProcessId } from "../protocol/address.ts";
import { AtATime } from "../protocol/at_a_time.ts";
import type { HostCall, hostCalls, SpawnCall } from "../protocol/host.ts";
import { randomId } from "../protocol/message.ts";
import { dispatch, type Handlers } from "../protocol/serde.ts";
import type { Store } from "../protocol/store.ts";
import type { Log } from "../log.ts";
import { asksForRights, type Config, MESSAGING } from "../protocol/config.ts";
import { PACKAGE_LOADS_MAX, PACKAGE_PROCESSES_MAX } from "../limits.ts";
import type { Kernel } from "./kernel.ts";
import { limitsOf, type Program } from "./program.ts";
import type { Supervisor } from "./supervisor.ts";

export interface HostCaller {
  /** Rejects with an Error whose message the process gets. */
  call(process: ProcessId, call: HostCall): Promise<unknown>;
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

type Table = Handlers<typeof hostCalls, ProcessId, Promise<unknown>>;

export class HostCalls implements HostCaller {
  readonly #options: HostCallsOptions;
  readonly #handlers: Table;
  /** By package, while they have something to load. */
  readonly #loads = new Map<string, AtATime>();

  constructor(options: HostCallsOptions) {
    this.#options = options;
    const { kernel, supervisor, store } = options;
    const { capabilities } = kernel;
    const at = (id: ProcessId) => addressOf(kernel.node, id);
    this.#handlers = {
      GetState: (_none, id) => store.getState(id),
      SetState: (bytes, id) => store.setState(id, bytes),
      ClearState: (_none, id) => store.clearState(id),
      Spawn: (call, id) => this.#spawn(call, id),
      SaveCapabilities: async (list, id) => {
        for (const capability of list) {
          const mine = capabilities.filter(at(id), [capability]).length > 0;
          if (!mine && !kernel.received(id, capability)) {
            throw new Error(
              `no message brought the capability ${capability.issuer}(${capability.params})`,
            );
          }
        }
        for (const capability of list) capabilities.grant(at(id), capability);
        return await Promise.resolve(null);
      },
      DropCapabilities: async (list, id) => {
        for (const capability of list) capabilities.drop(at(id), capability);
        return await Promise.resolve(null);
      },
      OurCapabilities: (_none, id) => Promise.resolve(capabilities.list(at(id))),
      GetOnExit: (_none, id) => Promise.resolve(supervisor.find(id)?.program.onExit ?? "None"),
      SetOnExit: (onExit, id) => Promise.resolve(supervisor.setOnExit(id, onExit)),
    };
  }

  async call(process: ProcessId, call: HostCall): Promise<unknown> {
    return await dispatch<typeof hostCalls, ProcessId, Promise<unknown>>(
      call,
      this.#handlers,
      process,
    );
  }

  /** A package's files are read for some of its children at a time, and not for whom has ended meanwhile. */
  async #load(parent: ProcessId, path: string): ReturnType<LoadChild> {
    const { supervisor, loadChild } = this.#options;
    const owner = packageOf(parent);
    const lanes = this.#loads.get(owner) ?? new AtATime(PACKAGE_LOADS_MAX);
    this.#loads.set(owner, lanes);
    const load = async () => {
      if (supervisor.find(parent) === undefined) throw new Error("the parent has ended");
      return await loadChild(parent, path).catch((error) => {
        throw new Error(`no-file-at-path: ${(error as Error).message}`);
      });
    };
    return await lanes.take(load).finally(() => {
      if (lanes.idle) this.#loads.delete(owner);
    });
  }

  /** In this order: name, file, rights, process, first statement (spec/kernel.md §3.7 has it otherwise). */
  async #spawn(call: SpawnCall, parent: ProcessId): Promise<ProcessId> {
    const { kernel, supervisor, heapMb, log } = this.#options;
    const id = parseProcessId(`${call.name ?? randomId()}:${packageOf(parent)}`);
    if (kernel.exists(id)) throw new Error("name-taken");
    const { config, ...loaded } = await this.#load(parent, call.path);
    if (kernel.exists(id)) throw new Error("name-taken");
    if (supervisor.find(parent) === undefined) throw new Error("the parent has ended");
    const kin = supervisor.all().filter(({ program }) =>
      packageOf(program.id) === packageOf(parent)
    );
    if (kin.length >= PACKAGE_PROCESSES_MAX) {
      throw new Error(`too-many: a package has at most ${PACKAGE_PROCESSES_MAX} processes`);
    }
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
      spawned: true,
    });
    return id;
  }
}
