/**
 * What the kernel wants kept when the power goes: states of processes, the process table, capabilities. The
 * kernel sees this interface; modules/state/ keeps the promise: whatever a call has resolved for survives
 * `kill -9` of the node, and nothing is ever half there.
 */
import type { ProcessId } from "./address.ts";
import type { OnExit } from "./config.ts";
import type { NetworkPolicy } from "./network.ts";

/** A process that was made by a message or by spawn(), and comes back with the node. */
export interface PersistedProcess {
  id: ProcessId;
  /** Where its code came from: a path, or what InitializeProcess named. */
  wasm_bytes_handle: string;
  wit_version: number | null;
  on_exit: OnExit;
  public: boolean;
  /** One ES module without imports. */
  code: string;
  heapMb: number;
  /** Where it may call out to, from whoever made it; `null`: where the node lets any process. */
  network: NetworkPolicy | null;
  /** Of one that was made by spawn(): the process at the beginning, which was not. */
  maker: ProcessId | null;
}

/** `holder` may use the capability; neither it nor the issuer needs to exist now. */
export interface PersistedCapability {
  holder: ProcessId;
  /** `node@process:package:publisher`. */
  issuer: string;
  /** JSON as text. */
  params: string;
}

export interface Store {
  /** `null` if none was set. Rejects if it cannot be read: an app must not take that for "none". */
  getState(process: ProcessId): Promise<Uint8Array | null>;
  /**
   * Resolves when the bytes are on the disk; calls of one process take effect in their order. Takes the bytes over,
   * when they have memory of their own: they are empty afterwards.
   */
  setState(process: ProcessId, bytes: Uint8Array): Promise<void>;
  clearState(process: ProcessId): Promise<void>;

  loadProcesses(): Promise<PersistedProcess[]>;
  saveProcess(process: PersistedProcess): Promise<void>;
  removeProcess(id: ProcessId): Promise<void>;

  loadCapabilities(): Promise<PersistedCapability[]>;
  /** Replaces all capabilities of `holder`. */
  saveCapabilities(holder: ProcessId, capabilities: PersistedCapability[]): Promise<void>;

  /** Everything asked for before is on the disk when it resolves. */
  close(): Promise<void>;
}
