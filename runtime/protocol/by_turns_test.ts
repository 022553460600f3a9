import { assertEquals } from "@std/assert";
import { ByTurns } from "./by_turns.ts";

function drain(row: ByTurns<string>): (string | undefined)[] {
  return Array.from({ length: row.size }, () => row.next());
}

Deno.test("next() gives each key its turn, and first of all what has none", () => {
  const row = new ByTurns<string>();
  for (const name of ["a1", "a2", "a3", "b1", "b2"]) row.add(name, name[0]);
  row.add("owner");
  assertEquals(drain(row), ["owner", "a1", "b1", "a2", "b2", "a3"]);
  assertEquals([row.next(), row.size], [undefined, 0]);
  row.add("again", "a");
  assertEquals(drain(row), ["again"]);
});

Deno.test("remove() takes out what matches, and nobody loses a turn", () => {
  const row = new ByTurns<string>();
  for (const name of ["a1", "a2", "b1", "c1", "c2"]) row.add(name, name[0]);
  assertEquals(row.remove((name) => ["a1", "b1", "x"].includes(name)), ["a1", "b1"]);
  assertEquals([row.size, ...drain(row)], [3, "a2", "c1", "c2"]);
});
