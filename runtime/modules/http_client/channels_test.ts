/** The WebSocket actions and events, as the kernel sees them, with Deno's, npm's and hand-made servers. */
import { assertEquals } from "@std/assert";
import { type RawData, WebSocketServer } from "ws";
import { type KernelMessage, request, textOf } from "../../protocol/message.ts";
import {
  ACK,
  APP,
  blobOf,
  bytes,
  close,
  CLOSED,
  ERA_A,
  ERA_B,
  open,
  OTHER,
  push,
  RawServer,
  readFrame,
  readHead,
  serverFrame,
  switching,
  unknown,
  untilClosed,
  World,
  write,
  wsServer,
} from "./testing.ts";

/** Sends back what it gets; says "bye" and closes when it gets "bye". */
function echo() {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    socket.onmessage = ({ data }) => {
      socket.send(data);
      if (data === "bye") socket.close(3000, "reason");
    };
    return response;
  });
  return { server, host: `127.0.0.1:${server.addr.port}` };
}

Deno.test("WebSocketOpen is acknowledged before the first event, which came with the handshake", async () => {
  await using server = new RawServer(async (connection) => {
    const head = bytes(await switching(await readHead(connection)));
    await write(connection, new Uint8Array([...head, ...serverFrame(1, "hi")]));
    await untilClosed(connection);
  });
  for (const target of [ERA_A, ERA_B]) {
    await using world = new World();
    const opened = world.say(open(server), { target });
    const ack = await world.next();
    assertEquals([ack.kind, ack.id, JSON.parse(textOf(ack.body))], ["Response", opened.id, ACK]);
    assertEquals(
      await world.next(),
      request(target, APP, '{"WebSocketPush":{"channel_id":0,"message_type":"Text"}}', {
        id: opened.id, // As Kinode: every event bears the id of the open.
        lazy_load_blob: { mime: "text/plain", bytes: bytes("hi") },
      }),
    );
  }
});

Deno.test("events tell what came: text, binary, ping, pong, close", async () => {
  await using server = wsServer(async (connection) => {
    await write(connection, serverFrame(2, new Uint8Array([0, 255])));
    await write(connection, serverFrame(9, "ignored"));
    await write(connection, serverFrame(10));
    await write(connection, serverFrame(1));
    await write(connection, serverFrame(8, new Uint8Array([3, 232, 120])));
    await untilClosed(connection);
  });
  await using world = new World();
  world.say(open(server));
  const events: [unknown, KernelMessage["lazy_load_blob"]][] = [];
  for (let i = 0; i < 6; i++) {
    const { body, lazy_load_blob } = await world.next();
    events.push([JSON.parse(textOf(body)), lazy_load_blob]);
  }
  assertEquals(events, [
    [ACK, null],
    [push("Binary"), { mime: "application/octet-stream", bytes: new Uint8Array([0, 255]) }],
    [push("Ping"), null],
    [push("Pong"), null],
    [push("Text"), { mime: "text/plain", bytes: bytes("") }],
    [CLOSED, null],
  ]);
  assertEquals(await world.ask(push("Text"), { blob: blobOf("x") }), unknown());
});

Deno.test("WebSocketPush reaches Deno's server, and WebSocketClose ends it", async () => {
  const { server, host } = echo();
  await using _ = server;
  await using world = new World();
  assertEquals(await world.ask(open({ host })), ACK);
  for (const text of ["hello", "", "é☃", "x".repeat(200_000)]) {
    assertEquals(await world.ask(push("Text"), { blob: blobOf(text) }), ACK);
    assertEquals(textOf((await world.next()).lazy_load_blob!.bytes), text);
  }
  const binary = crypto.getRandomValues(new Uint8Array(1_000));
  assertEquals(await world.ask(push("Binary"), { blob: blobOf(binary) }), ACK);
  assertEquals((await world.next()).lazy_load_blob!.bytes, binary);
  assertEquals(await world.ask(push("Text"), { blob: { mime: null, bytes: "as text" } }), ACK);
  assertEquals((await world.next()).lazy_load_blob!.bytes, bytes("as text"));
  assertEquals(await world.ask(close()), ACK);
  assertEquals(await world.nextBody(), CLOSED);
});

Deno.test("a close of the server is one WebSocketClose, whatever its code", async () => {
  const { server, host } = echo();
  await using _ = server;
  await using world = new World();
  await world.ask(open({ host }));
  await world.ask(push("Text"), { blob: blobOf("bye") });
  assertEquals(await world.nextBody(), push("Text"));
  assertEquals(await world.nextBody(), CLOSED);
  assertEquals(await world.ask(close()), { Err: { WsCloseFailed: { channel_id: 0 } } });
  assertEquals(world.lines, []);
});

