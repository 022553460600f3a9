// The founding document's recipe of pushes that name the kind of their reply (spec/http.md §6.5), and what only
// waiting shows: 15 seconds until a push without Response, and a request without answer, are given up (§6.2.7).

import { assertEquals } from "@std/assert";
import { curl } from "../clients/curl.ts";
import { testNeeding } from "../clients/needs.ts";
import { type RunningNode, startNode } from "../clients/node.ts";
import { runPeer } from "./peer.ts";
import { findClient, readExample, readProgram } from "./scripts.ts";
import { WsPeer } from "./ws_peer.ts";

const ENVELOPE = "81b457656253" + "6f636b65744578745075736844617461" + "83a26964";
const REPLY_TYPE = "b36b696e6f64655f6d6573736167655f74797065a8526573706f6e7365";
const BLOB = "a4626c6f62dc0016ccb561636b20636c69656e7420636f6e6e656374696f6e";
/** `b1` and "Hello from client": a bare MessagePack string. */
const HELLO = "b148656c6c6f2066726f6d20636c69656e74";

const WAIT_SECONDS = 25;

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `reply` as Kinode's way of serving it, and `mirrored` on a path for extensions, for a client that answers so. */
function startReplyNode(): Promise<RunningNode> {
  const bind = "http.bindWsPath(WS_PATH, false, false)";
  return startNode({
    files: {
      "ws_server_with_reply.ts": readExample("ws_server_with_reply.ts"),
      "mirrored.ts": readExample("ws_server_with_reply.ts", [bind, "http.bindExtPath(WS_PATH)"]),
      "http_server.ts": readExample("http_server.ts"),
      "silent.ts": readProgram("silent.ts"),
    },
  });
}

/** Hears the greeting, answers it; the id that the envelope bears. */
async function talk(url: string, reply: (id: string) => string): Promise<WsPeer> {
  const peer = await WsPeer.connect(url);
  const { text, bytes } = await peer.next();
  assertEquals(text, false);
  const hex = hexOf(bytes);
  // A random u64 is nearly always written in nine bytes; MessagePack writes a small one shorter.
  const id = hex.slice(ENVELOPE.length, -(REPLY_TYPE.length + BLOB.length));
  assertEquals(hex, ENVELOPE + id + REPLY_TYPE + BLOB);
  peer.send(bytesOf(reply(id)));
  return peer;
}

const greeted = (name: string) => ` ${name}:template.os: got Text from WS: Ok("Hello from client")`;
const path = (name: string) => `/${name}:${name}:template.os`;

testNeeding(["python", "curl"], "spec/http.md §6.5: replies, and waits", async (t, { python }) => {
  await using node = await startReplyNode();
  const url = node.wsUrl + path("ws_server_with_reply");
  for (const name of ["ws_server_with_reply", "mirrored", "http_server"]) {
    await node.waitForLine(` ${name}:template.os: begin`);
  }
  await node.waitForLine(" silent:template.os: bound");

  await t.step("4-6: ws_client_with_reply.py unwraps the greeting and is heard", async () => {
    const { code, lines } = await runPeer(python, [findClient("ws_client_with_reply.py"), url]);
    assertEquals([code, lines], [0, ["Received from server: ack client connection"]]);
    await node.waitForLine(greeted("ws_server_with_reply"));
  });
  const unanswered = Promise.all([
    curl([node.url + path("silent")]),
    curl([node.url + path("http_server")]),
  ]);

  await t.step(
    "10: a mirrored envelope is the Response, whose bytes the process reads",
    async () => {
      const reply = (id: string) => `${ENVELOPE}${id}${REPLY_TYPE}a4626c6f62c412${HELLO}`;
      using _peer = await talk(node.wsUrl + path("mirrored"), reply);
      await node.waitForLine(greeted("mirrored"));
    },
  );

  await t.step("3, 5, 6: the frames to the byte; a bare string back is a Request", async () => {
    const from = node.lines.length;
    using _peer = await talk(url, () => HELLO);
    await node.waitForLine(greeted("ws_server_with_reply"), { from });
  });

  await t.step(
    "§6.2.7, §2.5: a request that the process does not answer ends with 408",
    async () => {
      assertEquals((await unanswered).map(({ status }) => status), [408, 408]);
      await node.waitForLine(" http_server:template.os: received a non-PUT HTTP request, skipping");
    },
  );

  await t.step("8: 15 s after a push got send error!, and none where it was answered", async () => {
    const late = (name: string) => ` ${name}:template.os: got send error!`;
    const both = [late("ws_server_with_reply"), late("ws_server_with_reply")];
    await node.waitForLines(both, { timeoutSeconds: WAIT_SECONDS });
    assertEquals(node.lines.filter((line) => line.endsWith(late("mirrored"))), []);
  });
});
