import { assertEquals } from "@std/assert";
import type { ProcessId } from "../../protocol/address.ts";
import { Terminal, writeAll } from "./terminal.ts";

const id = "chat:talk:template.os" as ProcessId;

function terminal(verbosity = 0): { shown: string[]; terminal: Terminal } {
  const shown: string[] = [];
  const output = {
    writeSync(bytes: Uint8Array) {
      shown.push(new TextDecoder().decode(bytes));
      return bytes.length;
    },
  };
  // 2026-11-19 was a Thursday.
  const clock = () => new Date(2026, 10, 19, 14, 3);
  return { shown, terminal: new Terminal({ out: output, err: output, verbosity, clock }) };
}

Deno.test("Terminal.print() prefixes every line with time and package", () => {
  const { shown, terminal: t } = terminal();
  t.print(id, 0, "begin\nsecond\n");
  assertEquals(shown, ["Thu 14:03 talk:template.os: begin\nThu 14:03 talk:template.os: second\n"]);
});

Deno.test("Terminal.print() keeps an empty line and shows control characters as text", () => {
  const { shown, terminal: t } = terminal();
  t.print(id, 0, "");
  t.print(id, 0, "a\u001b[2Jb\rkinode: started evil:evil:evil");
  assertEquals(shown, [
    "Thu 14:03 talk:template.os: \n",
    "Thu 14:03 talk:template.os: a\\x1b[2Jb\\x0dkinode: started evil:evil:evil\n",
  ]);
});

Deno.test("Terminal.print() hides what is above its verbosity, and what is no verbosity", () => {
  const { shown, terminal: t } = terminal(1);
  t.print(id, 2, "debug");
  t.print(id, NaN, "junk");
  t.print(id, 1, "shown");
  assertEquals(shown, ["Thu 14:03 talk:template.os: shown\n"]);
});

Deno.test("writeAll() goes on where a pipe took less than it was given", () => {
  let taken = "";
  const slow = {
    writeSync(bytes: Uint8Array) {
      taken += new TextDecoder().decode(bytes.subarray(0, 2));
      return Math.min(2, bytes.length);
    },
  };
  writeAll(slow, "hello");
  assertEquals(taken, "hello");
});
