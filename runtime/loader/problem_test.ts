import { assertEquals } from "@std/assert";
import { linesOf, type Problem, problemOf } from "./problem.ts";

const problem: Problem = {
  severity: "error",
  file: "hello.ts",
  line: 3,
  column: 11,
  text: 'Expected ";" but found "x"',
  lineText: "let a = 5 x y",
  cut: 0,
  length: 1,
  hint: null,
};

Deno.test("linesOf() prints place, source line and caret", () => {
  assertEquals(linesOf(problem), [
    'hello.ts:3:11: error: Expected ";" but found "x"',
    "  3 | let a = 5 x y",
    "    |           ^",
  ]);
});

Deno.test("linesOf() prints a problem of a whole file with its hint", () => {
  assertEquals(linesOf(problemOf("A.ts", "no name", "rename it")), [
    "A.ts: error: no name",
    "A.ts: rename it",
  ]);
});

Deno.test("linesOf() lets no script write to the terminal", () => {
  const lines = linesOf({ ...problem, lineText: "\x1b[2J\ta x", column: 8, file: "a\nb.ts" });
  assertEquals(lines, [
    'a\\x0ab.ts:3:8: error: Expected ";" but found "x"',
    "  3 | \\x1b[2J\ta x",
    "    |     \t  ^",
  ]);
});

Deno.test("linesOf() shows the part of a long line that matters", () => {
  const lineText = "a".repeat(10_000) + "!" + "b".repeat(10_000);
  const [, source, caret] = linesOf({ ...problem, lineText, column: 10_001, length: 50_000 });
  assertEquals(source!.length, "  3 | ".length + 160);
  assertEquals(source!.indexOf("!"), caret!.indexOf("^"));
  assertEquals(caret!.length, source!.length);
});