Deno.test("Ping and Pong are sent empty, headers and subprotocol arrive (npm's ws)", async () => {
  const heard: string[] = [];
  const done = Promise.withResolvers<void>();
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: true });
  await new Promise((listening) => server.once("listening", listening));
  server.on("connection", (socket, request) => {
    heard.push(`${request.headers["x-mine"]} ${socket.protocol}`);
    for (const name of ["ping", "pong"]) {
      socket.on(name, (data: RawData) => heard.push(`${name} ${data}`));
    }
    socket.on("message", (data: RawData, isBinary: boolean) => {
      heard.push(`${isBinary} ${data}`);
      done.resolve();
    });
  });
  const { port } = server.address() as { port: number };
  const world = new World();
  const headers = { "X-Mine": "1", "Sec-WebSocket-Protocol": "soap, chat" };
  assertEquals(await world.ask(open({ host: `127.0.0.1:${port}` }, 0, headers)), ACK);
  assertEquals(await world.ask(push("Ping"), { blob: blobOf("ignored") }), ACK);
  assertEquals(await world.nextBody(), push("Pong")); // The server's answer to our ping.
  assertEquals(await world.ask(push("Pong")), ACK);
  assertEquals(await world.ask(push("Text"), { blob: blobOf('"x"') }), ACK);
  await done.promise;
  assertEquals(heard, ["1 soap", "ping ", "pong ", 'false "x"']);
  assertEquals(await world.ask(close()), ACK);
  assertEquals(await world.nextBody(), CLOSED);
  await world.client.close();
  await new Promise<void>((closed) => server.close(() => closed()));
});

Deno.test("WebSocketPush names what it cannot send", async () => {
  await using server = wsServer(untilClosed);
  await using world = new World();
  assertEquals(await world.ask(push("Text"), { blob: blobOf("x") }), unknown());
  await world.ask(open(server));
  assertEquals(await world.ask(push("Text")), { Err: "WsPushNoBlob" });
  assertEquals(await world.ask(push("Binary")), { Err: "WsPushNoBlob" });
  assertEquals(await world.ask(push("Text"), { target: ERA_A }), {
    Err: { WsPushFailed: { req: "no blob" } },
  });
  const surrogate = blobOf(new Uint8Array([0xed, 0xa0, 0x80]));
  assertEquals(await world.ask(push("Text"), { blob: surrogate }), { Err: "WsPushBadText" });
  assertEquals(await world.ask(push("Text", 1), { blob: blobOf("x") }), unknown(1));
});

// Threat: channel ids are chosen by processes and easy to guess.
Deno.test("a process reaches only its own channels", async () => {
  await using server = wsServer(async (connection) => {
    await write(connection, serverFrame(1, "hi"));
    await readFrame(connection);
    await write(connection, serverFrame(8));
    await untilClosed(connection);
  });
  await using world = new World();
  await world.ask(open(server));
  assertEquals((await world.next()).target, APP);
  const blob = blobOf("x");
  assertEquals(await world.ask(push("Text"), { source: OTHER, blob }), unknown());
  assertEquals(await world.ask(close(), { source: OTHER }), {
    Err: { WsCloseFailed: { channel_id: 0 } },
  });
  assertEquals(await world.ask(open(server), { source: OTHER }), ACK);
  assertEquals((await world.next()).target, OTHER);
  // Whom a process answers for is told, but not spoken for.
  const passedOn = request(OTHER, ERA_B, JSON.stringify(close()), { rsvp: APP });
  world.client.deliver(passedOn);
  assertEquals((await world.next()).target, APP);
  assertEquals((await world.next()).target, OTHER);
  assertEquals(await world.ask(push("Text"), { blob }), ACK);
});

Deno.test("after WebSocketClose comes one WebSocketClose, and nothing else", async () => {
  await using server = wsServer(async (connection) => {
    await readFrame(connection);
    for (let i = 0; i < 10; i++) await write(connection, serverFrame(1, "late"));
    await write(connection, serverFrame(8));
    await untilClosed(connection);
  });
  await using world = new World();
  await world.ask(open(server));
  assertEquals(await world.ask(close()), ACK);
  assertEquals(await world.ask(push("Text"), { blob: blobOf("x") }), unknown());
  assertEquals(await world.ask(close()), { Err: { WsCloseFailed: { channel_id: 0 } } });
  assertEquals(await world.nextBody(), CLOSED);
  await server.talked();
  await world.client.close();
  assertEquals(world.rest, []);
});

Deno.test("after a Close push the channel still hears, until the peer closes", async () => {
  const got: unknown[] = [];
  await using server = wsServer(async (connection) => {
    got.push(await readFrame(connection));
    await write(connection, serverFrame(1, "late"));
    await write(connection, serverFrame(8));
    got.push(await readFrame(connection));
  });
  await using world = new World();
  await world.ask(open(server));
  assertEquals(await world.ask(push("Close")), ACK);
  assertEquals(await world.ask(push("Text"), { blob: blobOf("dropped") }), ACK);
  assertEquals(await world.nextBody(), push("Text"));
  assertEquals(await world.nextBody(), CLOSED);
  await server.talked();
  assertEquals(got, [[8, ""], null]);
});

Deno.test("a connection that breaks off is a WebSocketClose, and a line says why", async () => {
  await using server = wsServer((connection) => write(connection, new Uint8Array([0x81, 9])));
  await using world = new World();
  await world.ask(open(server));
  assertEquals(await world.nextBody(), CLOSED);
  assertEquals(world.lines, [
    `http_client: WebSocket 0 of app:pkg:template.os to ws://${server.host}: the connection broke off`,
  ]);
});
