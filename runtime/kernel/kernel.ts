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
import { type Address, addressOf, canonical, type ProcessId } from "../protocol/address.ts";
import {
  type Endpoint,
  type KernelMessage,
  type Module,
  type SendErrorReason,
  sizeOf,
} from "../protocol/message.ts";
import { MESSAGE_BYTES_MAX, OUTSTANDING_PER_PROCESS_MAX } from "../limits.ts";
import { assert } from "../assert.ts";
import { type Outstanding, ProcessEntry, ProcessTable } from "./process_table.ts";
import type { Log } from "../log.ts";
import { explain, Repeats } from "./refusal.ts";

/** How late a Timeout may come. */
const SWEEP_MS = 100;
/** Requests may be passed on; who passes one on and on is stopped here. */
const HOLDERS_MAX = 100;

export interface KernelOptions {
  node: string;
  /** Told of refusals, one line each, the same one not again and again. */
  log: Log;
  /** Milliseconds, never going back. */
  now(): number;
}

export class Kernel {
  readonly node: string;
  readonly #table: ProcessTable;
  readonly #now: () => number;
  #sweeper: ReturnType<typeof setInterval> | undefined;
  readonly #log: Log;
  readonly #repeats: Repeats;

  constructor({ node, log, now }: KernelOptions) {
    this.node = node;
    this.#table = new ProcessTable(node);
    this.#log = log;
    this.#repeats = new Repeats(now);
    this.#now = now;
  }

  /** Adds a module under all of its names. It may message every process that grants it so. */
  addModule(id: ProcessId, module: Module): void {
    this.#table.add(new ProcessEntry(this.node, id, module, true));
  }

  /** Adds a process, or gives one that exists a new endpoint: its rights and its requests stay. */
  addProcess(id: ProcessId, endpoint: Endpoint): void {
    const entry = this.#table.find(addressOf(this.node, id));
    assert(!entry?.isModule, `${id} is a module`);
    if (entry === undefined) this.#table.add(new ProcessEntry(this.node, id, endpoint, false));
    else entry.endpoint = endpoint;
  }

  /** Lets `holder` message `target`; neither needs to exist yet for the other. */
  grantMessaging(holder: ProcessId, target: ProcessId): void {
    const entry = this.#table.find(addressOf(this.node, holder));
    entry?.messaging.add(addressOf(this.node, canonical(target)));
  }

  /**
   * A process has ended: whoever waits for its answer hears so at once, its own requests are forgotten, and
   * the modules close what it held open. `gone`: it will not come back under this name.
   */
  processEnded(id: ProcessId, gone: boolean): void {
    const entry = this.#table.find(addressOf(this.node, id));
    if (entry === undefined) return;
    if (gone) this.#table.remove(entry);
    entry.outstanding.clear();
    for (const other of this.#table.all()) {
      for (const theirs of other.outstanding.values()) this.#letGo(theirs, entry);
      if (other.isModule) (other.endpoint as Module).processEnded(entry.address);
    }
  }

  /** The one way of every message. `message.source` was written by the port or the module it came from. */
  route(message: KernelMessage): void {
    const source = this.#table.find(message.source);
    if (source === undefined) return; // It ended while its last messages were under way.
    const target = this.#table.find(message.target);
    if (message.kind === "Response") return this.#respond(message, source, target);
    if (target === undefined) return this.#refuse(message, source, "no-such-process");
    if (!source.messaging.has(target.address)) {
      return this.#refuse(message, source, "not-permitted");
    }
    if (sizeOf(message) > MESSAGE_BYTES_MAX) return this.#refuse(message, source, "too-large");
    if (message.expects_response !== null) {
      if (
        source.outstanding.size >= OUTSTANDING_PER_PROCESS_MAX || source.outstanding.has(message.id)
      ) {
        return this.#refuse(message, source, "queue-full");
      }
      this.#expect(message, source, target, message.expects_response);
    } else if (message.rsvp !== null) {
      this.#passOn(message, source, target);
    }
    this.#deliver(message, target);
  }

