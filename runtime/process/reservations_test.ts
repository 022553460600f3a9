import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { WASM_MEMORIES_MAX } from "../limits.ts";
import { boundReservations } from "./reservations.ts";

const { WebAssembly: wasm } = globalThis;
boundReservations(globalThis);

const HEADER = [0, 97, 115, 109, 1, 0, 0, 0];
const bytes = (...sections: number[]) => new Uint8Array([...HEADER, ...sections]);
/** `(module (memory (export "m") 1))` and the same with two memories. */
const one = bytes(5, 3, 1, 0, 1, 7, 5, 1, 1, 109, 2, 0);
const two = bytes(5, 5, 2, 0, 1, 0, 1);

Deno.test("boundReservations(): buffers work as ever, and cannot reserve what they may grow to", () => {
  const buffer = new ArrayBuffer(8);
  assertEquals([buffer.byteLength, buffer instanceof ArrayBuffer, ArrayBuffer.isView(buffer)], [
    ...[8, true, false],
  ]);
  assertEquals(new Uint8Array(4).buffer.constructor, ArrayBuffer);
  assertEquals(buffer.slice(4).byteLength, 4);
  class Own extends ArrayBuffer {}
  assert(new Own(3) instanceof Own && new Own(3).byteLength === 3);
  const growing = { maxByteLength: 1 << 30 };
  for (const make of [ArrayBuffer, SharedArrayBuffer, Own, new Uint8Array().buffer.constructor]) {
    assertThrows(() => Reflect.construct(make, [8, growing]), RangeError, "have one size");
  }
});

Deno.test("boundReservations(): a module has one memory, in whatever it is given", async () => {
  const padded = new Uint8Array([...two, ...two]).subarray(0, two.length);
  for (const source of [two, two.buffer, padded]) {
    assertThrows(() => new wasm.Module(source), RangeError, "one memory");
    await assertRejects(() => wasm.compile(source), RangeError);
    await assertRejects(() => wasm.instantiate(source), RangeError);
  }
  Object.defineProperty(wasm.Module, Symbol.hasInstance, { value: () => true });
  await assertRejects(() => wasm.instantiate(two), RangeError);
  assertThrows(() => new wasm.Module(bytes(5, 3)), wasm.CompileError);
  await assertRejects(() => wasm.instantiate(new Uint8Array(3)), wasm.CompileError);
  assertEquals(["compileStreaming" in wasm, "instantiateStreaming" in wasm], [false, false]);
});

Deno.test("boundReservations(): so many memories are alive at once", async () => {
  const module = new wasm.Module(one);
  const { instance } = await wasm.instantiate(one);
  const kept: unknown[] = [(instance.exports.m as WebAssembly.Memory).buffer.byteLength];
  assertEquals(kept, [65_536]);
  const full = () => {
    for (let i = 0; i <= WASM_MEMORIES_MAX; i++) {
      kept.push(new wasm.Memory({ initial: 1 }), new wasm.Instance(module).exports.m);
    }
  };
  assertThrows(full, RangeError, "256 are in use");
  assert(kept.length <= WASM_MEMORIES_MAX, "an instance and the memory that it exports are two");
  await assertRejects(() => wasm.instantiate(module), RangeError, "256 are in use");
  await assertRejects(() => wasm.instantiate(one), RangeError, "256 are in use");
});
