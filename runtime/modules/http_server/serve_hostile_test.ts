/** HTTP clients that do harm: to the node's memory, to other requests, to the end of the node. */
import { assertEquals, assertMatch } from "@std/assert";
import { HTTP_ARRIVING_BYTES_MAX, HTTP_BODY_BYTES_MAX, HTTP_PENDING_MAX } from "../../limits.ts";
import { textOf } from "../../protocol/message.ts";
import { Bindings } from "./bindings.ts";
import { Channels } from "./channels.ts";
import { Access } from "./access.ts";
import { ArrivingBodies } from "./bodies.ts";
import { Reserved } from "./reserved.ts";
import { Hosts } from "./hosts.ts";
import { Rpc } from "./rpc.ts";
import { Forward } from "./forward.ts";
import { RequestHandler } from "./handler.ts";
import { Listener } from "./serve.ts";
import { DEFAULT_SETTINGS } from "./settings.ts";
import {
  app,
  asked as owner,
  eraB,
  HANDSHAKE,
  makePending,
  PATH,
  type RawClient,
  serving,
  Testbed,
  testLogin,
} from "./testing.ts";

const head = (fields: string) => `POST ${PATH} HTTP/1.1\r\nHost: h\r\n${fields}\r\n\r\n`;
const CHUNKED = "Transfer-Encoding: chunked";

/** Still answers an honest client. */
async function assertAlive(testbed: Testbed, init?: RequestInit): Promise<void> {
  const response = fetch(testbed.url(PATH), init);
  testbed.respond(await testbed.next(), 200, "alive");
  assertEquals(await (await response).text(), "alive");
}

// A body that is larger than the node wants to hold.
Deno.test("a body that announces too much is answered 413 before it is sent", () =>
  serving(async (testbed) => {
    const client = await testbed.connect();
    await client.write(head(`Content-Length: ${HTTP_BODY_BYTES_MAX + 1}`));
    assertMatch(await client.readUntil("\r\n"), / 413 /);
    client.close();
    assertEquals(testbed.rest(), []);
    await assertAlive(testbed);
  }));

Deno.test("a body of chunks without end is answered 413 when it is too large", () =>
  serving(async (testbed) => {
    const client = await testbed.connect();
    await client.write(head(CHUNKED));
    const chunk = new Uint8Array(65_536 + 9).fill(0x61);
    chunk.set(new TextEncoder().encode("10000\r\n"));
    chunk.set([13, 10], chunk.length - 2);
    const answered = client.readUntil("\r\n");
    let open = true;
    answered.finally(() => open = false);
    for (let i = 0; i < 1_000 && open; i++) await client.write(chunk).catch(() => open = false);
    assertMatch(await answered, / 413 /);
    client.close();
    assertEquals(testbed.rest(), []);
    await assertAlive(testbed);
  }));

// Clients that go away in the middle.
for (
  const [name, sent] of [
    ["in the request line", `POST ${PATH}`],
    ["in the headers", `POST ${PATH} HTTP/1.1\r\nHost: h\r\nX-`],
    ["before an announced body", head("Content-Length: 5")],
    ["in an announced body", `${head("Content-Length: 5")}abc`],
    ["in a chunked body", `${head(CHUNKED)}5\r\nhello\r\n`],
    ["in a chunk's length", `${head(CHUNKED)}5`],
    ["with a broken chunk", `${head(CHUNKED)}zz\r\n`],
  ] as const
) {
  Deno.test(`a client that leaves ${name} reaches no process`, () =>
    serving(async (testbed) => {
      const client = await testbed.connect();
      await client.write(sent);
      client.close();
      await assertAlive(testbed);
      assertEquals(testbed.rest(), []);
    }));
}

