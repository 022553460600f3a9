import { assertEquals, assertRejects } from "@std/assert";
import { Turns } from "./turns.ts";

Deno.test("take() lets so many work at a time, in order, also after failures", async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  const ends = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const done = ends.map(({ promise }, i) =>
    turns.take(() => {
      begun.push(i);
      return promise;
    })
  );
  assertEquals(begun, [0, 1]);
  ends[1]!.reject(new Error("no"));
  await assertRejects(() => done[1]!, Error, "no");
  ends[2]!.resolve();
  await done[2];
  assertEquals(begun, [0, 1, 2, 3]);
  ends[0]!.resolve();
  ends[3]!.resolve();
  await Promise.all([done[0], done[3]]);
});
