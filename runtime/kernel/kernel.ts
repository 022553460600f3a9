/**
 * The kernel: who may say something to whom. It never reads a body.
 *
 *   process ─► WorkerProcess ─┐                       ┌─► WorkerProcess ─► process
 *                             ├─► route(message) ─────┤
 *   world ──► module ─────────┘   who? may it? queue  └─► module ──► world
 *
 * Its law: every request that expects a response ends in exactly one of Response or SendError, and a refusal
 * is an immediate, explained SendError. A response to an outstanding request is always allowed, from those
 * who were given the request and from nobody else.
 */
import { assert } from "../assert.ts";
import { MESSAGE_BYTES_MAX } from "../limits.ts";
import type { Log } from "../log.ts";
import { type Address, addressOf, nodeOf, type ProcessId, processOf } from "../protocol/address.ts";
import {
  type Capability,
  type Ending,
  type Endpoint,
  type KernelMessage,
  type Module,
  type SendErrorReason,
  sizeOf,
  type Unreachable,
} from "../protocol/message.ts";
import { release } from "../protocol/large.ts";
import { MESSAGING, NETWORK } from "../protocol/config.ts";
import { type CapabilityTable, keyOf } from "./capabilities.ts";
import { OutstandingRequests } from "./outstanding.ts";
import { type Outstanding, ProcessEntry, ProcessTable } from "./process_table.ts";
import type { Program } from "./program.ts";
import { explain, Repeats, sendError } from "./refusal.ts";

export interface KernelOptions {
  node: string;
  capabilities: CapabilityTable;
  /** Told of refusals, one line each, the same one not again and again. */
  log: Log;
  /** Milliseconds, never going back. */
  now(): number;
}

export class Kernel {
  readonly node: string;
  readonly capabilities: CapabilityTable;
  readonly #table: ProcessTable;
  readonly #outstanding: OutstandingRequests;
  readonly #log: Log;
  readonly #repeats: Repeats;

