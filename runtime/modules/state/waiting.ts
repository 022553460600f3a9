/**
 * Calls that wait for the disk. Each process has a lane: its calls keep their order, and the lanes take turns, so
 * that one which saves without end delays another by one call and not by all of its own. Bounded per lane and
 * as a whole; a full queue refuses, and whoever asked hears so.
 */
import {
  STATE_BATCH_BYTES,
  STATE_BATCH_CALLS_MAX,
  STATE_WAITING_BYTES_MAX,
  STATE_WAITING_BYTES_PER_PROCESS_MAX,
  STATE_WAITING_CALLS_MAX,
  STATE_WAITING_CALLS_PER_PROCESS_MAX,
} from "./limits.ts";

interface Lane<T> {
  items: { item: T; bytes: number }[];
  bytes: number;
}

export class Waiting<T> {
  /** In the order of their turns; an empty one is removed. */
  readonly #lanes = new Map<string, Lane<T>>();
  #calls = 0;
  #bytes = 0;

  /** Throws a RangeError when `bytes` more are too many. */
  check(name: string, bytes: number): void {
    const lane = this.#lanes.get(name);
    if (
      (lane?.items.length ?? 0) >= STATE_WAITING_CALLS_PER_PROCESS_MAX ||
      (lane?.bytes ?? 0) + bytes > STATE_WAITING_BYTES_PER_PROCESS_MAX
    ) {
      throw new RangeError(`too much of ${name} waits to be saved: await one call before the next`);
    }
    if (this.#calls >= STATE_WAITING_CALLS_MAX || this.#bytes + bytes > STATE_WAITING_BYTES_MAX) {
      throw new RangeError("too much waits to be saved on this node: try again later");
    }
  }

  /** After check(). */
  add(name: string, item: T, bytes: number): void {
    let lane = this.#lanes.get(name);
    if (lane === undefined) this.#lanes.set(name, lane = { items: [], bytes: 0 });
    lane.items.push({ item, bytes });
    lane.bytes += bytes;
    this.#calls++;
    this.#bytes += bytes;
  }

  /** What goes into the next transaction: one of each lane, again and again, until it is large enough. */
  take(): T[] {
    const batch: T[] = [];
    let batchBytes = 0;
    for (const [name, lane] of this.#lanes) {
      if (batch.length >= STATE_BATCH_CALLS_MAX || batchBytes >= STATE_BATCH_BYTES) break;
      const { item, bytes } = lane.items.shift()!;
      batch.push(item);
      batchBytes += bytes;
      lane.bytes -= bytes;
      // A Map's iteration comes to what is added behind it: the lane's next turn.
      this.#lanes.delete(name);
      if (lane.items.length > 0) this.#lanes.set(name, lane);
    }
    this.#calls -= batch.length;
    this.#bytes -= batchBytes;
    return batch;
  }
}
