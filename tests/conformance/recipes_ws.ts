// The founding document's recipes over WebSockets, step by step (spec/http.md §6.3, §6.4): against their Python
// peers, and against npm's `ws`, which shows the frames.

import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { testNeeding } from "../clients/needs.ts";
import { type RunningNode, startNode } from "../clients/node.ts";
import { connectBound } from "./bound.ts";
import { Peer, runPeer } from "./peer.ts";
import { findClient, readExample } from "./scripts.ts";
import { WsPeer, WsServer } from "./ws_peer.ts";

const SERVER = "ws_server:ws_server:template.os";

function startClient(url: string): Promise<RunningNode> {
  const script = readExample("ws_client.ts", ["ws://localhost:8765", url]);
  return startNode({ files: { "ws_client.ts": script } });
}

testNeeding(
  ["python"],
  "spec/http.md §6.3 WS client against ws_server.py",
  async (_t, { python }) => {
    await using peer = new Peer(python, [findClient("ws_server.py"), "0"]);
    const started = await peer.waitForLine(/^Server started at ws:\/\/localhost:\d+$/);
    await using node = await startClient(started.replace("Server started at ", ""));
    await node.waitForLines([
      / ws_client:template\.os: ws_client: begin$/,
      / ws_client:template\.os: Received from server: Ok\("ack client connection"\)$/,
      "process fake.dev@ws_client:ws_client:template.os returned without error",
    ]);
    const { code, lines } = await peer.end();
    assertEquals(code, 0);
    assertEquals(lines.slice(1), [
      'Received response from client: "Hello from client"',
      "Shutting down server.",
    ]);
  },
);

Deno.test("spec/http.md §6.3.7 WS client: one text frame with the quotes of JSON", async () => {
  await using server = await WsServer.start();
  await using node = await startClient(server.url);
  const peer = await server.accept();
  peer.send("ack client connection");
  const frame = await peer.next();
  assertEquals([frame.text, frame.bytes.length], [true, 19]);
  assertEquals(new TextDecoder().decode(frame.bytes), '"Hello from client"');
  await node.waitForLine(" ws_client:template.os: Received from server: Ok(");
});

Deno.test("spec/http.md §6.3.5 WS client: a binary message fails the assertion and ends the process", async () => {
  await using server = await WsServer.start();
  await using node = await startClient(server.url);
  (await server.accept()).send(new Uint8Array([1]));
  await node.waitForLines([
    "process fake.dev@ws_client:ws_client:template.os ended with error:",
    /at .*ws_client\.ts:\d+:\d+/,
  ]);
});

Deno.test("spec/http.md §6.3.3 WS client without a server: one line that says so, and a normal end", async () => {
  const server = await WsServer.start();
  const { url } = server;
  await server[Symbol.asyncDispose]();
  await using node = await startClient(url);
  await node.waitForLines([
    / ws_client:template\.os: ws_client: begin$/,
    ` ws_client:template.os: error talking to ws: websocket_client: failed to open connection ${url}/.`,
    "process fake.dev@ws_client:ws_client:template.os returned without error",
  ]);
});

testNeeding(["python"], "spec/http.md §6.4 WS server with ws_client.py", async (t, { python }) => {
  await using node = await startNode({ files: { "ws_server.ts": readExample("ws_server.ts") } });
  await node.waitForLine(/ ws_server:template\.os: begin$/);
  const url = `${node.wsUrl}/${SERVER}`;
  const talk = (...flags: string[]) => runPeer(python, [findClient("ws_client.py"), ...flags, url]);
  const said = [
    'Received from server: "ack client connection"',
    "Sent to server: Hello from client",
  ];
  const heard = / ws_server:template\.os: got Text from WS: Ok\("Hello from client"\)$/;

  await t.step(
    "3-7: the client leaves without a close frame, nothing is printed of it",
    async () => {
      const { code, lines, stderr } = await talk();
      assertEquals([code, lines], [0, said]);
      assertStringIncludes(stderr, "was never awaited");
      await node.waitForLine(heard);
    },
  );

  await t.step("7: a second client may connect after it, and closes: got Close push", async () => {
    const from = node.lines.length;
    const { code, lines, stderr } = await talk("--clean-close");
    assertEquals([code, lines], [0, said]);
    assertFalse(stderr.includes("never awaited"), stderr);
    await node.waitForLines([heard, / ws_server:template\.os: got Close push$/], { from });
  });

  await t.step("7: and a third after that", async () => {
    const from = node.lines.length;
    assertEquals((await talk("--clean-close")).lines, said);
    await node.waitForLine(heard, { from });
  });
});

Deno.test("spec/http.md §6.4 WS server, frame by frame", async (t) => {
  await using node = await startNode({ files: { "ws_server.ts": readExample("ws_server.ts") } });
  const url = `${node.wsUrl}/${SERVER}`;
  await node.waitForLine(/ ws_server:template\.os: begin$/);
  using first = await connectBound(url);

  await t.step("4: the greeting is one text frame with the quotes of JSON", async () => {
    const frame = await first.next();
    assertEquals([frame.text, frame.bytes.length], [true, 23]);
    assertEquals(new TextDecoder().decode(frame.bytes), '"ack client connection"');
  });

  await t.step("7: a close frame is echoed", async () => {
    first.close(1000, "bye");
    assertEquals(await first.closed(), 1000);
    await node.waitForLine(/ ws_server:template\.os: got Close push$/);
  });

  await t.step(
    "3: a second client at the same time fails the assertion, and the process is gone",
    async () => {
      using second = await WsPeer.connect(url);
      await second.next();
      using third = await WsPeer.connect(url);
      await node.waitForLines([
        `process fake.dev@${SERVER} ended with error:`,
        /at .*ws_server\.ts:\d+:\d+/,
      ]);
      await Promise.all([second.closed(), third.closed()]);
      const restarted = node.lines.filter((line) => line.includes("restarting"));
      assert(restarted.length === 0, "on_exit None means gone");
    },
  );
});
