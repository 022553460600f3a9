// Sub-protocols (RFC 6455 §1.9, §4.2.2): Kinode selects none; a script may name those that it speaks.

import { assertEquals, assertRejects } from "@std/assert";
import { openPage } from "../clients/browser.ts";
import { testNeeding } from "../clients/needs.ts";
import { type RunningNode, startNode } from "../clients/node.ts";
import { connectBound, firstAnswer } from "./bound.ts";
import { LISTENERS } from "./ws_channel.ts";
import { WsPeer } from "./ws_peer.ts";

const script = (version: number) => `
export default {
  websocket: {
    protocols: ["chat.v2", "chat"],
    open(ws, { resumed }) { ws.send(ws.protocol + " " + resumed + " ${version}"); },
  },
};`;
const NAME = "chat:chat:template.os";
/** A script of its own: where HTTP is bound and WebSockets are not yet, a handshake is a GET (spec/http.md §3.3). */
const PAGE = `export default {
  fetch: () => new Response("<title>page</title>", { headers: { "content-type": "text/html" } }),
};`;

async function start(args: string[]): Promise<RunningNode> {
  const node = await startNode({ args, files: { "chat.ts": script(1), "page.ts": PAGE } });
  const peer = await connectBound(`${node.wsUrl}/${NAME}`);
  assertEquals([peer.protocol, await peer.nextText()], ["", " false 1"]);
  peer.close();
  return node;
}

for (const [listener, args] of LISTENERS) {
  Deno.test(`the first sub-protocol of the client's that the script speaks is selected, ${listener}`, async () => {
    await using node = await start(args);
    const url = `${node.wsUrl}/${NAME}`;
    using peer = await WsPeer.connect(url, ["mqtt", "chat", "chat.v2"]);
    assertEquals([peer.protocol, await peer.nextText()], ["chat", "chat false 1"]);
    // `ws`, like a browser, goes away where none is selected.
    await assertRejects(() => WsPeer.connect(url, ["mqtt"]), Error, "subprotocol");
    await node.drop("chat.ts", script(2));
    assertEquals(await peer.nextText(), "chat true 2");
  });
}

testNeeding(
  ["chromium"],
  "a browser that offers sub-protocols connects, and sees which was selected",
  async (_t, { chromium }) => {
    await using node = await start([]);
    await firstAnswer(`${node.url}/page:page:template.os`);
    await using page = await openPage(chromium, `${node.url}/page:page:template.os`);
    await page.waitFor(`document.title === "page"`);
    const url = JSON.stringify(`${node.wsUrl}/${NAME}`);
    const heard = await page.evaluate(`new Promise((resolve) => {
      const socket = new WebSocket(${url}, ["chat.v2", "other"]);
      socket.onmessage = ({ data }) => resolve(socket.protocol + ": " + data);
      socket.onerror = () => resolve("error");
    })`);
    assertEquals(heard, "chat.v2: chat.v2 false 1");
  },
);

Deno.test("names that are none are refused when the script binds, and the line says which may be", async () => {
  const files = { "chat.ts": script(1).replace('"chat"]', '"two words"]') };
  await using node = await startNode({ files });
  await node.waitForLine(/protocols: expected names of letters, digits and/);
});
