// Threat: a process that takes what the whole program has one of, or what outlives the process: threads of crypto,
// the bytes of Blobs, address space, memory of the kernel's own. Each ends or slows only itself.
import { assertEquals } from "@std/assert";
import { assertUnharmed, readHostile, saidBy, startAttacked, strayLines } from "./attack.ts";

const ends: Record<string, RegExp> = {
  derives: /RangeError: Cannot take iterations 4000000000/,
  makes_keys: /RangeError: Cannot take modulusLength 16384/,
  wasm_memories: /RangeError: Cannot make another WebAssembly memory/,
  shared_buffers: /RangeError: Cannot reserve maxByteLength/,
  sends: /RangeError: Cannot send: 50000 messages wait already/,
  amplifies: /RangeError: Cannot send to the node more than 4 MB at once/,
};

Deno.test("hostile: what would outlive a process, or end the node, is refused", async () => {
  const text = readHostile("misbehaves");
  const files = Object.fromEntries(Object.keys(ends).map((way) => [`${way}.ts`, text]));
  await using node = await startAttacked({ files });
  for (const [way, said] of Object.entries(ends)) {
    const [ended] = await node.waitForLines([
      `process fake.dev@${way}:${way}:template.os ended with error:`,
    ]);
    const at = node.lines.indexOf(ended!) + 1;
    await node.waitForLine(said, { from: at });
    assertEquals(saidBy(node, way), [`${way} begins`]);
  }
  assertEquals(strayLines(node), []);
  await assertUnharmed(node);
});
