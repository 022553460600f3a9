/** Against bare TCP, so that every byte of both heads is seen. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CLIENT_HANDSHAKE_BYTES_MAX } from "../../limits.ts";
import { outgoing } from "./headers.ts";
import {
  dial,
  RawServer,
  readHead,
  serverFrame,
  switching,
  untilClosed,
  write,
} from "./testing.ts";
import { openConnection } from "./ws_handshake.ts";

function open(url: string, headers: Record<string, string> = {}, signal?: AbortSignal) {
  const wish = { url: new URL(url), headers: outgoing(headers), caCerts: [], dial };
  return openConnection(wish, signal ?? new AbortController().signal);
}

/** The head that a server sees, without the key. */
async function headOf(path: string, headers: Record<string, string> = {}, user = "") {
  let head = "";
  await using server = new RawServer(async (connection) => {
    head = await readHead(connection);
    await write(connection, await switching(head));
  });
  const { connection } = await open(`ws://${user}${server.host}${path}`, headers);
  connection.close();
  const lines = head.trimEnd().replace(server.host, "HOST").split("\r\n");
  assert(lines.some((line) => /^Sec-WebSocket-Key: [A-Za-z0-9+/]{22}==$/.test(line)));
  return lines.filter((line) => !line.startsWith("Sec-WebSocket-Key"));
}

Deno.test("openConnection() asks as RFC 6455 §4.1 says, and adds nothing", async () => {
  assertEquals(await headOf("/a%2Fb?c=d#e"), [
    "GET /a%2Fb?c=d HTTP/1.1",
    "Host: HOST",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
  ]);
});

Deno.test("openConnection() sends the process's headers, but not for the handshake's own", async () => {
  const headers = {
    "Host": "example.org",
    "Authorization": "Bearer 1",
    "Origin": "http://o",
    "X-Utf8": "é",
    "Connection": "close",
    "Upgrade": "h2c",
    "Sec-WebSocket-Key": "x",
    "Sec-WebSocket-Version": "8",
    "Sec-WebSocket-Extensions": "permessage-deflate",
    "bad\r\nname": "1",
    "bad-value": "1\r\nX-Injected: 2",
  };
  const head = await headOf("", headers, "u:p@");
  assertEquals(head, [
    "GET / HTTP/1.1",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "host: example.org",
    "authorization: Bearer 1",
    "origin: http://o",
    "x-utf8: Ã©",
  ]);
});

Deno.test("openConnection() takes user and password out of the URL", async () => {
  assertStringIncludes(
    (await headOf("/", {}, "u%C3%A9:p%40@")).join("\n"),
    `Authorization: Basic ${btoa("uÃ©:p@")}`,
  );
});

Deno.test("openConnection() keeps what came in one packet with the handshake", async () => {
  await using server = new RawServer(async (connection) => {
    const head = new TextEncoder().encode(await switching(await readHead(connection)));
    await write(connection, new Uint8Array([...head, ...serverFrame(1, "hi")]));
    await untilClosed(connection);
  });
  const { connection, reader } = await open(`ws://${server.host}`);
  assertEquals([...(await reader.some(10))!], [0x81, 2, 104, 105]);
  connection.close();
});

Deno.test("openConnection() takes the subprotocol that was asked for, or none", async () => {
  for (const answer of [["Sec-WebSocket-Protocol: chat"], []]) {
    await using server = new RawServer(async (connection) => {
      await write(connection, await switching(await readHead(connection), ...answer));
    });
    const headers = { "sec-websocket-protocol": "soap, chat" };
    (await open(`ws://${server.host}`, headers)).connection.close();
  }
});

// Threat: a server that is none, or not the one that was asked; most are plain HTTP servers.
Deno.test("openConnection() refuses every answer but the right one", async () => {
  const right = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
  const table: [string | ((head: string) => Promise<string>), string][] = [
    ["", "closed the connection during the handshake"],
    ["HTTP/1.1 101 Swi", "closed the connection during the handshake"],
    ["garbage\r\n\r\n", 'the server answered "garbage"'],
    ["HTTP/1.1 403 Forbidden\r\n\r\n", 'the server answered "HTTP/1.1 403 Forbidden"'],
    ["HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", "302 Found"],
    ["HTTP/1.0 101 No\r\n\r\n", "HTTP/1.0 101 No"],
    ["HTTP/1.1 101 S\r\nConnection: Upgrade\r\n\r\n", "did not upgrade to WebSocket"],
    ["HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\n", "did not upgrade the connection"],
    [`HTTP/1.1 101 S\r\n${right}\r\n`, "sec-websocket-accept does not fit"],
    [`HTTP/1.1 101 S\r\n${right}Sec-WebSocket-Accept: AAAA\r\n\r\n`, "accept does not fit"],
    [(head) => switching(head, "Sec-WebSocket-Extensions: x"), "an extension"],
    [(head) => switching(head, "Sec-WebSocket-Protocol: x"), 'the server speaks "x"'],
    [(head) => switching(head, "no colon"), ""],
    [`HTTP/1.1 101 S\r\nx: ${"x".repeat(CLIENT_HANDSHAKE_BYTES_MAX)}`, "answer is longer than"],
  ];
  for (const [answer, complaint] of table) {
    await using server = new RawServer(async (connection) => {
      const head = await readHead(connection);
      await write(connection, typeof answer === "string" ? answer : await answer(head));
    });
    const error = await assertRejects(() => open(`ws://${server.host}`), Error);
    assertStringIncludes(error.message, complaint);
  }
});

Deno.test({
  name: "openConnection() says that nobody listens, or that the name is unknown",
  sanitizeResources: !Deno.version.deno.startsWith("2.4."), // It leaks the signal of a failed connect.
  async fn() {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    await assertRejects(() => open(`ws://127.0.0.1:${port}`), Deno.errors.ConnectionRefused);
    await assertRejects(() => open("ws://nowhere.invalid"), Error, "failed to lookup address");
  },
});

Deno.test("openConnection() ends with its signal at every point, and closes what it opened", async () => {
  for (const answer of ["", "HTTP/1.1 101 Swi", "HTTP/1.1 101 S\r\nUpgrade: websocket\r\n"]) {
    const controller = new AbortController();
    const closed = Promise.withResolvers<void>();
    await using server = new RawServer(async (connection) => {
      await readHead(connection);
      await write(connection, answer);
      controller.abort(new Error("enough"));
      await untilClosed(connection);
      closed.resolve();
    });
    await assertRejects(() => open(`ws://${server.host}`, {}, controller.signal), Error, "enough");
    await closed.promise;
  }
  const before = AbortSignal.abort(new Error("before"));
  await assertRejects(() => open("ws://127.0.0.1:1", {}, before), Error, "before");
});

// Deno finishes a TLS handshake before it closes, even of a connection that was closed: so this one lingers
// until its peer gives up. Seen on 2.4.2 and 2.9.6; the process is answered in time all the same.
Deno.test("openConnection() ends with its signal while a server is silent in TLS", async () => {
  const controller = new AbortController();
  await using server = new RawServer(async (connection) => {
    await connection.read(new Uint8Array(1));
    controller.abort(new Error("enough"));
    await untilClosed(connection);
  });
  await assertRejects(() => open(`wss://${server.host}`, {}, controller.signal), Error, "enough");
});

Deno.test("openConnection() does not speak TLS with a server that does not", async () => {
  await using server = new RawServer(async (connection) => {
    await write(connection, "HTTP/1.1 400 Bad Request\r\n\r\n");
    await untilClosed(connection);
  });
  await assertRejects(() => open(`wss://${server.host}`), Error);
});
