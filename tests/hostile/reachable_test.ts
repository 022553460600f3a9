// Threat: a dropped script that reaches the disk, the network, the system or another process through something that
// nobody thought of. It walks all that it can reach, and all that is ever handed to a function that it can replace.
import { assertEquals } from "@std/assert";
import { assertUnharmed, hostileFiles, saidBy, startAttacked, strayLines } from "./attack.ts";

Deno.test("hostile: nothing that a script can walk to, or spy on, is a power", async () => {
  await using node = await startAttacked({
    files: hostileFiles("reachable", "lib/walk", "lib/spy", "lib/makings"),
  });
  const [walked, spied] = await node.waitForLines([/: walked \d+$/, /: spied \d+, walked \d+$/]);
  const numbers = [walked, spied].flatMap((line) => line!.match(/\d+(?=$|,)/g)!.map(Number));
  assertEquals(numbers.every((number) => number > 1_500), true, `it looked at ${numbers}`);
  const said = saidBy(node, "reachable");
  assertEquals(said.filter((line) => /REACHED|SPIED|failed/.test(line)), []);
  assertEquals(strayLines(node), []);
  await assertUnharmed(node);
});
