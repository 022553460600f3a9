import { assertEquals } from "@std/assert";
import { CAPABILITIES_PER_PROCESS_MAX, CAPABILITY_CHARS_PER_PROCESS_MAX } from "../limits.ts";
import { Received } from "./received.ts";

Deno.test("Received forgets the oldest, by number", () => {
  const received = new Received();
  for (let i = 0; i < CAPABILITIES_PER_PROCESS_MAX; i++) received.add(`${i}`);
  received.add("0");
  received.add("one more");
  assertEquals(["0", "1", "2", "one more"].map((key) => received.has(key)), [
    true,
    false,
    true,
    true,
  ]);
});

Deno.test("Received forgets the oldest, by characters", () => {
  const received = new Received();
  const half = (name: string) => name + "x".repeat(CAPABILITY_CHARS_PER_PROCESS_MAX / 2 - 1);
  for (const name of ["a", "b", "b", "c"]) received.add(half(name));
  assertEquals(["a", "b", "c"].map((name) => received.has(half(name))), [false, true, true]);
  received.clear();
  for (const name of ["d", "e"]) received.add(half(name));
  assertEquals(["b", "d", "e"].map((name) => received.has(half(name))), [false, true, true]);
});
