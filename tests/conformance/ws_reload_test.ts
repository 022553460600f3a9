// WebSockets while their script is saved, or sleeps (issue 4, items 3 and 8): real files, real clients.

import { assert, assertEquals } from "@std/assert";
import { testNeeding } from "../clients/needs.ts";
import { type RunningNode, startNode } from "../clients/node.ts";
import { connectBound } from "./bound.ts";
import { Peer } from "./peer.ts";
import { KERNEL, RULES, startRemote } from "./remote.ts";
import { readProgram } from "./scripts.ts";
import { eventually } from "./within.ts";

const SCRIPT = readProgram("web_sockets.ts");
const NAME = "web_sockets:web_sockets:template.os";
const SAVES = 20;

function version(number: number): string {
  return SCRIPT.replace("VERSION = 0", `VERSION = ${number}`);
}

/** Kinode style, which keeps nothing unless its config says so. */
const LOOP = `import { awaitMessage } from "@kinode/process";
export async function init() {
  while (true) await awaitMessage();
}`;

async function save(node: RunningNode, name: string, script: string): Promise<void> {
  const from = node.lines.length;
  await node.drop(name, script);
  await node.waitForLine(`started ${name.replace(".ts", "")}:`, { from });
}

testNeeding(
  ["python"],
  `reload: a client that sends 100 messages a second hears every echo, in order, over ${SAVES} saves`,
  async (_t, { python }) => {
    await using node = await startNode({
      files: { "web_sockets.ts": version(0), "other.ts": SCRIPT },
    });
    const url = `${node.wsUrl}/${NAME}/echo`;
    using neighbour = await connectBound(`${node.wsUrl}/other:other:template.os`);
    assertEquals(await neighbour.nextText(), "opened / 0");
    (await connectBound(url))[Symbol.dispose]();
    const script = new URL("../clients/ws_echo.py", import.meta.url).pathname;
    await using client = new Peer(python, [script, url, "100"]);
    await client.waitForLine(/^connected$/);
    for (let number = 1; number <= SAVES; number++) {
      await save(node, "web_sockets.ts", version(number));
    }
    await client.closeInput();
    const { lines, stderr } = await client.end();
    const { sent, notes, wrong } = JSON.parse(lines.at(-1) ?? stderr);
    assertEquals(wrong, []);
    assert(sent > SAVES, `only ${sent} were sent`);
    const resumed = Array.from({ length: SAVES }, (_, i) => `resumed /echo ${i + 1}`);
    assertEquals(notes, ["opened /echo 0", ...resumed]);
    neighbour.send("still there");
    assertEquals(await neighbour.nextText(), "still there");
  },
);

Deno.test("reload: what a version had not finished is the next one's", async () => {
  await using node = await startNode({ files: { "web_sockets.ts": version(0) } });
  using peer = await connectBound(`${node.wsUrl}/${NAME}`);
  assertEquals(await peer.nextText(), "opened / 0");
  const messages = Array.from({ length: 200 }, (_, i) => i % 10 === 0 ? "slow" : `${i}`);
  for (const message of messages) peer.send(message);
  await save(node, "web_sockets.ts", version(1));
  const heard: string[] = [];
  while (heard.length < messages.length + 1) heard.push(await peer.nextText());
  assertEquals(heard.filter((line) => line.startsWith("resumed")), ["resumed / 1"]);
  assertEquals(heard.filter((line) => !line.startsWith("resumed")), messages);
  peer.send("count");
  const count = await peer.nextText();
  assert(count !== `count ${messages.length}`, "ws.data does not outlive a version");
});

Deno.test("reload: a version that is replaced before it is loaded passes on what it was given", async () => {
  await using node = await startNode({ files: { "web_sockets.ts": version(0) } });
  using peer = await connectBound(`${node.wsUrl}/${NAME}`);
  assertEquals(await peer.nextText(), "opened / 0");
  const endless = `console.log("loading");\nawait new Promise(() => setTimeout(() => {}, 1e6));\n`;
  await node.drop("web_sockets.ts", endless + version(1));
  await node.waitForLine(/: loading$/);
  peer.send("one");
  peer.send("two");
  await save(node, "web_sockets.ts", version(2));
  const heard = [await peer.nextText(), await peer.nextText(), await peer.nextText()];
  assertEquals(heard, ["resumed / 2", "one", "two"]);
});

Deno.test("reload: a version that does not load changes nothing, one that fails at start closes 1011", async () => {
  await using node = await startNode({ files: { "web_sockets.ts": version(0) } });
  const url = `${node.wsUrl}/${NAME}`;
  using peer = await connectBound(url);
  assertEquals(await peer.nextText(), "opened / 0");
  await node.drop("web_sockets.ts", "export default {");
  await node.waitForLine(/web_sockets\.ts:1:\d+/);
  peer.send("still there");
  assertEquals(await peer.nextText(), "still there");
  await node.drop("web_sockets.ts", `throw new Error("at start");\nexport default {};`);
  assertEquals(await peer.closed(), 1011);
});

Deno.test("reload: a version in Kinode style that keeps nothing closes 1012", async () => {
  await using node = await startNode({ files: { "web_sockets.ts": version(0) } });
  using peer = await connectBound(`${node.wsUrl}/${NAME}`);
  await node.drop("web_sockets.ts", LOOP);
  assertEquals(await peer.closed(), 1012);
});

Deno.test("idle: a process sleeps while its sockets stay open, and is woken by the next message", async () => {
  const files = { "web_sockets.ts": `export const config = { idle: 1 };\n${version(0)}` };
  await using node = await startNode({ files });
  const boss = await startRemote(node, "boss", RULES);
  using peer = await connectBound(`${node.wsUrl}/${NAME}`);
  assertEquals(await peer.nextText(), "opened / 0");
  await eventually("sleep", async () => {
    type State = { Debug: { Process: { state: string } } };
    const { Debug } = await boss.ask<State>(KERNEL, { Debug: { Process: NAME } });
    return Debug.Process.state === "asleep" ? true : undefined;
  });
  peer.send("awake?");
  peer.send("still");
  const heard = [await peer.nextText(), await peer.nextText(), await peer.nextText()];
  assertEquals(heard, ["resumed / 0", "awake?", "still"]);
  peer.close(4000, "bye");
  await node.waitForLine(/closed \/ 4000 bye$/);
});
