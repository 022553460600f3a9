/**
 * What this worker's heap holds, and whether it was full. A heap at its limit should end its worker, and mostly does;
 * now and then V8 ends only the turn that met the limit, and its code hears nothing (Deno 2.9.6). What is left of
 * that is the limit itself, which was raised to let the turn end.
 */
import { resourceLimits } from "node:worker_threads";
import { getHeapStatistics } from "node:v8";
import { heapIsFull } from "../protocol/port.ts";

export class Heap {
  readonly #limit = getHeapStatistics().heap_size_limit;

  /** Bytes of the heap, and of what V8 counts beside it: array buffers, most of all. */
  usage(): { heapBytes: number; bufferBytes: number } {
    const { used_heap_size, external_memory } = getHeapStatistics();
    return { heapBytes: used_heap_size, bufferBytes: external_memory };
  }

  /** Why the process cannot go on, or `null`: what ran when the heap was full has vanished. Takes 0.3 µs. */
  whyOver(): string | null {
    if (getHeapStatistics().heap_size_limit === this.#limit) return null;
    return heapIsFull(resourceLimits.maxOldGenerationSizeMb!);
  }
}
