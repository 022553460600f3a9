import { assertEquals } from "@std/assert";
import { Mappings } from "./mappings.ts";

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function encoded(value: number): string {
  let left = value < 0 ? -value << 1 | 1 : value << 1;
  let text = "";
  do {
    const more = left >>> 5 > 0 ? 32 : 0;
    text += DIGITS[left & 31 | more];
    left >>>= 5;
  } while (left > 0);
  return text;
}

/** By line: the column, and where it comes from; `null`: from nowhere. */
type Segment = [column: number, from: [source: number, line: number, column: number] | null];

/** As the field says: everything but the column goes on over the ends of lines. */
function mapOf(lines: Segment[][]): string {
  let before = [0, 0, 0];
  const text = lines.map((segments) => {
    let column = 0;
    return segments.map(([at, from]) => {
      const own = encoded(at - column);
      column = at;
      if (from === null) return own;
      const rest = from.map((value, i) => encoded(value - before[i]!)).join("");
      before = from;
      // Every other one has a name, too.
      return own + rest + (at % 2 === 0 ? encoded(0) : "");
    }).join(",");
  }).join(";");
  return JSON.stringify({ version: 3, sources: ["a.ts", "b.ts"], names: ["x"], mappings: text });
}

const LINES: Segment[][] = [
  [],
  [[0, [0, 0, 0]], [4, [0, 0, 20]], [9, null], [12, [1, 70_000, 3]]],
  [],
  [[5, [1, 2, 0]], [6, [0, 100, 50]]],
  [[3, null]],
  [[0, [0, 99, 1_000_000]]],
];

/** What the last segment before it says. */
function expected(line: number, column: number) {
  const segment = LINES[line]?.findLast(([at]) => at <= column);
  const from = segment?.[1] ?? null;
  return from && { source: ["a.ts", "b.ts"][from[0]], line: from[1], column: from[2] };
}

Deno.test("find() gives the place before, wherever the notes lie", () => {
  for (const between of [1, 5, 1_000]) {
    const mappings = new Mappings(mapOf(LINES), between);
    for (let line = 0; line < LINES.length + 2; line++) {
      for (let column = 0; column < 15; column++) {
        assertEquals(mappings.find(line, column), expected(line, column), `${line}:${column}`);
      }
    }
  }
});

Deno.test("find() in an empty map, or with sources that it does not name, is nowhere", () => {
  assertEquals(new Mappings('{"sources":[],"mappings":""}').find(0, 0), null);
  assertEquals(new Mappings('{"sources":[],"mappings":"AAAA"}').find(0, 0), null);
});
