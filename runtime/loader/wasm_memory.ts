/**
 * A WebAssembly module whose memory may not grow beyond a bound. Go's compiler writes none into it, so what runs in it
 * would take 4 GB before it gives up; with one, `memory.grow` fails and Go ends with "out of memory".
 */
import { assert } from "../assert.ts";
import { concat } from "../protocol/body_reader.ts";

const HEADER_BYTES = 8;
const MEMORY_SECTION = 5;
/** Limits of a memory: with only a minimum, with a maximum, too. https://webassembly.github.io/spec/core/binary */
const WITHOUT_MAXIMUM = 0;
const WITH_MAXIMUM = 1;
const PAGE_BYTES = 64 * 1024;

/** The same module with `bytesMax` for its one memory at most. */
export function withMemoryMax(module: Uint8Array, bytesMax: number): Uint8Array<ArrayBuffer> {
  let at = HEADER_BYTES;
  while (at < module.length) {
    const id = module[at]!;
    const size = readUnsigned(module, at + 1);
    const end = size.end + size.value;
    if (id === MEMORY_SECTION) {
      const memory = boundedMemory(
        module.subarray(size.end, end),
        Math.floor(bytesMax / PAGE_BYTES),
      );
      const section = new Uint8Array([id, ...unsigned(memory.length), ...memory]);
      const bytes = module.length + section.length - (end - at);
      return concat([module.subarray(0, at), section, module.subarray(end)], bytes);
    }
    at = end;
  }
  throw new Error("a module without a memory of its own");
}

function boundedMemory(section: Uint8Array, pages: number): number[] {
  const [count, kind] = section;
  assert(count === 1 && kind === WITHOUT_MAXIMUM, "one memory, and without a maximum");
  const minimum = readUnsigned(section, 2).value;
  return [1, WITH_MAXIMUM, ...unsigned(minimum), ...unsigned(Math.max(minimum, pages))];
}

/** LEB128. */
function readUnsigned(bytes: Uint8Array, at: number): { value: number; end: number } {
  let value = 0;
  for (let shift = 0;; shift += 7) {
    assert(at < bytes.length && shift < 35, "a number that ends");
    const byte = bytes[at++]!;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, end: at };
  }
}

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push(value % 0x80 | 0x80);
  return [...bytes, value];
}
