import { assertEquals } from "@std/assert";
import { Lines } from "./lines.ts";

Deno.test("Lines gives what split() does", () => {
  for (const text of ["", "\n", "one", "one\ntwo", "one\n\nthree\n", "x\n".repeat(2_000)]) {
    const lines = new Lines(text);
    const split = text.split("\n");
    for (let line = 0; line < split.length + 2; line++) assertEquals(lines.at(line), split[line]);
    assertEquals(lines.at(1_000_000), undefined);
  }
});

Deno.test("placeOf() counts lines and columns from 0", () => {
  const text = "one\n\nthree" + "\nx".repeat(1_000);
  const lines = new Lines(text);
  for (let offset = 0; offset <= text.length; offset++) {
    const before = text.slice(0, offset).split("\n");
    const place = { line: before.length - 1, column: before.at(-1)!.length };
    assertEquals(lines.placeOf(offset), place);
  }
});