// A Host header that says a path, to reach a process whose path a proxy would have refused.
Deno.test("a Host header cannot move the path", () =>
  serving(async (testbed) => {
    for (const host of [`h${PATH}?`, `h${PATH}#`, "h/", "h@g", "a b", "[::1", "h:x"]) {
      const client = await testbed.connect();
      await client.write(`GET /x HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      assertMatch(await client.readUntil("\r\n"), / 400 /, host);
      client.close();
    }
    assertEquals(testbed.rest(), []);
  }));

Deno.test("a request line in absolute form must name the Host", () =>
  serving(async (testbed) => {
    for (
      const [host, status] of [["other:1", / 400 /], ["h:1", / 200 /], ["H:1", / 200 /]] as const
    ) {
      const client = await testbed.connect();
      await client.write(`GET http://h:1${PATH} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      if (status.source === " 200 ") testbed.respond(await testbed.next(), 200);
      assertMatch(await client.readUntil("\r\n"), status);
      client.close();
    }
  }));

Deno.test("a request without Host is for localhost", () =>
  serving(async (testbed) => {
    const client = await testbed.connect();
    await client.write(`GET ${PATH} HTTP/1.0\r\n\r\n`);
    const asked = await testbed.next();
    assertEquals(JSON.parse(textOf(asked.body)).Http.url, `http://localhost${PATH}`);
    testbed.respond(asked, 200, "old");
    assertMatch(await client.readToEnd(), /old$/);
    client.close();
  }));

// Requests that nobody answers, until memory is full.
Deno.test("over the limit of waiting requests a client is told so at once", async () => {
  const parts = makePending();
  const { pending } = parts;
  const listener = listenerWith(parts);
  const port = listener.listen({ hostname: "127.0.0.1", port: 0 });
  const one = new Request("http://h/");
  for (let id = 0; id < HTTP_PENDING_MAX; id++) pending.add(BigInt(id), one, owner);
  const response = await fetch(`http://127.0.0.1:${port}${PATH}`);
  assertEquals(response.status, 503);
  assertMatch(await response.text(), /^overloaded/);
  pending.close();
  await listener.close();
});

// Uploads that announce much and do not come: by what they announce, sixteen of them kept all others out.
Deno.test("bodies that are announced and do not come keep no others out", () =>
  serving(async (testbed) => {
    const clients: RawClient[] = [];
    for (let bytes = 0; bytes < 2 * HTTP_ARRIVING_BYTES_MAX; bytes += HTTP_BODY_BYTES_MAX) {
      const client = await testbed.connect();
      await client.write(head(`Content-Length: ${HTTP_BODY_BYTES_MAX}\r\nExpect: 100-continue`));
      await client.readUntil("100 Continue"); // The server reads this body now.
      clients.push(client);
    }
    for (const body of ["one more", "x".repeat(100_000)]) {
      const response = fetch(testbed.url(PATH), { method: "POST", body });
      const asked = await testbed.next();
      assertEquals(asked.lazy_load_blob!.bytes.length, body.length);
      testbed.respond(asked, 200);
      assertEquals((await response).status, 200);
      await (await response).body?.cancel();
    }
    for (const client of clients) client.close();
  }));

const LEAVING = "a client that leaves while the process works frees its place";
const tellsOfLeaving = !Deno.version.deno.startsWith("2.4.");
if (!tellsOfLeaving) console.log(`SKIP ${LEAVING}: Deno 2.4 does not tell when a client leaves`);

Deno.test(LEAVING, { ignore: !tellsOfLeaving }, async () => {
  const parts = makePending({ lookMs: 1 });
  const { pending } = parts;
  let asked: () => void;
  const sent = new Promise<void>((resolve) => asked = resolve);
  const listener = listenerWith(parts, () => asked());
  const port = listener.listen({ hostname: "127.0.0.1", port: 0 });
  const client = await Deno.connect({ hostname: "127.0.0.1", port });
  await client.write(new TextEncoder().encode(`GET ${PATH} HTTP/1.1\r\nHost: h\r\n\r\n`));
  await sent;
  assertEquals(pending.size, 1);
  client.close();
  while (pending.size > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await listener.close();
  pending.close();
});

// Handshakes that are reset before their answer is written: Deno never tells that such a socket is gone.
Deno.test("clients that reset in the handshake leave nothing behind", async () => {
  const log = { info: () => {}, warn: () => {} };
  const channels = new Channels({ send: () => {}, log, ...DEFAULT_SETTINGS });
  const parts = makePending();
  const listener = listenerWith(parts, () => {}, channels);
  const port = listener.listen({ hostname: "127.0.0.1", port: 0 });
  for (let i = 0; i < 100; i++) {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const handshake = `GET ${PATH} HTTP/1.1\r\nHost: h\r\n${HANDSHAKE}\r\n`;
    // Closing with an answer half read makes the system send a reset.
    await conn.write(new TextEncoder().encode(`GET /none HTTP/1.1\r\nHost: h\r\n\r\n`));
    await conn.read(new Uint8Array(1));
    await conn.write(new TextEncoder().encode(handshake));
    conn.close();
  }
  await (await fetch(`http://127.0.0.1:${port}/none`)).body?.cancel();
  while (channels.size > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await listener.close();
});

// Clients that keep the node from stopping.
Deno.test("close() answers who waits, and does not wait for who stalls", async () => {
  const testbed = new Testbed().listen();
  testbed.bind("/");
  testbed.bindWs("/");
  testbed.rest();
  const waiting = fetch(testbed.url(PATH));
  await testbed.next();
  const stalled = await testbed.connect();
  await stalled.write(`${head("Content-Length: 9")}abc`);
  const idle = await testbed.connect();
  const socket = await testbed.connectWs(PATH);
  const started = performance.now();
  await testbed.server.close();
  assertEquals(performance.now() - started < 1_000, true);
  assertEquals((await waiting).status, 503);
  await (await waiting).body?.cancel();
  for (const client of [stalled, idle, socket]) client.close();
  await testbed.server.close(); // Now there is nobody to wait for.
});

function listenerWith(
  parts: ReturnType<typeof makePending>,
  send: () => void = () => {},
  channels?: Channels,
): Listener {
  const bindings = new Bindings();
  const flags = { app, boundAs: eraB, authenticated: false, subdomain: null };
  bindings.bindHttp("/", { ...flags, local_only: false, content: null, streaming: false });
  bindings.bindWs("/", { ...flags, extension: false });
  const log = { info: () => {}, warn: () => {} };
  channels ??= new Channels({ send, log, ...DEFAULT_SETTINGS });
  const bodies = new ArrivingBodies(HTTP_BODY_BYTES_MAX);
  const rpc = new Rpc({ node: "fake.dev", source: eraB, send });
  const reserved = new Reserved({ login: testLogin, rpc, bodies });
  const access = new Access(testLogin);
  const forward = new Forward({ bodies, send, ...parts });
  return new Listener(
    new RequestHandler({
      bindings,
      channels,
      reserved,
      access,
      hosts: new Hosts([]),
      forward,
      log,
    }),
    DEFAULT_SETTINGS,
  );
}
