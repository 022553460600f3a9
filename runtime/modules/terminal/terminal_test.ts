import { assertEquals, assertStringIncludes } from "@std/assert";
import { PRINTS_PER_SECOND_MAX } from "../../limits.ts";
import type { ProcessId } from "../../protocol/address.ts";
import { Terminal, writeAll } from "./terminal.ts";

const id = "chat:talk:template.os" as ProcessId;

function terminal(verbosity = 0): { shown: string[]; terminal: Terminal; pass(): void } {
  const shown: string[] = [];
  const output = {
    writeSync(bytes: Uint8Array) {
      shown.push(new TextDecoder().decode(bytes));
      return bytes.length;
    },
  };
  // 2026-11-19 was a Thursday.
  let second = 0;
  const clock = () => new Date(2026, 10, 19, 14, 3, second);
  const pass = () => void second++;
  return { shown, pass, terminal: new Terminal({ out: output, err: output, verbosity, clock }) };
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

Deno.test("Terminal: what a process has in a line of the node's own never begins a line of its own", () => {
  const { shown, terminal: t } = terminal();
  t.warn("no such process: x\nstarted evil:evil:evil\r\nkinode: ready \u202eevil");
  assertEquals(shown, [
    "kinode: no such process: x\nkinode:   started evil:evil:evil\nkinode:   kinode: ready \\u202eevil\n",
  ]);
});

Deno.test("Terminal.print() hides what is above its verbosity, and what is no verbosity", () => {
  const { shown, terminal: t } = terminal(1);
  t.print(id, 2, "debug");
  t.print(id, NaN, "junk");
  t.print(id, 1, "shown");
  assertEquals(shown, ["Thu 14:03 talk:template.os: shown\n"]);
});

Deno.test("Terminal.print() drops what a process prints beyond the limit, and says how much", () => {
  const { shown, terminal: t, pass } = terminal();
  for (let i = 0; i < PRINTS_PER_SECOND_MAX + 50; i++) t.print(id, 0, `${i}`);
  assertEquals(shown.length, PRINTS_PER_SECOND_MAX + 1);
  assertStringIncludes(shown.at(-1)!, "prints more than 1000 lines a second: dropping");
  pass();
  t.print(id, 0, "after");
  assertEquals(shown.slice(-2), [
    "kinode: chat:talk:template.os: 50 prints were dropped\n",
    "Thu 14:03 talk:template.os: after\n",
  ]);
  t.print("other:other:template.os" as ProcessId, 0, "a\n".repeat(PRINTS_PER_SECOND_MAX + 1));
  assertStringIncludes(shown.at(-1)!, "other:other:template.os prints more than");
});

Deno.test("Terminal: the node's own lines that a process causes are bounded with its prints, others are not", () => {
  const { shown, terminal: t, pass } = terminal();
  for (let i = 0; i < PRINTS_PER_SECOND_MAX - 1; i++) t.print(id, 0, `${i}`);
  t.warn("it asks for nonsense", id);
  t.warn("it asks for nonsense", id);
  t.info("it asks for nonsense", id);
  assertEquals(shown.slice(-2), [
    "kinode: it asks for nonsense\n",
    "kinode: chat:talk:template.os prints more than 1000 lines a second: dropping\n",
  ]);
  t.warn("the disk is full");
  assertEquals(shown.at(-1), "kinode: the disk is full\n");
  pass();
  t.warn("it asks for nonsense", id);
  assertEquals(shown.slice(-2), [
    "kinode: chat:talk:template.os: 2 prints were dropped\n",
    "kinode: it asks for nonsense\n",
  ]);
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
