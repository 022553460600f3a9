import { assertEquals, assertRejects } from "@std/assert";
import { AtATime } from "./at_a_time.ts";

Deno.test("take() lets so many work at a time, in order, also after failures", async () => {
  const lanes = new AtATime(2);
  const begun: number[] = [];
  const ends = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const done = ends.map(({ promise }, i) =>
    lanes.take(() => {
      begun.push(i);
      return promise;
    })
  );
  assertEquals(begun, [0, 1]);
  ends[1]!.reject(new Error("no"));
  await assertRejects(() => done[1]!, Error, "no");
  ends[2]!.resolve();
  await done[2];
  assertEquals([begun, lanes.idle], [[0, 1, 2, 3], false]);
  ends[0]!.resolve();
  ends[3]!.resolve();
  await Promise.all([done[0], done[3]]);
  assertEquals(lanes.idle, true);
});

Deno.test("take() gives each key its turn", async () => {
  const lane = new AtATime(1);
  const begun: string[] = [];
  const take = (name: string, key?: string) => lane.take(() => void begun.push(name), key);
  await Promise.all([take("a0", "a"), take("a1", "a"), take("a2", "a"), take("b", "b"), take("c")]);
  assertEquals(begun, ["a0", "c", "a1", "b", "a2"]);
});
