// The front door (issue 5, item 7): who may connect, who is believed, what a WebSocket handshake must be, and what
// independent clients find behind it.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { WebSocket } from "ws";
import { curl } from "../clients/curl.ts";
import { testNeeding } from "../clients/needs.ts";
import { type RunningNode, runNode, startNode } from "../clients/node.ts";
import { connectBound } from "./bound.ts";
import { runPeer } from "./peer.ts";
import { RawHttp } from "./raw_http.ts";
import { readProgram } from "./scripts.ts";
import { eventually, within } from "./within.ts";

const PATH = "/who_asks:who_asks:template.os";
const files = { "who_asks.ts": readProgram("who_asks.ts") };

async function start(...args: string[]): Promise<{ node: RunningNode; port: number }> {
  const node = await startNode({ args, files });
  await node.waitForLine(" who_asks:template.os: bound");
  return { node, port: Number(new URL(node.url).port) };
}

const listen = ["--listen", "127.0.0.1"];

Deno.test("--listen 0.0.0.0 says in plain words what that means", async () => {
  const { node } = await start("--listen", "0.0.0.0");
  await using _ = node;
  const said = node.stderr.join("\n");
  assertStringIncludes(said, "it listens on every address of this machine, port ");
  assertStringIncludes(said, "without a login");
  assertStringIncludes(said, "is not encrypted");
  assertStringIncludes(said, "--fake takes every password");
  assertMatch(node.url, /^http:\/\/localhost:/);
});

Deno.test("flags of the front door that are no good are named", async (t) => {
  const wrong: [string[], number, string][] = [
    [["--listen", "a b"], 2, "--listen a b: it wants an address"],
    [
      ["--listen", "127.0.0.1:80", "--port", "81"],
      2,
      "--port 81: --listen 127.0.0.1:80 names a port already",
    ],
    [["--limit", "conections=9"], 2, "Did you mean connections?"],
    [["--limit", "connections=many"], 2, "it wants a name and a number above 0"],
    [["--trust-proxy", "10.0.0.0/33"], 2, "--trust-proxy 10.0.0.0/33: this is neither"],
  ];
  const home = await Deno.makeTempDir({ prefix: "kinode-flags-" });
  for (const [args, code, said] of wrong) {
    await t.step(args.join(" "), async () => {
      const ended = await runNode(["--fake", "--home", home, ...args]);
      assertStringIncludes(ended.stderr, said);
      assertEquals(ended.code, code);
    });
  }
  await Deno.remove(home, { recursive: true });
});

testNeeding(["curl"], "connections are bounded, of one address and in all", async (t) => {
  const limits = ["--limit", "connections_per_address=5", "--limit", "connections=8"];
  const { node, port } = await start("--listen", "0.0.0.0", ...limits);
  await using _ = node;
  const from = (address: string) =>
    curl(["--interface", address, `http://127.0.0.1:${port}${PATH}`]);
  const silent: RawHttp[] = [];
  for (let i = 0; i < 5; i++) silent.push(await RawHttp.connect(port));
  await t.step("the sixth of one address is turned away with 503", async () => {
    const status = await eventually("refusal", async () => {
      const { status } = await from("127.0.0.1");
      return status === 200 ? undefined : status;
    });
    assertEquals(status, 503);
    await node.waitForLine("127.0.0.1 has 5 connections open: more are refused");
  });
  await t.step("another address is served", async () => {
    assertEquals((await from("127.0.0.2")).status, 200);
  });
  await t.step("and when one leaves, the next may come", async () => {
    silent.pop()![Symbol.dispose]();
    await eventually("answer", async () => (await from("127.0.0.1")).status === 200 || undefined);
  });
  for (const client of silent) client[Symbol.dispose]();
});

