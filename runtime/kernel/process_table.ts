/** Who exists: modules and processes, under every name that they answer to. */
import { type Address, addressOf, namesOf, type ProcessId } from "../protocol/address.ts";
import { ById } from "../protocol/by_id.ts";
import type { Endpoint, KernelMessage } from "../protocol/message.ts";
import { Received } from "./received.ts";

/** A request that waits for its response. */
export interface Outstanding {
  readonly message: KernelMessage;
  readonly requester: ProcessEntry;
  /** When it comes back as a Timeout, on the kernel's clock. */
  readonly dueMs: number;
  /** Who was given the request and has not ended: only these may answer it. Mostly one. */
  readonly holders: ProcessEntry[];
}

export class ProcessEntry {
  /** The canonical address; a module has further names. */
  readonly address: Address;
  readonly id: ProcessId;
  readonly isModule: boolean;
  endpoint: Endpoint;
  /** Anybody on this node may message it. */
  isPublic = false;
  readonly received = new Received();
  /** Requests of this process that wait for a response, by id. */
  readonly outstanding = new ById<Outstanding>();

  constructor(node: string, id: ProcessId, endpoint: Endpoint, isModule: boolean) {
    this.address = addressOf(node, id);
    this.id = id;
    this.endpoint = endpoint;
    this.isModule = isModule;
  }
}

export class ProcessTable {
  readonly #node: string;
  readonly #entries = new Map<Address, ProcessEntry>();

  constructor(node: string) {
    this.#node = node;
  }

  find(address: Address): ProcessEntry | undefined {
    return this.#entries.get(address);
  }

  /** Adds a process under its name, a module under all of its names; replaces an entry of that name. */
  add(entry: ProcessEntry): void {
    for (const name of namesOf(entry.id)) this.#entries.set(addressOf(this.#node, name), entry);
  }

  remove(entry: ProcessEntry): void {
    for (const name of namesOf(entry.id)) this.#entries.delete(addressOf(this.#node, name));
  }

  /** Everybody once. */
  all(): Set<ProcessEntry> {
    return new Set(this.#entries.values());
  }
}
