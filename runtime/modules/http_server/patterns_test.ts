/** Reads tests/vectors/http_server_paths.json; checks the tree against a search by regular expressions. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import vectors from "../../../tests/vectors/http_server_paths.json" with { type: "json" };
import { PATH_MATCH_STEPS_MAX } from "../../limits.ts";
import { type Match, PatternTable, segmentsOf } from "./patterns.ts";

function tableOf(patterns: string[]): PatternTable<string> {
  const table = new PatternTable<string>();
  for (const pattern of patterns) table.set(pattern, pattern);
  return table;
}

Deno.test("find() follows Kinode's precedence", () => {
  for (const { name, bound, path, binding, params } of vectors.precedence) {
    const expected = binding === null ? undefined : { value: binding, params };
    assertEquals<unknown>(tableOf(bound).find(path), expected, name);
  }
});

Deno.test("get() and set() see /:a and /:b as one slot", () => {
  const table = tableOf(["/:a"]);
  assertEquals(table.get("/:b"), "/:a");
  table.set("/:b", "new");
  assertEquals(table.find("/1"), { value: "new", params: { b: "1" } });
  assertEquals(table.get("/x"), undefined);
  assertEquals(table.get("/:"), "new");
});

/** The definition: every pattern as a regular expression, the best by (literals, parameters, wildcards). */
function bestByDefinition(patterns: string[], path: string): Match<string> | undefined {
  let best: { rank: number[]; match: Match<string> } | undefined;
  for (const pattern of patterns) {
    const segments = segmentsOf(pattern);
    const source = segments.map(({ separator, text }) => {
      const before = separator === "" ? "" : `\\${separator}`;
      if (text.startsWith(":")) return `${before}([^/]+)`;
      if (text.startsWith("*")) return `${before}(.+)`;
      return before + text;
    }).join("");
    const found = new RegExp(`^${source}$`).exec(path.replace(/^\//, ""));
    if (found === null) continue;
    const names = segments.map(({ text }) => text).filter((text) => /^[:*]/.test(text));
    const rank = [
      segments.length - names.length,
      names.filter((text) => text.startsWith(":")).length,
      names.filter((text) => text.startsWith("*")).length,
    ];
    if (best !== undefined && !(compare(rank, best.rank) > 0)) continue;
    const pairs = names.map((text, i) => [text.slice(1), found[i + 1]!]);
    best = { rank, match: { value: pattern, params: Object.fromEntries(pairs) } };
  }
  return best?.match;
}

function compare(a: number[], b: number[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at === -1 ? 0 : a[at]! - b[at]!;
}

Deno.test("find() agrees with the definition, ties aside", () => {
  const separator = fc.constantFrom("/", "/", ".");
  const segment = fc.constantFrom("a", "b", "", ":x", ":y", "*z");
  const pattern = fc.array(fc.tuple(separator, segment), { minLength: 1, maxLength: 4 })
    .map((parts) => `/p${parts.flat().join("")}`);
  const asked = fc.array(fc.tuple(separator, fc.constantFrom("a", "b", "", "c")), { maxLength: 5 })
    .map((parts) => `/p${parts.flat().join("")}`);
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 6 }), asked, (patterns, path) => {
      // Which of equals wins depends on branches, which regular expressions do not have: the vectors say it.
      const unique = [...new Map(patterns.map((text) => [rankOf(text), text])).values()];
      assertEquals(tableOf(unique).find(path), bestByDefinition(unique, path));
    }),
    { numRuns: 3_000 },
  );
});

function rankOf(pattern: string): string {
  const kinds = segmentsOf(pattern).map(({ text }) => /^[:*]/.exec(text)?.[0] ?? "l");
  return kinds.sort().join("");
}

Deno.test("find() gives up on wildcards made to take for ever", () => {
  const table = tableOf([`/${Array(60).fill("*").join("/")}/end`]);
  const started = performance.now();
  assertEquals(table.find("/x".repeat(30_000)), undefined);
  assertEquals(performance.now() - started < 1_000, true);
  assertEquals(PATH_MATCH_STEPS_MAX, 10_000);
});

Deno.test("find() takes a long path through a wildcard", () => {
  const path = `/w${"/x".repeat(30_000)}`;
  assertEquals(tableOf(["/w/*rest"]).find(path)?.params.rest, path.slice(3));
});
