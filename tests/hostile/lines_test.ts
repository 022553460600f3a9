// Threat: a script that writes a line which seems to be the node's own or another process's, or that redraws the
// terminal of whoever reads the log: by every way in which its text comes to be printed.
import { assertEquals } from "@std/assert";
import { assertUnharmed, readHostile, startAttacked, strayLines } from "./attack.ts";

const ways = [
  ...["prints", "throws", "throws_text", "throws_named", "throws_nothing", "throws_from_timer"],
  ...["throws_from_microtask", "throws_from_listener", "throws_from_object_listener"],
  ...["throws_while_reported", "throws_a_proxy", "reports", "rejects", "rejects_from_event"],
  ...["prepares_its_stack", "overflows", "is_malformed", "answers_junk"],
];

Deno.test("hostile: no text of a script begins a line or reaches the terminal's controls", async () => {
  const text = readHostile("lines");
  const files = Object.fromEntries(ways.map((way) => [`${way}.ts`, text]));
  await using node = await startAttacked({ files });
  for (const way of ways) {
    await node.waitForLine(`process fake.dev@${way}:${way}:template.os ended with error:`);
  }
  const forged = /^(?:kinode: (?:started )?evil|kinode: ?$|\w{3} \d\d:\d\d evil:)/;
  assertEquals(node.lines.filter((line) => forged.test(line)), []);
  // deno-lint-ignore no-control-regex
  const control = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
  assertEquals(node.lines.filter((line) => control.test(line)), []);
  assertEquals(strayLines(node), []);
  await assertUnharmed(node);
});
