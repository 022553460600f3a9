import { assertEquals } from "@std/assert";
import { FrameQueue } from "./frame_queue.ts";

Deno.test("FrameQueue gives what it was given, in its order, whether or not it ever runs dry", () => {
  const queue = new FrameQueue();
  assertEquals([queue.take(), queue.size], [undefined, 0]);
  let added = 0;
  let taken = 0;
  for (let round = 0; round < 10; round++) {
    queue.add(Array.from({ length: 1_000 }, () => added++));
    for (let i = 0; i < 900; i++) assertEquals(queue.take(), taken++);
    assertEquals(queue.size, added - taken);
  }
  while (queue.size > 0) assertEquals(queue.take(), taken++);
  assertEquals(taken, added);
  queue.add(["left"]);
  queue.clear();
  assertEquals([queue.size, queue.take()], [0, undefined]);
  queue.add(["next"]);
  assertEquals(queue.take(), "next");
});
