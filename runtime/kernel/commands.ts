/**
 * `kernel:distro:sys`: processes ruled by messages (spec/kernel.md §3.3). Whoever may message it rules the
 * node. Every command is answered, also a malformed one and one for a process that does not exist.
 */
import { addressOf, nodeOf, type ProcessId, processOf } from "../protocol/address.ts";
import {
  KernelCommand,
  type kernelCommands,
  type kernelPrints,
  type KernelResponse,
  type ProcessShown,
} from "../protocol/kernel_command.ts";
import {
  type Capability,
  type KernelMessage,
  type Module,
  responseTo,
  textOf,
} from "../protocol/message.ts";
import { decodeJson, dispatch, type Handlers } from "../protocol/serde.ts";
import type { Log } from "../log.ts";
import { MESSAGING } from "../protocol/config.ts";
import type { Kernel } from "./kernel.ts";
import { limitsOf } from "./program.ts";
import type { Supervised } from "./supervised.ts";
import type { Supervisor } from "./supervisor.ts";

export const KERNEL_ID = "kernel:distro:sys" as ProcessId;

export interface KernelCommandsOptions {
  kernel: Kernel;
  supervisor: Supervisor;
  log: Log;
  heapMb: number;
  /** Whether this code imports nothing; nothing else may reach a worker. */
  isSealed(code: string): boolean;
  /** Stops the node. */
  shutdown(): void;
}

type Payload<K extends keyof typeof kernelCommands> = ReturnType<(typeof kernelCommands)[K]>;

export class KernelCommands implements Module {
  readonly #options: KernelCommandsOptions;
  readonly #handlers: Handlers<typeof kernelCommands, KernelMessage, KernelResponse>;
  readonly #prints: Handlers<typeof kernelPrints, null, KernelResponse>;

  constructor(options: KernelCommandsOptions) {
    this.#options = options;
    const { kernel, supervisor } = options;
    const at = (id: ProcessId) => addressOf(kernel.node, id);
    this.#handlers = {
      Booted: () => ({ NotPermitted: "the kernel alone says that it has booted" }),
      InitializeProcess: (payload, message) => this.#initialize(payload, message),
      RunProcess: (id) => supervisor.run(id) ? "StartedProcess" : "RunProcessError",
      KillProcess: (id, { metadata }) => {
        const killed = supervisor.stop(id, { revoke: metadata !== "no-revoke" });
        return killed ? { KilledProcess: id } : { NoSuchProcess: id };
      },
      GrantCapabilities: ({ target, capabilities }) => {
        for (const capability of capabilities) kernel.capabilities.grant(at(target), capability);
        return "Done";
      },
      DropCapabilities: ({ target, capabilities }) => {
        for (const capability of capabilities) kernel.capabilities.drop(at(target), capability);
        return "Done";
      },
      SetOnExit: ({ target, on_exit }) =>
        supervisor.setOnExit(target, on_exit) ? "Done" : { NoSuchProcess: target },
      Shutdown: () => {
        // After the answer has left.
        setTimeout(() => options.shutdown(), 0);
        return "Done";
      },
      Debug: (print) => dispatch(print, this.#prints, null),
    };
    this.#prints = {
      ProcessMap: () => {
        const shown = supervisor.all().map((one) => [one.program.id, this.#show(one)] as const);
        return { Debug: { ProcessMap: Object.fromEntries(shown) } };
      },
      Process: (id) => {
        const one = supervisor.find(id);
        return { Debug: { Process: one === undefined ? null : this.#show(one) } };
      },
      HasCap: ({ on, cap }) => {
        const known = kernel.exists(on);
        return { Debug: { HasCap: known ? kernel.capabilities.holds(at(on), cap) : null } };
      },
    };
  }

  /** The door: what a command throws is its sender's to hear. */
  deliver(message: KernelMessage): void {
    if (message.kind !== "Request") return;
    const { kernel } = this.#options;
    const answer = this.#answer(message);
    if (message.rsvp === null && message.expects_response === null) return;
    kernel.route(responseTo(message, JSON.stringify(answer)));
  }

  processEnded(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }

  #answer(message: KernelMessage): KernelResponse {
    const { kernel, log } = this.#options;
    if (nodeOf(message.source) !== kernel.node) return { NotPermitted: "not from this node" };
    try {
      const command = decodeJson(textOf(message.body), KernelCommand);
      return dispatch(command, this.#handlers, message);
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
      const line = `kernel: couldn't parse a command of ${message.source}: ${error.message}`;
      log.warn(line, processOf(message.source));
      return { MalformedCommand: error.message };
    }
  }

  #initialize(payload: Payload<"InitializeProcess">, message: KernelMessage): KernelResponse {
    const { kernel, supervisor, heapMb, log, isSealed } = this.#options;
    const { id, on_exit, wasm_bytes_handle, wit_version } = payload;
    const code = message.lazy_load_blob === null ? null : textOf(message.lazy_load_blob.bytes);
    const fault = code === null
      ? "process startup requires bytes: put the code into the blob"
      : !isSealed(code)
      ? "the code imports something, or exports before its end: bundle it into one module"
      : kernel.exists(id)
      ? `a process with the id ${id} already exists: kill it first`
      : null;
    if (fault !== null) {
      log.warn(`kernel: ${id} cannot be initialised: ${fault}`, processOf(message.source));
      return "InitializeProcessError";
    }
    const [creator, created] = [message.source, addressOf(kernel.node, id)];
    for (const capability of this.#held(creator, payload.initial_capabilities)) {
      kernel.capabilities.grant(created, capability);
    }
    kernel.capabilities.grant(creator, { issuer: created, params: MESSAGING });
    supervisor.initialize({
      id,
      code: code!,
      mapStack: (stack) => stack,
      wasm_bytes_handle,
      wit_version,
      onExit: on_exit,
      public: payload.public,
      limits: limitsOf(null),
      keepChannels: false,
      network: supervisor.networkOf(processOf(creator)),
      heapMb,
      capabilities: [],
      grants: [],
      stored: true,
      maker: null,
    });
    return "InitializedProcess";
  }

  /** A creator gives only what it has itself; the rest is named and left out (§3.4). */
  #held(creator: KernelMessage["source"], wanted: Capability[]): Capability[] {
    const { kernel, log } = this.#options;
    const held = kernel.capabilities.filter(creator, wanted);
    if (held.length < wanted.length) {
      const line =
        `kernel: InitializeProcess: ${creator} doesn't have all capabilities that it gives`;
      log.warn(line, processOf(creator));
    }
    return held;
  }

  #show({ program, state }: Supervised): ProcessShown {
    const { kernel } = this.#options;
    const { wasm_bytes_handle, wit_version, onExit } = program;
    return {
      wasm_bytes_handle,
      wit_version,
      on_exit: onExit,
      capabilities: kernel.capabilities.list(addressOf(kernel.node, program.id)),
      public: program.public,
      state,
    };
  }
}
