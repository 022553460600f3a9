import { assertEquals, assertStringIncludes } from "@std/assert";
import { consoleOf } from "./console.ts";

function said(use: (console: Console) => void): string[] {
  const prints: string[] = [];
  use(consoleOf((text) => void prints.push(text)));
  return prints;
}

Deno.test("console: objects read as they do in Deno", () => {
  class Point {
    x = 1;
    #hidden = 2;
    get y() {
      return this.#hidden;
    }
  }
  const value = { a: [1, "two", null], map: new Map([[{ k: 1 }, new Set("s")]]), p: new Point() };
  assertEquals(said((console) => console.log(value, "text", 7n)), [
    `${Deno.inspect(value)} text 7n`,
  ]);
  const ring: { self?: unknown } = {};
  ring.self = ring;
  assertEquals(said((console) => console.log(ring)), ["<ref *1> { self: [Circular *1] }"]);
});

Deno.test("console: format specifiers", () => {
  const lines = said((console) => {
    console.log("%s: %d %i %f %o %O %%%c.", "it", 1, 1.9, "2.5", [1], { a: 1 }, "color: red");
    console.log("%s and", "one", { more: true });
    console.log({ first: 1 }, "%s", "is no format");
  });
  assertEquals(lines, [
    "it: 1 1 2.5 [ 1 ] { a: 1 } %.",
    "one and { more: true }",
    "{ first: 1 } %s is no format",
  ]);
});

Deno.test("console: every level is printed, as in Deno", () => {
  const all = said((console) => {
    console.debug("d");
    console.log("l");
    console.info("i");
    console.warn("w");
    console.error("e");
    console.dir({ a: 1 });
    console.dirxml("x");
  });
  assertEquals(all, ["d", "l", "i", "w", "e", "{ a: 1 }", "x"]);
});

Deno.test("console: groups indent every line, and end", () => {
  assertEquals(
    said((console) => {
      console.group("outer");
      console.log("a\nb");
      console.groupCollapsed("inner");
      console.log({ c: 1 });
      console.groupEnd();
      console.groupEnd();
      console.groupEnd();
      console.log("out");
    }),
    ["outer", "  a\n  b", "  inner", "    { c: 1 }", "out"],
  );
});

Deno.test("console: tables, counts, times, assertions", () => {
  const lines = said((console) => {
    console.table([{ a: 1 }, { b: "x" }]);
    console.count();
    console.count("n");
    console.count("n");
    console.countReset("n");
    console.count("n");
    console.time("t");
    console.timeLog("t", "more");
    console.timeEnd("t");
    console.timeEnd("t");
    console.assert(true, "not shown");
    console.assert(false, "it is %s", "wrong");
    console.clear();
  });
  assertStringIncludes(lines[0]!, "│ (idx) │ a │ b   │");
  assertEquals(lines.slice(1, 5), ["default: 1", "n: 1", "n: 2", "n: 1"]);
  assertEquals(/^t: [\d.]+ms more$/.test(lines[5]!) && /^t: [\d.]+ms$/.test(lines[6]!), true);
  assertEquals(lines.slice(7), ["Timer 't' does not exist", "Assertion failed: it is wrong"]);
});

Deno.test("console.trace() is one print with the frames of its caller", () => {
  const [trace, ...more] = said(function caller(console) {
    console.trace("here", { a: 1 });
  });
  assertEquals(more, []);
  assertEquals(/^Trace: here \{ a: 1 \}\n {4}at caller /.test(trace!), true, trace);
});

Deno.test("console: getters are not called, a proxy shows what is behind it", () => {
  const trap = new Proxy({ behind: 1 }, {});
  const getter = {
    get bomb(): never {
      throw new Error("called");
    },
  };
  const custom = { [Symbol.for("Deno.customInspect")]: () => "own words" };
  assertEquals(said((console) => console.log(trap, getter, custom)), [
    "{ behind: 1 } { bomb: [Getter] } own words",
  ]);
});
