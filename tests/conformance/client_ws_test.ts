// Outbound WebSockets and server-sent events (issue 6, items 2 and 4; spec/http.md §4.5-4.6, §7.6 item 6) with servers that are
// not ours: Python's websockets, npm's ws, Deno.serve.
import { assert, assertEquals } from "@std/assert";
import { testNeeding } from "../clients/needs.ts";
import { type RunningNode, startNode } from "../clients/node.ts";
import { firstAnswer } from "./bound.ts";
import { Peer } from "./peer.ts";
import { readProgram } from "./scripts.ts";
import { WsServer } from "./ws_peer.ts";

const PROGRAM = readProgram("client_sockets.ts");
const FULL = Deno.env.get("FULL") === "1";
const SOCKETS = FULL ? 1_000 : 200;

async function startCaller(script = PROGRAM): Promise<RunningNode> {
  const node = await startNode({ files: { "client_sockets.ts": script } });
  await firstAnswer(urlOf(node, ""));
  return node;
}

function urlOf(node: RunningNode, path: string): string {
  return `${node.url}/client_sockets:client_sockets:template.os/${path}`;
}

async function ask<T>(node: RunningNode, what: string, query: Record<string, string>): Promise<T> {
  const response = await fetch(urlOf(node, `${what}?${new URLSearchParams(query)}`));
  return await response.json() as T;
}

testNeeding(["python"], "WebSocket and Python's websockets", async (t, { python }) => {
  const script = new URL("../clients/ws_server.py", import.meta.url).pathname;
  await using server = new Peer(python, [script]);
  const port = await server.waitForLine(/^\d+$/);
  await using node = await startCaller();
  const talk = (path: string) =>
    ask<string[]>(node, "open", { to: `ws://localhost:${port}${path}` });

  await t.step("text, bytes, headers, subprotocol, pings, fragments, codes both ways", async () => {
    const closed = ["close 4001 I go true"];
    const heard = ["open chat", "hello", "1,2,3", "kinode", "in three frames", "you go"];
    assertEquals(await talk("/talk"), [...heard, ...closed]);
    await server.waitForLine(/^closed 4001 I go$/);
    assertEquals(await talk("/closes"), ["open chat", "hello", "close 4000 that was all true"]);
  });

  await t.step("a slow handshake, a refused one, a large message", async () => {
    assertEquals((await talk("/large")).slice(1), ["x".repeat(100), "close 1000  true"]);
    assertEquals(await talk("/refused"), ["error true", "close 1006  false"]);
    const slow = ask<unknown>(node, "many", { to: `ws://localhost:${port}/slow`, count: "3" });
    assertEquals(await slow, { answered: 3, open: 3 });
  });
});

Deno.test("WebSocket and npm's ws: a connection that breaks off", async () => {
  await using server = await WsServer.start();
  await using node = await startCaller();
  const broken = ask<string[]>(node, "open", { to: server.url });
  const peer = await server.accept();
  assertEquals(await peer.nextText(), "hello");
  // With anything unread the system would say that the connection was reset.
  assertEquals((await peer.next()).bytes, new Uint8Array([1, 2, 3]));
  peer[Symbol.dispose]();
  assertEquals((await broken).at(-1), "close 1006  false");
  await node.waitForLine(
    /http_client: WebSocket \d+ of client_sockets:.* the connection broke off/,
  );
});

Deno.test("a connection outlives the version that opened it, and is opened anew when it is lost", async () => {
  await using server = await WsServer.start();
  const version = (number: number) =>
    PROGRAM.replace("VERSION = 0", `VERSION = ${number}`).replace('TO: ""', `TO: "${server.url}"`);
  await using node = await startCaller(version(1));
  let peer = await server.accept();
  assertEquals(await peer.nextText(), "open 1");
  for (const number of [2, 3]) {
    const from = node.lines.length;
    await node.drop("client_sockets.ts", version(number));
    peer.send(`for ${number}`); // While the script is being replaced, or before.
    await node.waitForLine("started client_sockets:", { from });
    const heard = [await peer.nextText(), await peer.nextText()];
    assert(heard.includes(`open ${number}`), heard.join());
    assert(heard.some((text) => text.endsWith(` heard for ${number}`)), heard.join());
    peer.send("still the same");
    assertEquals(await peer.nextText(), `${number} heard still the same`);
  }
  peer.close(1012, "restart");
  peer = await server.accept();
  assertEquals(await peer.nextText(), "open 3");
});

Deno.test("EventSource hears named events, remembers ids, and comes back", async () => {
  const asked: (string | null)[] = [];
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  const first =
    "retry: 10\n: a comment\n\ndata: one\ndata: more\nid: 1\n\ndata: two\r\nid: 2\r\n\r\ndata: cut";
  const server = Deno.serve(options, (request) => {
    asked.push(request.headers.get("last-event-id"));
    const text = asked.length === 1 ? first : "\ufeffevent: end\ndata: now\n\n";
    return new Response(text, { headers: { "content-type": "text/event-stream" } });
  });
  try {
    await using node = await startCaller();
    const heard = await ask<string[]>(node, "events", {
      to: `http://localhost:${server.addr.port}/`,
    });
    assertEquals(heard, ["open", "one\nmore 1", "two 2", "error", "open", "end now 2"]);
    assertEquals(asked, [null, "2"]);
  } finally {
    await server.shutdown();
  }
});

if (!FULL) console.log("SKIP 1,000 outbound WebSockets of one process: set FULL=1; 200 are tried");
Deno.test(`${SOCKETS} outbound WebSockets of one process at once, all answered`, async () => {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = ({ data }) => socket.send(data);
    return response;
  });
  try {
    await using node = await startCaller();
    const to = `ws://localhost:${server.addr.port}/`;
    for (let round = 0; round < 2; round++) { // The second time too: the first gave its places back.
      const said = await ask<unknown>(node, "many", { to, count: String(SOCKETS) });
      assertEquals(said, { answered: SOCKETS, open: SOCKETS });
    }
  } finally {
    await server.shutdown();
  }
});
