// What many clients together make the front door hold (issue 5, item 7): halves of WebSocket messages and of bodies, and
// answers that nobody takes. Each is within its limit; beyond the sum of --limit held_mb the oldest are cut, and others are served.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type RunningNode, startNode } from "../clients/node.ts";
import { connectBound, firstAnswer } from "./bound.ts";
import { RawHttp } from "./raw_http.ts";
import { PATH } from "./raw_http_cases.ts";
import { readProgram } from "./scripts.ts";
import { eventually } from "./within.ts";

const HELD_MB = 30;
const MB = 1024 * 1024;
const ECHO = "/echo:echo:template.os";
const CUT = `clients that do not go on make the node hold ${HELD_MB} MB: the oldest are cut`;

async function start(): Promise<{ node: RunningNode; port: number }> {
  const args = ["--listen", "127.0.0.1", "--limit", `held_mb=${HELD_MB}`];
  // What is said of a message is printed when http_server has it.
  const echo = `let sent = 0; export default { websocket: {
    message(ws, data) {
      ws.send(data === "big" ? new Uint8Array(10 * ${MB}) : data);
      if (data === "big") console.log(\`sent \${++sent}\`);
    },
  } };`;
  const files = {
    "raw_echo.ts": readProgram("raw_echo.ts"),
    "login.ts": readProgram("login.ts"),
    "echo.ts": echo,
  };
  const node = await startNode({ args, files });
  await firstAnswer(`${node.url}${PATH}`);
  return { node, port: Number(new URL(node.url).port) };
}

const HANDSHAKE =
  `GET ${ECHO} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** A masked frame, by a mask that changes nothing. */
function frame(opcode: number, length: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(14 + payload.length);
  bytes[0] = 0x80 | opcode;
  bytes[1] = 0x80 | 127;
  new DataView(bytes.buffer).setBigUint64(2, BigInt(length));
  bytes.set(payload, 14);
  return bytes;
}

async function connectWs(port: number, reads = true): Promise<RawHttp> {
  const client = await RawHttp.connect(port, { reads });
  await client.send(HANDSHAKE);
  return client;
}

async function assertServes(node: RunningNode): Promise<void> {
  using peer = await connectBound(`${node.wsUrl}${ECHO}`);
  peer.send("hello");
  assertEquals(await peer.nextText(), "hello");
  assertEquals((await firstAnswer(`${node.url}${PATH}/after`)).text, "GET /after ");
}

Deno.test("halves of WebSocket messages are bounded in sum, and the oldest are cut", async () => {
  const { node, port } = await start();
  await using _ = node;
  await assertServes(node);
  const clients: RawHttp[] = [];
  for (let i = 0; i < 20; i++) {
    const client = await connectWs(port);
    clients.push(client);
    await client.send(frame(2, 60 * MB, new Uint8Array(5 * MB)));
  }
  await node.waitForLine(CUT);
  const cut = () => clients.filter(({ ended }) => ended !== null);
  await eventually("the oldest cut", () => Promise.resolve(cut().length >= 14 || undefined));
  assertEquals(clients.at(-1)!.ended, null);
  await assertServes(node);
  for (const client of clients) client[Symbol.dispose]();
});

Deno.test("halves of bodies are bounded in sum, and take no room that others need", async () => {
  const { node, port } = await start();
  await using _ = node;
  const whole = "/login:login:template.os/open";
  await firstAnswer(`${node.url}${whole}`);
  const clients: RawHttp[] = [];
  for (let i = 0; i < 17; i++) {
    const client = await RawHttp.connect(port);
    clients.push(client);
    await client.send(`POST ${whole} HTTP/1.1\r\nHost: h\r\nContent-Length: ${16 * MB}\r\n\r\n`);
  }
  // They have announced more than there is room for, and sent nothing.
  const post = async () =>
    assertStringIncludes(
      (await firstAnswer(`${node.url}${whole}`, { method: "POST", body: "mine" })).text,
      "POST /open",
    );
  await post();
  for (const client of clients) await client.send(new Uint8Array(5 * MB));
  await node.waitForLine(CUT);
  const cut = () => clients.filter(({ ended }) => ended !== null);
  await eventually("the oldest cut", () => Promise.resolve(cut().length >= 11 || undefined));
  assertEquals(clients.at(-1)!.ended, null);
  await post();
  for (const client of clients) client[Symbol.dispose]();
});

/** The beginning of a message: so many fragments of one byte, seven bytes each as they are sent. */
function fragments(count: number): Uint8Array {
  const bytes = new Uint8Array(7 * count);
  for (let i = 0; i < count; i++) bytes.set([i === 0 ? 0x02 : 0x00, 0x81], 7 * i);
  return bytes;
}

Deno.test("halves in a great many fragments count as what they cost, and the oldest are cut", async () => {
  const { node, port } = await start();
  await using _ = node;
  await assertServes(node);
  const clients: RawHttp[] = [];
  for (let i = 0; i < 20; i++) {
    const client = await connectWs(port);
    clients.push(client);
    await client.send(fragments(50_000)); // 350 kB; the node needs twenty times as much.
  }
  await node.waitForLine(CUT);
  await assertServes(node);
  for (const client of clients) client[Symbol.dispose]();
});

Deno.test("answers that nobody takes are bounded in sum, and the oldest are cut", async () => {
  const { node, port } = await start();
  await using _ = node;
  await assertServes(node);
  const readers: RawHttp[] = [];
  for (let i = 0; i < 5; i++) {
    const client = await RawHttp.connect(port, { reads: false });
    await client.send(`GET ${PATH}/big HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
    readers.push(client);
  }
  await node.waitForLine(CUT);
  await assertServes(node);
  for (const client of readers) client.read();
  const open = () => readers.filter(({ ended }) => ended === null);
  await eventually("ends", () => Promise.resolve(open().length === 0 || undefined));
  const whole = readers.filter(({ bytesRead }) => bytesRead > 24 * MB);
  assert(whole.length < readers.length - 1, `${whole.length} had their answer whole`);
  await assertServes(node);
  for (const client of readers) client[Symbol.dispose]();
});

Deno.test("messages that WebSockets do not take are bounded in sum, and the oldest are cut", async () => {
  const { node, port } = await start();
  await using _ = node;
  await assertServes(node);
  const readers: RawHttp[] = [];
  for (let i = 0; i < 10; i++) {
    const client = await connectWs(port, false);
    await client.send(frame(1, 3, new TextEncoder().encode("big")));
    readers.push(client);
  }
  await node.waitForLine("echo:template.os: sent 10");
  await node.waitForLine(CUT);
  for (const client of readers) client.read();
  const cut = () => readers.filter(({ ended }) => ended !== null);
  // Of 10 MB each, some lie in the system's own buffers.
  await eventually("ends", () => Promise.resolve(cut().length >= 3 || undefined));
  await assertServes(node);
  for (const client of readers) client[Symbol.dispose]();
});
