import { assertEquals } from "@std/assert";
import { TURN_MS, Turns } from "./turn.ts";

/** Steps that take so long each; how many were done of so many, and whether any were said to be left. */
function shared(steps: number, eachTakesMs: number): [done: number, isLeft: boolean] {
  const turns = new Turns();
  let done = 0;
  const isLeft = turns.share(() => {
    const until = performance.now() + eachTakesMs;
    while (performance.now() < until);
    return ++done < steps;
  });
  turns.close();
  return [done, isLeft];
}

Deno.test("Turns.share() does what there is room for, one step at least, and says whether any is left", () => {
  assertEquals(shared(3, 0), [3, false]);
  assertEquals(shared(1, 2 * TURN_MS), [1, false]);
  assertEquals(shared(3, 2 * TURN_MS), [1, true]);
  const [done, isLeft] = shared(1e9, 0);
  assertEquals([done > 10, isLeft], [true, true]);
});
