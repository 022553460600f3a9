/**
 * Requests that wait for their response: who asked, who may answer, until when. An entry leaves in one of four
 * ways: answered, expired, its last holder ended, its requester ended.
 */
import { OUTSTANDING_PER_PROCESS_MAX } from "../limits.ts";
import type { KernelMessage, SendErrorReason } from "../protocol/message.ts";
import type { Outstanding, ProcessEntry, ProcessTable } from "./process_table.ts";

/** How late a Timeout may come. */
const SWEEP_MS = 100;
/** Requests may be passed on; who passes one on and on is stopped here. */
const HOLDERS_MAX = 100;

export class OutstandingRequests {
  readonly #table: ProcessTable;
  readonly #now: () => number;
  readonly #sendBack: (one: Outstanding, reason: SendErrorReason) => void;
  #sweeper: ReturnType<typeof setInterval> | undefined;

  /** `sendBack` is called once for every request that will have no response. */
  constructor(
    table: ProcessTable,
    now: () => number,
    sendBack: (one: Outstanding, reason: SendErrorReason) => void,
  ) {
    this.#table = table;
    this.#now = now;
    this.#sendBack = sendBack;
  }

  /** Whether `source` waits for too much already, or for an answer under this very id. */
  full({ id, expects_response }: KernelMessage, { outstanding }: ProcessEntry): boolean {
    if (expects_response === null) return false;
    return outstanding.size >= OUTSTANDING_PER_PROCESS_MAX || outstanding.has(id);
  }

  add(
    message: KernelMessage,
    requester: ProcessEntry,
    target: ProcessEntry,
    seconds: number,
  ): void {
    const dueMs = this.#now() + seconds * 1000;
    message.rsvp = message.source;
    requester.outstanding.set(message.id, { message, requester, dueMs, holders: [target] });
    this.#sweeper ??= setInterval(() => this.expire(), SWEEP_MS);
  }

  /** An inherited request: its receiver may answer in the sender's place, if the sender itself might. */
  passOn(message: KernelMessage, source: ProcessEntry, target: ProcessEntry): void {
    const holders = this.#table.find(message.rsvp!)?.outstanding.get(message.id)?.holders ?? [];
    if (!holders.includes(source) || holders.length >= HOLDERS_MAX) message.rsvp = null;
    else if (!holders.includes(target)) holders.push(target);
  }

  remove({ requester, message }: Outstanding): void {
    requester.outstanding.delete(message.id);
  }

  /** `entry` waits for nothing any more, and will answer nothing. */
  ended(entry: ProcessEntry): void {
    entry.outstanding.clear();
    for (const other of this.#table.all()) {
      for (const one of other.outstanding.values()) this.#letGo(one, entry);
    }
  }

  /** Whether somebody waits for an answer of `entry`. */
  owes(entry: ProcessEntry): boolean {
    for (const { outstanding } of this.#table.all()) {
      if (outstanding.values().some(({ holders }) => holders.includes(entry))) return true;
    }
    return false;
  }

  close(): void {
    clearInterval(this.#sweeper);
  }

  #letGo(one: Outstanding, ended: ProcessEntry): void {
    const at = one.holders.indexOf(ended);
    if (at === -1) return;
    one.holders.splice(at, 1);
    if (one.holders.length === 0) this.#giveUp(one, "crashed");
  }

  /** How many requests wait. */
  get size(): number {
    let size = 0;
    for (const { outstanding } of this.#table.all()) size += outstanding.size;
    return size;
  }

  /** One timer for all requests: it looks at every one of them, so that a request costs no second index. */
  expire(): void {
    const now = this.#now();
    let waiting = false;
    for (const { outstanding } of this.#table.all()) {
      for (const one of outstanding.values()) {
        if (one.dueMs <= now) this.#giveUp(one, "no-answer");
      }
      waiting ||= outstanding.size > 0;
    }
    if (waiting) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }

  #giveUp(one: Outstanding, reason: SendErrorReason): void {
    this.remove(one);
    this.#sendBack(one, reason);
  }
}
