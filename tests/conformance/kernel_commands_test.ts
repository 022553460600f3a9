// `kernel:distro:sys` by its JSON: spec/kernel.md §3.3 and §3.4, and an answer for what is unknown or malformed.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { startNode } from "../clients/node.ts";
import { KERNEL, type Remote, RULES, startRemote } from "./remote.ts";
import { readProgram } from "./scripts.ts";

const ID = "made:pkg:template.os";
/** A program as a blob: one module without imports, which finds the library under a global symbol. */
const CODE = `const { awaitMessage, println, Response } =
  globalThis[Symbol.for("kinode.process")];
async function init(our) {
  println("made " + our);
  while (true) {
    const message = await awaitMessage();
    println("got " + message.text());
    new Response().body("heard").send();
  }
}
export { init };`;

function initialize(changes: Record<string, unknown> = {}) {
  return {
    InitializeProcess: {
      id: ID,
      wasm_bytes_handle: "/pkg:template.os/pkg/made.js",
      wit_version: 1,
      on_exit: "None",
      initial_capabilities: [],
      public: false,
      ...changes,
    },
  };
}

const process = async (boss: Remote, id: string) =>
  (await boss.ask<{ Debug: { Process: Record<string, unknown> | null } }>(KERNEL, {
    Debug: { Process: id },
  })).Debug.Process;

Deno.test("kernel.md §3.3: InitializeProcess, RunProcess, Debug, KillProcess; messages wait until it runs", async (t) => {
  await using node = await startNode({ files: {} });
  const boss = await startRemote(node, "boss", RULES);
  await node.waitForLine(
    "kinode: boss:boss:template.os rules this node: it may message kernel:distro:sys",
  );

  await t.step("InitializedProcess: it is shown, and its maker may message it", async () => {
    assertEquals(await boss.ask(KERNEL, initialize(), { blob: CODE }), "InitializedProcess");
    assertEquals(await process(boss, ID), {
      wasm_bytes_handle: "/pkg:template.os/pkg/made.js",
      wit_version: 1,
      on_exit: "None",
      capabilities: [{ issuer: `fake.dev@${ID}`, params: '"messaging"' }],
      public: false,
      state: "initialised",
    });
    assertEquals(await boss.call("canMessage", `our@${ID}`), true);
  });

  await t.step("RunProcess: StartedProcess, and it gets what came before it ran", async () => {
    await boss.tell(`our@${ID}`, 1);
    const answer = boss.send(`our@${ID}`, 2);
    assertEquals(await boss.ask(KERNEL, { RunProcess: ID }), "StartedProcess");
    assertEquals((await answer).body, "heard");
    await node.waitForLines([
      ` pkg:template.os: made fake.dev@${ID}`,
      " pkg:template.os: got 1",
      " pkg:template.os: got 2",
    ]);
    assertEquals((await process(boss, ID))?.state, "running");
  });

  await t.step("RunProcess again: it runs on, and sees no message of that", async () => {
    assertEquals(await boss.ask(KERNEL, { RunProcess: ID }), "StartedProcess");
    await boss.send(`our@${ID}`, 3);
    await node.waitForLine(" pkg:template.os: got 3");
    assertEquals(node.lines.filter((line) => line.includes(" pkg:template.os: got ")).length, 3);
  });

  await t.step(
    "the same id again, no blob, code that imports: InitializeProcessError",
    async () => {
      const error = "InitializeProcessError";
      assertEquals(await boss.ask(KERNEL, initialize(), { blob: CODE }), error);
      await node.waitForLine(`kinode: kernel: ${ID} cannot be initialised: a process with the id`);
      const other = initialize({ id: "other:pkg:template.os" });
      assertEquals(await boss.ask(KERNEL, other), error);
      await node.waitForLine("process startup requires bytes");
      for (const code of ['import "node:fs";', 'export { x } from "data:text/javascript,";']) {
        assertEquals(await boss.ask(KERNEL, other, { blob: code }), error);
      }
      assertEquals(await process(boss, "other:pkg:template.os"), null);
    },
  );

  await t.step("Debug ProcessMap has them all", async () => {
    type Map = { Debug: { ProcessMap: Record<string, unknown> } };
    const { Debug } = await boss.ask<Map>(KERNEL, { Debug: "ProcessMap" });
    assertEquals(Object.keys(Debug.ProcessMap).sort(), ["boss:boss:template.os", ID]);
  });

  await t.step("KillProcess: KilledProcess", async () => {
    assertEquals(await boss.ask(KERNEL, { KillProcess: ID }), { KilledProcess: ID });
    assertEquals(await process(boss, ID), null);
    assertEquals((await boss.send(`our@${ID}`, 4)).reason, "no-such-process");
  });
});

Deno.test("kernel.md §3.4: initial_capabilities are those that the maker holds; the rest is left out, and a line says so", async () => {
  await using node = await startNode({ files: {} });
  const boss = await startRemote(node, "boss", RULES);
  const [mine, held, foreign] = [
    { issuer: `fake.dev@${boss.id}`, params: '"mine"' },
    { issuer: "fake.dev@kernel:distro:sys", params: '"messaging"' },
    { issuer: "fake.dev@vfs:distro:sys", params: '{"root":true}' },
  ];
  const command = initialize({ initial_capabilities: [mine, held, foreign] });
  assertEquals(await boss.ask(KERNEL, command, { blob: CODE }), "InitializedProcess");
  await node.waitForLine(
    `kernel: InitializeProcess: fake.dev@${boss.id} doesn't have all capabilities`,
  );
  const hasCap = async (cap: unknown) => {
    const { Debug } = await boss.ask<{ Debug: { HasCap: boolean | null } }>(KERNEL, {
      Debug: { HasCap: { on: ID, cap } },
    });
    return Debug.HasCap;
  };
  assertEquals([await hasCap(mine), await hasCap(held), await hasCap(foreign)], [
    true,
    true,
    false,
  ]);
});

