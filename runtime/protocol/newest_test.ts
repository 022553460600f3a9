import { assertEquals } from "@std/assert";
import { Newest } from "./newest.ts";

Deno.test("what was set longest ago goes, and setting again makes new", () => {
  const newest = new Newest<string, number>(2);
  newest.set("a", 1);
  newest.set("b", 2);
  newest.set("a", 3);
  newest.set("c", 4);
  assertEquals(["a", "b", "c"].map((key) => newest.get(key)), [3, undefined, 4]);
  newest.delete("a");
  newest.set("d", 5);
  assertEquals(["a", "c", "d"].map((key) => newest.get(key)), [undefined, 4, 5]);
});
