// RESULTS.md says what the suites of raw bytes found. Each suite owns one part of it and checks that part against
// what it has just seen, so that the page cannot grow old; UPDATE_RESULTS=1 writes it anew.

import { assertEquals } from "@std/assert";

const FILE = new URL("./RESULTS.md", import.meta.url);

/** `rows` of cells below `columns`, as the part of RESULTS.md that is called `name`. */
export async function checkResults(name: string, columns: string[], rows: string[][]) {
  const line = (cells: string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "or")).join(" | ")} |`;
  const lines = [line(columns), line(columns.map(() => "---")), ...rows.map(line)];
  const begin = `<!-- ${name} -->`;
  const end = `<!-- end of ${name} -->`;
  const text = await Deno.readTextFile(FILE);
  const [before, rest] = cut(text, begin);
  const [there, after] = cut(rest, end);
  if (Deno.env.get("UPDATE_RESULTS") === "1") {
    await Deno.writeTextFile(FILE, `${before}${begin}\n\n${lines.join("\n")}\n\n${end}${after}`);
    return;
  }
  // `deno fmt` aligns the columns: compared without that.
  const tidy = (line: string) => line.replace(/ +/g, " ").replace(/-{3,}/g, "---");
  assertEquals(
    there.trim().split("\n").map(tidy),
    lines.map(tidy),
    "RESULTS.md is not what was seen: run the suite with UPDATE_RESULTS=1",
  );
}

function cut(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  if (at === -1) throw new Error(`RESULTS.md has no ${mark}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}
