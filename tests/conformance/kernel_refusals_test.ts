// What cannot arrive comes back at once, and says why: to the process as a SendError, to the person as one line.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type RunningNode, startNode } from "../clients/node.ts";
import { findRemote, type Remote, remoteText, startRemote } from "./remote.ts";
import { readProgram } from "./scripts.ts";

/** The specification's; the median of several is under it also where the machine is busy. */
const REFUSED_MS = 50;

/** Sends the same refused request a few times; checks time, reason and sentence of each. */
async function assertRefused(
  remote: Remote,
  to: string,
  [wantedKind, wantedReason, sentence]: [string, string, RegExp],
): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < 7; i++) {
    const { kind, reason, message, ms } = await remote.send(to, "hello", { seconds: 60 });
    assertEquals([kind, reason], [wantedKind, wantedReason]);
    assertMatch(message!, sentence);
    times.push(ms);
  }
  const median = times.sort((a, b) => a - b)[3]!;
  assert(median < REFUSED_MS, `the median of ${times} is not under ${REFUSED_MS} ms`);
}

function linesWith(node: RunningNode, text: string): string[] {
  return node.lines.filter((line) => line.includes(text));
}

Deno.test("kernel.md §12.5: missing process, missing capability, other node: a SendError in < 50 ms, and one line", async (t) => {
  const files = { "silent.ts": readProgram("silent.ts"), "quiet.ts": readProgram("silent.ts") };
  await using node = await startNode({ files });
  await node.waitForLine(" silent:template.os: bound");
  await node.waitForLine(" quiet:template.os: bound");
  const plain = await startRemote(node, "plain");

  await t.step("no such process: names it", async () => {
    const sentence = /nobody:nobody:sys, which does not exist: check the spelling/;
    await assertRefused(plain, "our@nobody:nobody:sys", ["Timeout", "no-such-process", sentence]);
    assertEquals(linesWith(node, "nobody:nobody:sys").length, 1);
  });

  await t.step("no messaging capability: names what to add", async () => {
    const sentence =
      /add "silent:silent:template\.os" to the request_capabilities of plain:template\.os/;
    await assertRefused(plain, "our@silent:silent:template.os", [
      "Timeout",
      "not-permitted",
      sentence,
    ]);
    assertEquals(linesWith(node, 'add "silent:silent:template.os"').length, 1);
  });

  await t.step("no network capability: names what to set", async () => {
    const sentence = /"request_networking": true/;
    await assertRefused(plain, "other.dev@a:a:sys", ["Timeout", "no-network-capability", sentence]);
    assertEquals(linesWith(node, "request_networking").length, 1);
  });

  await t.step(
    "a request that expects nothing prints one line, and nothing comes back",
    async () => {
      await plain.tell("our@quiet:quiet:template.os", "hello");
      await plain.tell("our@quiet:quiet:template.os", "hello");
      await node.waitForLine('add "quiet:quiet:template.os" to the request_capabilities of plain:');
      await plain.tell("our@nowhere:nowhere:sys", "hello");
      await node.waitForLine("nowhere:nowhere:sys, which does not exist");
      assertEquals(linesWith(node, 'add "quiet:quiet:template.os"').length, 1);
      assertEquals(linesWith(node, "nowhere:nowhere:sys").length, 1);
    },
  );
});

Deno.test("kernel.md §12.5, §2.8: with the network capability another node is Offline", async () => {
  await using node = await startNode({ files: {} });
  const remote = await startRemote(node, "far", { request_networking: true });
  await assertRefused(remote, "other.dev@a:a:sys", ["Offline", "offline", /cannot be reached/]);
  await node.waitForLine("kinode: far:far:template.os rules this node: it may message other nodes");
});

Deno.test("a script gets what its config asks for, its next version only what that one asks for", async () => {
  await using node = await startNode({ files: { "silent.ts": readProgram("silent.ts") } });
  await node.waitForLine(" silent:template.os: bound");
  const target = "our@silent:silent:template.os";
  const asked = { request_capabilities: ["silent:silent:template.os"] };
  const first = await startRemote(node, "asks", asked);
  await node.waitForLine(
    "kinode: asks:asks:template.os asks for this and gets it: it may message silent:silent:template.os",
  );
  assertEquals((await first.send(target, "hello", { seconds: 0 })).reason, "no-answer");
  const from = node.lines.length;
  await node.drop("asks.ts", `${remoteText()}// saved\n`);
  await node.waitForLine("kinode: started asks:asks:template.os", { from });
  const second = await findRemote(node, "asks");
  assertEquals((await second.send(target, "hello")).reason, "not-permitted");
});

Deno.test("--strict: what a config asks for is refused, and a line says so", async () => {
  await using node = await startNode({ args: ["--strict"], files: {} });
  await node.drop("asks.ts", remoteText({ request_capabilities: ["kernel:distro:sys"] }));
  const line = await node.waitForLine(
    "kinode: asks:asks:template.os asks for rights in its config",
  );
  assertStringIncludes(line, "does not get them: the node is --strict");
});