testNeeding(
  ["curl"],
  "--trust-proxy: X-Forwarded is believed from there, and from nobody else",
  async (t) => {
    const { node, port } = await start(
      "--trust-proxy",
      "127.0.0.9,10.0.0.0/8",
      "--listen",
      "127.0.0.1",
    );
    await using _ = node;
    const url = `http://127.0.0.1:${port}${PATH}`;
    const ask = async (address: string, path: string, ...headers: string[]) => {
      const fields = headers.flatMap((field) => ["-H", field]);
      return await curl(["--interface", address, ...fields, url + path]);
    };
    const stranger = [
      "X-Forwarded-For: 203.0.113.5",
      "X-Forwarded-Proto: https",
      "X-Forwarded-Host: good.example",
    ];
    await t.step("from the proxy: the client's address, scheme and host", async () => {
      const { text } = await ask("127.0.0.9", "", ...stranger);
      assertEquals(JSON.parse(text), {
        from: "203.0.113.5:0",
        url: `https://good.example${PATH}`,
        host: "good.example",
      });
    });
    await t.step("behind several proxies: the last that none of ours vouches for", async () => {
      const { text } = await ask(
        "127.0.0.9",
        "",
        "X-Forwarded-For: 1.1.1.1, 203.0.113.5, 10.1.2.3",
      );
      assertEquals(JSON.parse(text).from, "203.0.113.5:0");
    });
    await t.step("from anybody else they change nothing", async () => {
      const { text } = await ask("127.0.0.1", "", ...stranger);
      assertMatch(JSON.parse(text).from, /^127\.0\.0\.1:\d+$/);
      assertEquals(JSON.parse(text).url, `http://127.0.0.1${PATH}`);
    });
    await t.step("local_only: this machine, without a proxy between", async () => {
      assertEquals((await ask("127.0.0.1", "/local")).status, 200);
      assertEquals((await ask("127.0.0.1", "/local", "X-Forwarded-For: 127.0.0.1")).status, 403);
      assertEquals((await ask("127.0.0.1", "/local", "Forwarded: for=127.0.0.1")).status, 403);
      assertEquals((await ask("127.0.0.9", "/local", "X-Forwarded-For: 127.0.0.1")).status, 403);
      assertEquals((await ask("127.0.0.9", "/local")).status, 403);
    });
    await t.step("what contradicts itself is 400", async () => {
      for (
        const field of [
          "X-Forwarded-For: nobody",
          "X-Forwarded-Proto: gopher",
          "X-Forwarded-Host: a/b",
        ]
      ) {
        assertEquals((await ask("127.0.0.9", "", field)).status, 400, field);
      }
    });
  },
);

