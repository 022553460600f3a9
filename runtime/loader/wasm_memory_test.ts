import { assertEquals, assertThrows } from "@std/assert";
import { withMemoryMax } from "./wasm_memory.ts";

const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** A section of the tool's own, longer than a byte can say. */
const CUSTOM = [0, 0x82, 0x01, 1, 0x78, ...Array(128).fill(0)];
/** One memory of 130 pages. */
const MEMORY = [5, 4, 1, 0, 0x82, 0x01];
/** `export "m"`, the memory. */
const EXPORT = [7, 5, 1, 1, 0x6d, 2, 0];
const PAGE_BYTES = 64 * 1024;

async function memoryOf(bytesMax: number): Promise<WebAssembly.Memory> {
  const whole = Uint8Array.from([...HEADER, ...CUSTOM, ...MEMORY, ...EXPORT]);
  const { instance } = await WebAssembly.instantiate(withMemoryMax(whole, bytesMax));
  return instance.exports["m"] as WebAssembly.Memory;
}

Deno.test("withMemoryMax() lets a memory grow so far, and no further", async () => {
  const memory = await memoryOf(200 * PAGE_BYTES);
  assertEquals(memory.grow(70), 130);
  assertThrows(() => memory.grow(1), RangeError);
});

Deno.test("withMemoryMax() takes nothing of what the module begins with", async () => {
  const memory = await memoryOf(PAGE_BYTES);
  assertEquals(memory.buffer.byteLength, 130 * PAGE_BYTES);
  assertThrows(() => memory.grow(1), RangeError);
});

Deno.test("withMemoryMax() wants a module with a memory of its own, and without a maximum", () => {
  const without = Uint8Array.from([...HEADER, ...CUSTOM]);
  assertThrows(() => withMemoryMax(without, 1), Error, "without a memory");
  const bounded = Uint8Array.from([...HEADER, 5, 4, 1, 1, 1, 2]);
  assertThrows(() => withMemoryMax(bounded, 1), Error, "without a maximum");
});
