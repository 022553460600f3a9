import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ById } from "./by_id.ts";

Deno.test("ById does what a Map does, through any number of deletions", () => {
  const operations = fc.array(fc.tuple(fc.constantFrom("set", "delete"), fc.bigInt(0n, 9n)), {
    minLength: 0,
    maxLength: 200,
  });
  fc.assert(
    fc.property(operations, (list) => {
      const mine = new ById<number>();
      const map = new Map<bigint, number>();
      // Enough rounds to make it anew several times.
      for (let round = 0; round < 30; round++) {
        list.forEach(([operation, id], index) => {
          if (operation === "set") {
            mine.set(id, index);
            map.set(id, index);
          } else {
            assertEquals(mine.delete(id), map.delete(id));
          }
        });
      }
      assertEquals(mine.entries(), [...map]);
      assertEquals(mine.values(), [...map.values()]);
      assertEquals([mine.size, mine.has(3n), mine.get(3n)], [map.size, map.has(3n), map.get(3n)]);
    }),
    { numRuns: 50 },
  );
});

Deno.test("ById.clear() forgets everything", () => {
  const mine = new ById<string>();
  mine.set(1n, "a");
  mine.clear();
  assertEquals([mine.size, mine.get(1n), mine.delete(1n)], [0, undefined, false]);
});