  constructor({ node, capabilities, log, now }: KernelOptions) {
    this.node = node;
    this.capabilities = capabilities;
    this.#table = new ProcessTable(node);
    this.#log = log;
    this.#repeats = new Repeats(now);
    this.#outstanding = new OutstandingRequests(
      this.#table,
      now,
      (one, reason) => this.#sendBack(one.message, reason, one.requester),
    );
  }

  /** Adds a module under all of its names. It may message every process that grants it so. */
  addModule(id: ProcessId, module: Module): void {
    this.#table.add(new ProcessEntry(this.node, id, module, true));
  }

  /** Adds a process, or gives one that exists a new endpoint: its rights and its requests stay. */
  addProcess(id: ProcessId, endpoint: Endpoint, isPublic = false): void {
    const address = addressOf(this.node, id);
    const known = this.#table.find(address);
    assert(!known?.isModule, `${id} is a module`);
    const entry = known ?? new ProcessEntry(this.node, id, endpoint, false);
    entry.endpoint = endpoint;
    entry.isPublic = isPublic;
    this.#table.add(entry);
    this.capabilities.give(address, { issuer: address, params: MESSAGING });
  }

  /** What a program holds, and what others hold of it, from its first statement on. */
  grantProgram(
    { id, capabilities, grants }: Pick<Program, "id" | "capabilities" | "grants">,
  ): void {
    const address = addressOf(this.node, id);
    for (const capability of capabilities) this.capabilities.give(address, capability);
    for (const [holder, params] of grants) {
      this.capabilities.give(addressOf(this.node, holder), { issuer: address, params });
    }
  }

  /** The opposite of `grantProgram`, of what nobody granted besides. */
  takeBack({ id, capabilities, grants }: Pick<Program, "id" | "capabilities" | "grants">): void {
    const address = addressOf(this.node, id);
    for (const capability of capabilities) this.capabilities.takeBack(address, capability);
    for (const [holder, params] of grants) {
      this.capabilities.takeBack(addressOf(this.node, holder), { issuer: address, params });
    }
  }

  exists(id: ProcessId): boolean {
    return this.#table.find(addressOf(this.node, id)) !== undefined;
  }

  /** A capability that came with a message to `holder`, if it did. */
  received(holder: ProcessId, capability: Capability): boolean {
    const entry = this.#table.find(addressOf(this.node, holder));
    const [normal] = this.capabilities.normal([capability]);
    return entry?.received.has(keyOf(normal!)) ?? false;
  }

  /** A version that got what the one before it held open does not keep it: the modules close that. */
  keepsNothing(id: ProcessId): void {
    for (const { isModule, endpoint } of this.#table.all()) {
      if (isModule) (endpoint as Module).keepsNothing?.(addressOf(this.node, id));
    }
  }

  /**
   * A process has ended: whoever waits for its answer hears so at once, its own requests are forgotten, and
   * the modules close or keep what it held open.
   */
  processEnded(id: ProcessId, ending: Ending): void {
    const entry = this.#table.find(addressOf(this.node, id));
    if (entry === undefined) return;
    if (ending === "gone") this.#table.remove(entry);
    entry.received.clear();
    this.#outstanding.ended(entry);
    for (const other of this.#table.all()) {
      if (other.isModule) (other.endpoint as Module).processEnded(entry.address, ending);
    }
  }

  /** Whether it waits for no answer, and nobody waits for one of its. */
  isQuiet(id: ProcessId): boolean {
    const entry = this.#table.find(addressOf(this.node, id));
    return entry === undefined || entry.outstanding.size === 0 && !this.#outstanding.owes(entry);
  }

  /** What a process held goes with it; `revoke`: what it issued to others too. */
  forget(id: ProcessId, revoke: boolean): void {
    const address = addressOf(this.node, id);
    this.capabilities.forget(address);
    if (revoke) this.capabilities.revoke(address);
  }

  /**
   * The one way of every message. `message.source` was written by the port or the module it came from. False:
   * a module's event that found the queue full; it may try again.
   */
  route(message: KernelMessage): boolean {
    const source = this.#table.find(message.source);
    if (source === undefined) return true; // It ended while its last messages were under way.
    if (message.capabilities.length > 0) {
      message.capabilities = this.capabilities.filter(source.address, message.capabilities);
    }
    const target = this.#table.find(message.target);
    if (message.kind === "Response") return this.#respond(message, source, target);
    const refusal = this.#findRefusal(message, source, target);
    if (refusal !== null) return this.#refuse(message, source, refusal);
    if (message.expects_response !== null) {
      this.#outstanding.add(message, source, target!, message.expects_response);
    } else if (message.rsvp !== null) {
      this.#outstanding.passOn(message, source, target!);
    }
    return this.#deliver(message, target!);
  }

  /** Why a request from the one to the other would go nowhere now, whatever is in it; `null`: it would arrive. */
  whyNot(source: Address, target: Address): Unreachable | null {
    const [from, to] = [this.#table.find(source), this.#table.find(target)];
    if (from === undefined || to === undefined) return "no-such-process";
    return this.#mayMessage(from, to) ? null : "not-permitted";
  }

  /** How many requests wait for their response. */
  get waiting(): number {
    return this.#outstanding.size;
  }

  /** Sends back what is overdue on the clock; a timer calls it while anything waits. */
  expire(): void {
    this.#outstanding.expire();
  }

  /** Lets nothing fire any more. */
  close(): void {
    this.#outstanding.close();
  }

  #findRefusal(
    message: KernelMessage,
    source: ProcessEntry,
    target: ProcessEntry | undefined,
  ): SendErrorReason | null {
    if (target === undefined) return this.#whyUnknown(message, source);
    if (!this.#mayMessage(source, target)) return "not-permitted";
    if (sizeOf(message) > MESSAGE_BYTES_MAX) return "too-large";
    return this.#outstanding.full(message, source) ? "queue-full" : null;
  }

  #mayMessage(source: ProcessEntry, target: ProcessEntry): boolean {
    return this.capabilities.mayMessage(source.address, target.address) || target.isPublic;
  }

  #whyUnknown(message: KernelMessage, source: ProcessEntry): SendErrorReason {
    if (nodeOf(message.target) === this.node) return "no-such-process";
    const network = { issuer: `${this.node}@kernel:distro:sys` as Address, params: NETWORK };
    return this.capabilities.holds(source.address, network) ? "offline" : "no-network-capability";
  }

  /** Late, duplicate and made-up responses end here, silently, as in Kinode (spec/kernel.md §2.6). */
  #respond(
    message: KernelMessage,
    source: ProcessEntry,
    target: ProcessEntry | undefined,
  ): boolean {
    const outstanding: Outstanding | undefined = target?.outstanding.get(message.id);
    if (!outstanding?.holders.includes(source)) {
      release(message);
      return true;
    }
    this.#outstanding.remove(outstanding);
    const { message: request, requester } = outstanding;
    const isTooLarge = sizeOf(message) > MESSAGE_BYTES_MAX;
    if (!isTooLarge && this.#hand(message, requester)) return true;
    this.#sendBack(request, isTooLarge ? "too-large" : "queue-full", requester);
    release(message);
    return true;
  }

  /** Delivers a request; where the queue is full it comes back. */
  #deliver(message: KernelMessage, target: ProcessEntry): boolean {
    if (this.#hand(message, target)) return true;
    const source = this.#table.find(message.source);
    if (source === undefined) return true;
    if (source.isModule && message.expects_response === null) return false;
    return this.#refuse(message, source, "queue-full");
  }

  /** False if the endpoint's queue is full. */
  #hand(message: KernelMessage, target: ProcessEntry): boolean {
    for (const capability of message.capabilities) target.received.add(keyOf(capability));
    try {
      target.endpoint.deliver(message);
      return true;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return false;
    }
  }

  /** The request comes back; where its bytes do not fit any more, without them. */
  #sendBack(message: KernelMessage, reason: SendErrorReason, target: ProcessEntry): void {
    const error = sendError(message, reason);
    if (this.#hand(error, target)) return;
    this.#hand({ ...error, body: "", lazy_load_blob: null }, target);
  }

  /** A request that goes nowhere: explained to the person, and to its sender if it waits. */
  #refuse(message: KernelMessage, source: ProcessEntry, reason: SendErrorReason): boolean {
    const known = source.outstanding.get(message.id);
    if (known?.message === message) this.#outstanding.remove(known);
    const line = this.#repeats.next(explain(message, reason));
    if (line !== null) this.#log.warn(line, processOf(message.source));
    release(message);
    if (message.expects_response !== null) {
      const { endpoint } = source;
      // Not from within the sender's own call of send(): it has yet to note what it sent.
      queueMicrotask(() => {
        // Its next life has not asked.
        if (source.endpoint === endpoint) this.#sendBack(message, reason, source);
      });
    }
    return true;
  }
}
