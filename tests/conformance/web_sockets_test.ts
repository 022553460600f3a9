// `export default { websocket }` with real clients, over saves of the script.

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { testNeeding } from "../clients/needs.ts";
import { type RunningNode, startNode } from "../clients/node.ts";
import { connectBound } from "./bound.ts";
import { runPeer } from "./peer.ts";
import { readProgram } from "./scripts.ts";
import { WsPeer } from "./ws_peer.ts";

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
  const deep = await connectBound(socketUrl(node, "/room/7"));
  root.send("hi");
  assertEquals(await root.nextText(), "1 new hi");
  deep.send(Uint8Array.of(0, 255));
  assertEquals((await deep.next()).bytes, Uint8Array.of(0, 255));
  deep.close(4001, "enough");
  await node.waitForLine(/closed \/room\/7 4001 enough/);
  root[Symbol.dispose]();
  await node.waitForLine(/closed \/ 1006 /);
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

testNeeding(["python"], "WebSockets in web style, with Python's client", async (_t, { python }) => {
  await using node = await startNode({
    files: { "web_sockets.ts": readProgram("web_sockets.ts") },
  });
  const url = `${node.wsUrl}/web_sockets:web_sockets:template.os/python`;
  (await connectBound(url))[Symbol.dispose]();
  const script = new URL("../clients/ws_talk.py", import.meta.url).pathname;
  const { lines, stderr } = await runPeer(python, [script, url]);
  assertEquals(JSON.parse(lines.at(-1) ?? stderr), {
    greeting: "opened /python 0",
    text: "text: ü",
    binary: [0, 255],
    fragments: "in three frames",
    pong: true,
    large: 1_000_000,
    extensions: [],
    closed: [4000, "bye"],
    told: [4001, "as you say"],
  });
  await node.waitForLine(/closed \/python 4000 bye$/);
  using peer = await WsPeer.connect(url);
  peer.send("throw");
  assertEquals(await peer.ended(), { code: 1011, reason: "the script failed" });
  await node.waitForLines([/Error: boom in message$/, /at .*\(web_sockets\.ts:15:\d+\)$/]);
  await node.waitForLine(/closed \/python 1011 the script failed$/);
});
