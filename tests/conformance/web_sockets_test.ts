// `export default { websocket }` with real clients, over saves of the script.

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { type RunningNode, startNode } from "../clients/node.ts";
import { connectBound } from "./bound.ts";
import { WsPeer } from "./ws_peer.ts";

const FULL = Deno.env.get("FULL") === "1";
const SAVES = FULL ? 20 : 4;

/** Says of each text which version of the script answered, and how the socket was opened to it. */
const echo = (version: number | string, more = "") => `
export default {
  websocket: {
    open(ws, { resumed }) { ws.data = resumed ? "resumed" : "new"; },
    message(ws, data) {
      if (data === "crash") setTimeout(() => { throw new Error("as asked"); });
      else if (typeof data === "string") ws.send("${version} " + ws.data + " " + data);
      else ws.send(data);
    },
    close(ws, code, reason) { console.log("closed " + ws.path + " " + code + " " + reason); },
  },
  ${more}
};`;

const socketUrl = (node: RunningNode, path: string, name = "echo") =>
  `${node.url.replace("http", "ws")}/${name}:${name}:template.os${path}`;

function save(node: RunningNode, text: string, name = "echo.ts"): Promise<void> {
  return Deno.writeTextFile(join(node.processes, name), text);
}

Deno.test("web style: the root path and all below it, text and bytes, codes of both sides", async () => {
  await using node = await startNode({ files: { "echo.ts": echo(1) } });
  const root = await connectBound(socketUrl(node, ""));
  const deep = await WsPeer.connect(socketUrl(node, "/room/7"));
  root.send("hi");
  assertEquals(await root.nextText(), "1 new hi");
  deep.send(Uint8Array.of(0, 255));
  assertEquals((await deep.next()).bytes, Uint8Array.of(0, 255));
  deep.close(4001, "enough");
  await node.waitForLine(/closed \/room\/7 4001 enough/);
  root[Symbol.dispose]();
  await node.waitForLine(/closed \/ 1006 /);
});

Deno.test("a save keeps the sockets: nothing is lost or reordered, others' do not notice", async () => {
  const files = { "echo.ts": echo(0), "other.ts": echo("other") };
  await using node = await startNode({ files });
  const peer = await connectBound(socketUrl(node, ""));
  const other = await connectBound(socketUrl(node, "", "other"));
  let sent = 0;
  const sending = setInterval(() => peer.send(String(sent++)), 10);
  const answers: string[] = [];
  try {
    for (let version = 1; version <= SAVES; version++) {
      await save(node, echo(version));
      while (!answers.at(-1)?.startsWith(`${version} `)) answers.push(await peer.nextText());
    }
  } finally {
    clearInterval(sending);
  }
  while (answers.length < sent) answers.push(await peer.nextText());
  assertEquals(answers.map((text) => text.split(" ")[2]), answers.map((_, i) => String(i)));
  const kinds = new Set(answers.map((text) => text.split(" ").slice(0, 2).join(" ")));
  assertEquals(kinds.size, SAVES + 1, [...kinds].join());
  assert(kinds.has("0 new") && kinds.has(`${SAVES} resumed`));
  other.send("still here");
  assertEquals(await other.nextText(), "other new still here");
});

Deno.test("a version that does not compile changes nothing for the sockets", async () => {
  await using node = await startNode({ files: { "echo.ts": echo(1) } });
  const peer = await connectBound(socketUrl(node, ""));
  await save(node, "export default {");
  await node.waitForLine(/goes on running/);
  peer.send("hi");
  assertEquals(await peer.nextText(), "1 new hi");
});

Deno.test("1012 for a version without handlers, 1011 for a crash, 1012 for Kinode style without keepChannels", async () => {
  const kinode = (config: string) => `
    import { awaitMessage, http } from "@kinode/process";
    ${config}
    export async function init() {
      await http.bindWsPath("/");
      while (true) {
        const message = await awaitMessage();
        if (!message.isRequest) continue;
        const event = JSON.parse(message.text());
        if (event.WebSocketOpen) {
          http.sendWsPush(event.WebSocketOpen.channel_id, "Text", { bytes: message.text() });
        }
      }
    }`;
  const files = { "echo.ts": echo(1), "kinode.ts": kinode("") };
  await using node = await startNode({ files });
  const crashed = await connectBound(socketUrl(node, ""));
  crashed.send("crash");
  assertEquals(await crashed.ended(), { code: 1011, reason: "process ended" });
  const left = await connectBound(socketUrl(node, ""));
  await save(node, `export default { fetch() { return new Response("no more"); } };`);
  assertEquals(await left.closed(), 1012);
  const plain = await connectBound(socketUrl(node, "", "kinode"));
  await plain.nextText();
  await save(node, kinode("export const config = { keepChannels: true };"), "kinode.ts");
  assertEquals(await plain.ended(), { code: 1012, reason: "process reloaded" });
  const kept = await connectBound(socketUrl(node, "", "kinode"));
  await kept.nextText();
  await save(node, kinode("export const config = { keepChannels: true }; // again"), "kinode.ts");
  assert((await kept.nextText()).includes('"resumed":true'));
  kept.close();
});