  /** Lets nothing fire any more. */
  close(): void {
    clearInterval(this.#sweeper);
  }

  /** Hands a message over; an endpoint whose queue is full throws a RangeError, and the request comes back. */
  #deliver(message: KernelMessage, target: ProcessEntry): void {
    try {
      target.endpoint.deliver(message);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      const source = this.#table.find(message.source);
      if (message.kind === "Request" && source !== undefined) {
        this.#refuse(message, source, "queue-full");
      }
    }
  }

  #expect(
    message: KernelMessage,
    requester: ProcessEntry,
    target: ProcessEntry,
    seconds: number,
  ): void {
    const dueMs = this.#now() + seconds * 1000;
    message.rsvp = message.source;
    requester.outstanding.set(message.id, { message, requester, dueMs, holders: [target] });
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS);
  }

  /** An inherited request: its receiver may answer in the sender's place, if the sender itself might. */
  #passOn(message: KernelMessage, source: ProcessEntry, target: ProcessEntry): void {
    const outstanding = this.#table.find(message.rsvp!)?.outstanding.get(message.id);
    const holders = outstanding?.holders ?? [];
    if (!holders.includes(source) || holders.length >= HOLDERS_MAX) message.rsvp = null;
    else if (!holders.includes(target)) holders.push(target);
  }

  /** Late, duplicate and made-up responses end here, silently, as in Kinode (spec/kernel.md §2.6). */
  #respond(message: KernelMessage, source: ProcessEntry, target: ProcessEntry | undefined): void {
    const outstanding = target?.outstanding.get(message.id);
    if (!outstanding?.holders.includes(source)) return;
    if (sizeOf(message) > MESSAGE_BYTES_MAX) return this.#sendBack(outstanding, "too-large");
    this.#forget(outstanding);
    this.#deliver(message, outstanding.requester);
  }

  /** One timer for all requests: it looks at every one of them, so that a request costs no second index. */
  #sweep(): void {
    const now = this.#now();
    let waiting = false;
    for (const { outstanding } of this.#table.all()) {
      for (const one of outstanding.values()) {
        if (one.dueMs <= now) this.#sendBack(one, "no-answer");
      }
      waiting ||= outstanding.size > 0;
    }
    if (waiting) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }

  /** `ended` will not answer any more; whoever has nobody left to wait for hears so. */
  #letGo(outstanding: Outstanding, ended: ProcessEntry): void {
    const at = outstanding.holders.indexOf(ended);
    if (at === -1) return;
    outstanding.holders.splice(at, 1);
    if (outstanding.holders.length === 0) this.#sendBack(outstanding, "crashed");
  }

  /** Ends an outstanding request with a SendError to its requester. */
  #sendBack(outstanding: Outstanding, reason: SendErrorReason): void {
    this.#forget(outstanding);
    this.#deliver(sendError(outstanding.message, reason), outstanding.requester);
  }

  /** A request that goes nowhere: explained to the person, and to its sender if it waits. */
  #refuse(message: KernelMessage, source: ProcessEntry, reason: SendErrorReason): void {
    const known = source.outstanding.get(message.id);
    if (known?.message === message) this.#forget(known);
    const line = this.#repeats.next(explain(message, reason));
    if (line !== null) this.#log.warn(line);
    if (message.expects_response === null) return;
    // Not from within the sender's own call of send(): it has yet to note what it sent.
    queueMicrotask(() => this.#deliver(sendError(message, reason), source));
  }

  #forget({ requester, message }: Outstanding): void {
    requester.outstanding.delete(message.id);
  }
}

function sendError(message: KernelMessage, reason: SendErrorReason): KernelMessage {
  const target: Address = message.target;
  return {
    ...message,
    kind: "SendError",
    source: target,
    target: message.source,
    error: { kind: "Timeout", reason, target, explanation: explain(message, reason) },
  };
}
