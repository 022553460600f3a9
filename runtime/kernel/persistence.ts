/**
 * What of the kernel outlives the node: granted capabilities and stored processes. Changes are collected
 * for one turn and handed to the store, which writes them in one go.
 */
import { type Address, addressOf, type ProcessId, processOf } from "../protocol/address.ts";
import type { PersistedProcess, Store } from "../protocol/store.ts";
import type { Log } from "../log.ts";
import type { CapabilityTable } from "./capabilities.ts";
import type { Program } from "./program.ts";

export class Persistence {
  readonly #store: Store;
  readonly #node: string;
  readonly #log: Log;
  readonly #changed = new Set<Address>();
  #capabilities: CapabilityTable | null = null;
  #restoring = false;

  constructor(store: Store, node: string, log: Log) {
    this.#store = store;
    this.#node = node;
    this.#log = log;
  }

  /** Whose changes `changed` is about; set once. */
  watch(capabilities: CapabilityTable): void {
    this.#capabilities = capabilities;
  }

  /** What `holder` was granted is not what it was. */
  changed(holder: Address): void {
    if (this.#restoring) return;
    if (this.#changed.size === 0) queueMicrotask(() => this.#flush());
    this.#changed.add(holder);
  }

  save(program: Program): void {
    if (this.#restoring) return;
    const { id, wasm_bytes_handle, wit_version, code, heapMb, network, maker } = program;
    const process: PersistedProcess = {
      id,
      wasm_bytes_handle,
      wit_version,
      on_exit: program.onExit,
      public: program.public,
      code,
      heapMb,
      network,
      maker,
    };
    this.#tell(this.#store.saveProcess(process), `the process ${id}`);
  }

  remove(id: ProcessId): void {
    this.#tell(this.#store.removeProcess(id), `the end of ${id}`);
  }

  /** Puts granted capabilities back, and returns the processes to bring back. */
  async restore(): Promise<PersistedProcess[]> {
    const [kept, processes] = await Promise.all([
      this.#store.loadCapabilities(),
      this.#store.loadProcesses(),
    ]);
    this.#restoring = true;
    for (const { holder, issuer, params } of kept) {
      const capability = { issuer: issuer as Address, params };
      this.#capabilities?.grant(addressOf(this.#node, holder), capability);
    }
    this.#restoring = false;
    return processes;
  }

  async close(): Promise<void> {
    this.#flush();
    await this.#store.close();
  }

  #flush(): void {
    for (const address of this.#changed) {
      const holder = processOf(address);
      const granted = this.#capabilities?.listGranted(address) ?? [];
      const kept = granted.map(({ issuer, params }) => ({ holder, issuer, params }));
      this.#tell(this.#store.saveCapabilities(holder, kept), `the capabilities of ${holder}`);
    }
    this.#changed.clear();
  }

  #tell(written: Promise<void>, what: string): void {
    written.catch((error) => this.#log.warn(`${what} could not be kept: ${error.message}`));
  }
}