Deno.test("RFC 6455 §4.2.1: a handshake that is none is 400, or 426 with the version that is spoken", async (t) => {
  const { node, port } = await start(...listen);
  await using _ = node;
  const good: Record<string, string> = {
    Host: "h",
    Connection: "keep-alive, Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  };
  const ask = async (change: Record<string, string | null>, method = "GET", path = PATH) => {
    using client = await RawHttp.connect(port);
    const fields = Object.entries({ ...good, ...change }).filter(([, value]) => value !== null);
    const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    await client.send(`${method} ${path} HTTP/1.1\r\n${lines}\r\n`);
    await client.wait(() => client.answers.length > 0, 20_000);
    return client.answers[0]!;
  };
  await t.step("as it must be: 101", async () => {
    const { status, head } = await ask({});
    assertEquals(status, 101);
    assertStringIncludes(head, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  });
  const wrong: [string, Record<string, string | null>, number][] = [
    ["no version", { "Sec-WebSocket-Version": null }, 426],
    ["version 8", { "Sec-WebSocket-Version": "8" }, 426],
    ["no key", { "Sec-WebSocket-Key": null }, 400],
    ["a short key", { "Sec-WebSocket-Key": "abc" }, 400],
    ["no Connection: Upgrade", { Connection: "keep-alive" }, 400],
    ["a body", { "Content-Length": "3" }, 400],
  ];
  for (const [name, change, status] of wrong) {
    await t.step(`${name}: ${status}`, async () => {
      const answer = await ask(change);
      assertEquals(answer.status, status);
      if (status === 426) assertMatch(answer.head, /^sec-websocket-version: 13$/im);
    });
  }
  await t.step("a POST: 400", async () => assertEquals((await ask({}, "POST")).status, 400));
  await t.step("where nobody serves WebSockets: 404, whatever it is", async () => {
    assertEquals((await ask({}, "GET", "/nobody")).status, 404);
  });
});

const PYTHON = `
import asyncio, sys, websockets
async def main(url):
    async with websockets.connect(url, ping_interval=None) as socket:
        await asyncio.wait_for(await socket.ping(b"are you there"), 10)
        await socket.send(["frag", "ment", "ed"])
        print(await socket.recv())
        print(await socket.recv())
        await socket.close(4321, "done")
        print(socket.close_code)
asyncio.run(main(sys.argv[1]))`;

testNeeding(
  ["python"],
  "Python's websockets: ping, fragments, close; pings reach the process",
  async (_t, { python }) => {
    const { node } = await start(...listen);
    await using _ = node;
    const { lines, stderr } = await runPeer(python, ["-c", PYTHON, `${node.wsUrl}${PATH}`]);
    assertEquals(lines, ["Ping are you there", "Pong fragmented", "4321"], stderr);
  },
);

Deno.test("npm's ws: what the process pushes as Ping arrives as one, and its pong is heard", async () => {
  const { node } = await start(...listen);
  await using _ = node;
  const socket = new WebSocket(`${node.wsUrl}${PATH}`);
  const once = (event: string) =>
    within(event, new Promise<Uint8Array>((resolve) => socket.once(event, resolve)));
  await once("open");
  const [ping, text] = [once("ping"), once("message")];
  socket.send("beat");
  assertEquals(new TextDecoder().decode(await ping), "beat");
  assertEquals(new TextDecoder().decode(await text), "Pong beat");
  const closed = once("close");
  socket.close(1000);
  assertEquals(await closed as unknown, 1000);
});

function handshake(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
}

Deno.test("a WebSocket that answers no ping is cut", async () => {
  const { node, port } = await start(...listen, "--limit", "ping_seconds=0.5");
  await using _ = node;
  using client = await RawHttp.connect(port);
  await client.send(handshake(PATH));
  await client.wait(() => client.ended !== null, 20_000);
  assertEquals(client.answers.map(({ status }) => status), [101]);
  assert(client.ended !== null, "it is open still");
});

Deno.test("a binding's own keepalive holds behind the front door, too", async () => {
  const { node, port } = await start(...listen);
  await using _ = node;
  const script = `export default { websocket: { keepalive: 1, message() {} } };`;
  await node.drop("short.ts", script);
  await node.waitForLine("started short:");
  using client = await eventually("handshake", async () => {
    const client = await RawHttp.connect(port);
    await client.send(handshake("/short:short:template.os"));
    await client.wait(() => client.answers.length > 0, 20_000);
    return client.answers[0]?.status === 101 ? client : undefined;
  });
  await client.wait(() => client.ended !== null, 20_000);
  assert(client.ended !== null, "it is open still");
});

Deno.test("a script that is saved keeps its WebSockets behind the front door", async () => {
  const { node } = await start(...listen);
  await using _ = node;
  const version = (number: number) =>
    `export default { websocket: {
      open(ws, how) { ws.send("${number} " + Boolean(how?.resumed)); },
      message(ws, data) { ws.send("${number} heard " + data); },
    } };`;
  await node.drop("kept.ts", version(1));
  using peer = await connectBound(`${node.wsUrl}/kept:kept:template.os`);
  assertEquals(await peer.nextText(), "1 false");
  const from = node.lines.length;
  await node.drop("kept.ts", version(2));
  await node.waitForLine("started kept:", { from });
  assertEquals(await peer.nextText(), "2 true");
  peer.send("you");
  assertEquals(await peer.nextText(), "2 heard you");
});

Deno.test("a node that stops says 1001 to its WebSockets, and waits for nobody", async () => {
  const { node, port } = await start(...listen);
  await using _ = node;
  const socket = new WebSocket(`${node.wsUrl}${PATH}`);
  await within("open", new Promise((resolve) => socket.once("open", resolve)));
  using _silent = await RawHttp.connect(port);
  const closed = within("close", new Promise((resolve) => socket.once("close", resolve)));
  assertEquals(await node.stop(), 0);
  assertEquals(await closed, 1001);
});