Deno.test("kernel.md §3.3: GrantCapabilities and DropCapabilities are felt at once", async () => {
  await using node = await startNode({ files: { "silent.ts": readProgram("silent.ts") } });
  await node.waitForLine(" silent:template.os: bound");
  const boss = await startRemote(node, "boss", RULES);
  const other = await startRemote(node, "other");
  const target = "our@silent:silent:template.os";
  const capabilities = [{ issuer: target, params: '"messaging"' }];
  const reason = async () => (await other.send(target, "hello", { seconds: 0 })).reason;
  assertEquals(await reason(), "not-permitted");
  assertEquals(
    await boss.ask(KERNEL, { GrantCapabilities: { target: other.id, capabilities } }),
    "Done",
  );
  assertEquals([await reason(), await other.call("canMessage", target)], ["no-answer", true]);
  assertEquals(
    await boss.ask(KERNEL, { DropCapabilities: { target: other.id, capabilities } }),
    "Done",
  );
  assertEquals([await reason(), await other.call("canMessage", target)], ["not-permitted", false]);
});

Deno.test("kernel.md §3.3: every command is answered, also for unknown ids and unparsable bodies", async (t) => {
  await using node = await startNode({ files: {} });
  const boss = await startRemote(node, "boss", RULES);
  const no = "no:such:process";
  const answers: [command: unknown, answer: unknown][] = [
    [{ RunProcess: no }, "RunProcessError"],
    [{ KillProcess: no }, { NoSuchProcess: no }],
    [{ SetOnExit: { target: no, on_exit: "None" } }, { NoSuchProcess: no }],
    [{ GrantCapabilities: { target: no, capabilities: [] } }, "Done"],
    [{ DropCapabilities: { target: no, capabilities: [] } }, "Done"],
    [{ Debug: { Process: no } }, { Debug: { Process: null } }],
    [{ Debug: { HasCap: { on: no, cap: { issuer: KERNEL, params: "1" } } } }, {
      Debug: { HasCap: null },
    }],
    ["Booted", { NotPermitted: "the kernel alone says that it has booted" }],
  ];
  for (const [command, answer] of answers) {
    await t.step(JSON.stringify(command), async () => {
      const { body, ms } = await boss.send(KERNEL, command, { seconds: 3600 });
      assertEquals(JSON.parse(body!), answer);
      assert(ms < 5000, `the answer took ${ms} ms`);
    });
  }
  const malformed: [body: unknown, fault: RegExp][] = [
    [{ KillProces: no }, /^Cannot decode body: unknown variant `KillProces`/],
    [{ KillProcess: "no" }, /^Cannot decode body\.KillProcess: Cannot parse "no"/],
    [{ KillProcess: 7 }, /^Cannot decode body\.KillProcess: expected a string/],
    ["KillProcess", /^Cannot decode body\.KillProcess: expected a payload/],
    [
      { SetOnExit: { target: no, on_exit: "Sometimes" } },
      /^Cannot decode body\.SetOnExit\.on_exit: unknown/,
    ],
    [{ RunProcess: no, KillProcess: no }, /^Cannot decode body: expected one variant/],
    [null, /^Cannot decode body: expected an object/],
    [{ constructor: null }, /^Cannot decode body: unknown variant `constructor`/],
  ];
  for (const [body, fault] of malformed) {
    await t.step(`malformed: ${JSON.stringify(body)}`, async () => {
      const answer = await boss.ask<{ MalformedCommand: string }>(KERNEL, body);
      assertMatch(answer.MalformedCommand, fault);
      await node.waitForLine(`kernel: couldn't parse a command of fake.dev@${boss.id}`);
    });
  }
  await t.step("no JSON at all", async () => {
    const { body } = await boss.call<{ body: string }>("ask", { to: KERNEL, body: "{nonsense" });
    assertMatch(JSON.parse(body).MalformedCommand, /^Cannot decode body: not JSON/);
  });
  await t.step("§2.9: `kernel:foo:bar` is not the kernel", async () => {
    assertEquals((await boss.send("our@kernel:foo:bar", "Shutdown")).reason, "no-such-process");
  });
  await t.step("who may not message the kernel is refused", async () => {
    const plain = await startRemote(node, "plain");
    assertEquals((await plain.send(KERNEL, "Shutdown")).reason, "not-permitted");
  });
});

Deno.test("kernel.md §3.3: Shutdown is answered, and ends the node with exit 0", async () => {
  await using node = await startNode({ files: {} });
  const boss = await startRemote(node, "boss", RULES);
  // The node may be gone before the HTTP answer is: the exit is what counts.
  const answer = boss.ask(KERNEL, "Shutdown").catch(() => "Done");
  assertEquals(await node.waitForExit(), 0);
  assertEquals(await answer, "Done");
});
