import { assertEquals, assertStringIncludes } from "@std/assert";
import { parseCommand } from "./parse_command.ts";

Deno.test("parseCommand() takes the three commands, and leaves flags to the node", () => {
  const folder = "p";
  assertEquals(parseCommand(["check", "--processes", "p"]), { command: { check: { folder } } });
  assertEquals(parseCommand(["types", "--processes=p"]), { command: { types: { folder } } });
  const made = { folder: "h/processes", name: "chat", template: "web" as const };
  assertEquals(parseCommand(["new", "chat", "--home", "h"]), { command: { new: made } });
  for (const args of [[], ["--fake"], ["chekc"], ["toString"]]) {
    assertEquals(parseCommand(args), null);
  }
});

Deno.test("parseCommand() says what is wrong, and how it is used", () => {
  const cases = [
    [["new"], "takes one NAME"],
    [["new", "a", "b"], "takes one NAME"],
    [["check", "x"], 'takes no "x"'],
    [["check", "--prot", "1"], "has no --prot"],
    [["new", "a", "--template", "wasm"], "no template wasm"],
    [["types", "--home="], "no value"],
  ] as const;
  for (const [args, said] of cases) {
    const { fail } = parseCommand(args) as { fail: string };
    assertStringIncludes(fail, said);
  }
  const { show } = parseCommand(["new", "--help"]) as { show: string };
  assertStringIncludes(show, "--template");
});
