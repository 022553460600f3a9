import { assert, assertEquals } from "@std/assert";
import { Heap } from "./heap.ts";

Deno.test("Heap counts objects and array buffers, and is not over while its limit stands", () => {
  const heap = new Heap();
  const before = heap.usage();
  const buffer = new Uint8Array(64 * 1024 * 1024);
  const objects = Array.from({ length: 1_000_000 }, (_, n) => ({ n }));
  const { heapBytes, bufferBytes } = heap.usage();
  assert(heapBytes - before.heapBytes > 8e6, `${heapBytes - before.heapBytes}`);
  assert(bufferBytes - before.bufferBytes >= buffer.byteLength / 2, `${bufferBytes}`);
  assertEquals([objects.length, heap.whyOver()], [1_000_000, null]);
});
