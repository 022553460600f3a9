import { assertEquals, assertThrows } from "@std/assert";
import {
  STATE_BATCH_BYTES,
  STATE_BATCH_CALLS_MAX,
  STATE_WAITING_BYTES_MAX,
  STATE_WAITING_BYTES_PER_PROCESS_MAX,
  STATE_WAITING_CALLS_MAX,
  STATE_WAITING_CALLS_PER_PROCESS_MAX,
} from "./limits.ts";
import { Waiting } from "./waiting.ts";

Deno.test("Waiting.take() gives each lane its turn, and keeps the order within it", () => {
  const waiting = new Waiting<string>();
  for (const item of ["a1", "a2", "a3", "b1", "c1", "b2"]) waiting.add(item[0]!, item, 0);
  assertEquals(waiting.take(), ["a1", "b1", "c1", "a2", "b2", "a3"]);
  assertEquals(waiting.take(), []);
});

Deno.test("Waiting.take() ends a batch that is large enough, and always gives something", () => {
  const waiting = new Waiting<string>();
  waiting.add("a", "a1", STATE_BATCH_BYTES + 1);
  waiting.add("a", "a2", 0);
  waiting.add("b", "b1", STATE_BATCH_BYTES - 1);
  assertEquals(waiting.take(), ["a1"]);
  assertEquals(waiting.take(), ["b1", "a2"]);
  for (let i = 0; i < STATE_BATCH_CALLS_MAX + 1; i++) waiting.add(`${i}`, "x", 0);
  assertEquals([waiting.take().length, waiting.take().length], [STATE_BATCH_CALLS_MAX, 1]);
});

Deno.test("Waiting.check() refuses what is too much for one lane, by calls and by bytes", () => {
  const waiting = new Waiting<number>();
  const refused = () => assertThrows(() => waiting.check("a", 1), RangeError, "too much of a");
  for (let i = 0; i < STATE_WAITING_CALLS_PER_PROCESS_MAX; i++) waiting.add("a", i, 0);
  refused();
  waiting.check("b", STATE_WAITING_BYTES_PER_PROCESS_MAX);
  waiting.take();
  waiting.add("a", 0, STATE_WAITING_BYTES_PER_PROCESS_MAX);
  refused();
  waiting.take();
  waiting.check("a", 1);
});

Deno.test("Waiting.check() refuses what is too much for the node", () => {
  const waiting = new Waiting<number>();
  const refused = () => assertThrows(() => waiting.check("new", 1), RangeError, "on this node");
  for (let i = 0; i < STATE_WAITING_CALLS_MAX; i++) waiting.add(`${i}`, i, 0);
  refused();
  while (waiting.take().length > 0);
  waiting.check("new", 1);
  waiting.add("a", 0, STATE_WAITING_BYTES_MAX / 2);
  waiting.add("b", 0, STATE_WAITING_BYTES_MAX / 2);
  refused();
});
