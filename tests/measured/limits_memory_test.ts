// docs/LIMITS.md: what a process may hold of memory, in its heap and outside of it, and the node as a whole.

import { assert, assertEquals } from "@std/assert";
import { startNode } from "../clients/node.ts";
import { canLimitWorkers, END_SECONDS, GOOD, memoryMb, misbehaves, provoke } from "./limits.ts";

const HOLDS = /holds about \d+ MB of memory \(limit memory_mb 32, with buffers 192 MB\)/;
const config = { memory_mb: 32, on_exit: "None" };

interface Way {
  body: string;
  says: RegExp;
  /** Deno 2.4 contains it too. */
  anywhere?: true;
}

const ways: Record<string, Way> = {
  heap: {
    body: "for (;;) { for (let i = 0; i < 1e5; i++) kept.push({ i }); await pause(); }",
    says: /out of memory: its heap is full \(limit memory_mb 32\)/,
  },
  buffers: {
    body: "for (;;) { kept.push(new Uint8Array(5e6).fill(1)); await pause(); }",
    says: HOLDS,
    anywhere: true,
  },
  busy: { body: "for (;;) kept.push(new Uint8Array(1e6).fill(1));", says: HOLDS },
  shared: {
    body:
      "for (;;) { kept.push(new Uint8Array(new SharedArrayBuffer(5e6)).fill(1)); await pause(); }",
    says: HOLDS,
  },
  wasm: {
    body: `const memory = new WebAssembly.Memory({ initial: 1 });
      for (;;) { const at = memory.buffer.byteLength; memory.grow(80);
        new Uint8Array(memory.buffer).fill(1, at); await pause(); }`,
    says: HOLDS,
  },
};

for (const [name, { body, says, anywhere }] of Object.entries(ways)) {
  Deno.test(`LIMITS.md: memory_mb ends a process by name: ${name}`, async () => {
    const script = misbehaves(`const kept = []; ${body}`, config);
    await using node = await startNode({ files: { [`${name}.ts`]: script, "good.ts": GOOD } });
    if (!anywhere && !canLimitWorkers(node)) {
      console.log(
        `SKIP memory_mb, ${name}: Deno 2.4 neither bounds a heap nor tells a worker's CPU`,
      );
      return;
    }
    await node.waitForLine(`started ${name}:`);
    await node.waitForLine("started good:");
    const asked = provoke(node, name);
    await node.waitForLine(says, { timeoutSeconds: END_SECONDS });
    const response = await fetch(`${node.url}/good:good:template.os/`);
    assertEquals(await response.text(), "good");
    await asked;
  });
}

Deno.test("LIMITS.md: a node over its memory ends the greediest process, and nobody else", async () => {
  const eats =
    "const kept = []; for (;;) { kept.push(new Uint8Array(1e7).fill(1)); await pause(); }";
  const files = {
    "eats.ts": misbehaves(eats, { memory_mb: 2048, on_exit: "None" }),
    "good.ts": GOOD,
  };
  await using node = await startNode({ files, args: ["--memory-mb", "700"] });
  await node.waitForLine("started eats:");
  await node.waitForLine("started good:");
  const asked = provoke(node, "eats");
  const line = /the node holds \d+ MB \(limit --memory-mb 700\), and this process the most of it/;
  await node.waitForLine(line, { timeoutSeconds: END_SECONDS });
  await asked;
  const response = await fetch(`${node.url}/good:good:template.os/`);
  assertEquals(await response.text(), "good");
  assertEquals(node.lines.filter((one) => one.includes("ended with error")).length, 1);
  const held = memoryMb(node) ?? 0;
  assert(held < 2_000, `it holds ${held} MB`);
});
