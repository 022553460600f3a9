/** WebSocketOpen: what fails, what takes over an id, how many there may be. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { CLIENT_CHANNELS_PER_PROCESS_MAX } from "../../limits.ts";
import { textOf } from "../../protocol/message.ts";
import { Connections } from "./connections.ts";
import {
  ACK,
  APP,
  blobOf,
  close,
  CLOSED,
  ERA_A,
  open,
  OTHER,
  push,
  RawServer,
  readFrame,
  readHead,
  serverFrame,
  testWithCertificate,
  unknown,
  untilClosed,
  World,
  write,
  wsServer,
} from "./testing.ts";

Deno.test("a channel_id that is opened anew is the new connection's alone", async () => {
  for (const closeFirst of [false, true]) {
    const oldEnded = Promise.withResolvers<void>();
    await using server = wsServer(async (connection) => {
      const name = server.accepted === 1 ? "old" : "new";
      await readFrame(connection); // The old one's close, the new one's ping.
      await write(connection, serverFrame(1, name));
      await write(connection, serverFrame(8));
      await untilClosed(connection);
      if (name === "old") oldEnded.resolve();
    });
    await using world = new World();
    await world.ask(open(server));
    if (closeFirst) await world.ask(close());
    assertEquals(await world.ask(open(server)), ACK);
    await oldEnded.promise;
    assertEquals(await world.ask(push("Ping")), ACK);
    const heard = await world.next();
    assertEquals(textOf(heard.lazy_load_blob!.bytes), "new");
    assertEquals(await world.nextBody(), CLOSED);
    await world.client.close();
    assertEquals(world.rest, []);
  }
});

Deno.test("WebSocketOpen that fails keeps the channel of the same id", async () => {
  await using server = wsServer(untilClosed);
  await using world = new World();
  await world.ask(open(server));
  await using broken = new RawServer(async (connection) => void await readHead(connection));
  assertEquals(await world.ask(open(broken)), {
    Err: { WsOpenFailed: { url: `ws://${broken.host}/` } },
  });
  assertEquals(await world.ask(push("Ping")), ACK);
});

Deno.test("WebSocketOpen that fails names the normalised URL, and a line says why", async () => {
  await using forbidden = new RawServer(async (connection) => {
    await readHead(connection);
    await write(connection, "HTTP/1.1 403 For\x1bbidden\nkinode: hm\r\n\r\n");
  });
  await using world = new World();
  const url = `ws://${forbidden.host}/`;
  const failed = { Err: { WsOpenFailed: { url } } };
  assertEquals(await world.ask(open(forbidden)), failed);
  assertEquals(await world.ask(open(forbidden), { target: ERA_A, expects: null }), failed);
  assertStringIncludes(
    world.lines[0]!,
    'the server answered "HTTP/1.1 403 For\\x1bbidden\\x0akinode: hm"',
  );
  for (const url of ["http://x/", "https://x/", "ws+unix:/tmp/x", "file:///etc/passwd"]) {
    const action = { WebSocketOpen: { url, headers: {}, channel_id: 0 } };
    assertEquals(await world.ask(action), { Err: { WsOpenFailed: { url } } });
  }
  const relative = { WebSocketOpen: { url: "/x", headers: {}, channel_id: 0 } };
  assertEquals(await world.ask(relative), { Err: { BadUrl: { url: "/x" } } });
});

Deno.test("WebSocketClose gives up a channel that is still opening", async () => {
  const asked = Promise.withResolvers<void>();
  await using server = new RawServer(async (connection) => {
    await readHead(connection);
    asked.resolve();
    await untilClosed(connection);
  });
  await using world = new World();
  const opening = world.say(open(server));
  await asked.promise;
  assertEquals(await world.ask(push("Text"), { blob: blobOf("x") }), unknown());
  assertEquals(await world.ask(close()), ACK);
  const failed = await world.next();
  assertEquals(failed.id, opening.id);
  assertEquals(JSON.parse(textOf(failed.body)), {
    Err: { WsOpenFailed: { url: `ws://${server.host}/` } },
  });
  await server.talked(); // The server saw the end.
  assertEquals(world.rest, []);
});

Deno.test("WebSocketOpen ends soon after its requester stopped waiting", async () => {
  await using server = new RawServer(untilClosed);
  await using world = new World();
  const answer = await world.ask(open(server), { expects: 0 });
  assertEquals(answer, { Err: { WsOpenFailed: { url: `ws://${server.host}/` } } });
  assertStringIncludes(world.lines[0]!, "no handshake within 1 s");
});

Deno.test("WebSocketOpen is refused beyond CLIENT_CHANNELS_PER_PROCESS_MAX, per process", async () => {
  await using server = wsServer(untilClosed);
  await using world = new World({ connections: new Connections(8_000) });
  // One after the other: all at once are late on a busy machine.
  for (let id = 0; id < CLIENT_CHANNELS_PER_PROCESS_MAX; id++) {
    assertEquals(await world.ask(open(server, id)), ACK);
  }
  const reason = "this process has 1000 WebSockets already";
  assertEquals(await world.ask(open(server, 5000)), { Err: { ExecuteRequestFailed: reason } });
  assertEquals(await world.ask(open(server, 5000), { target: ERA_A }), {
    Err: { RequestFailed: { error: reason } },
  });
  assertEquals(await world.ask(open(server), { source: OTHER }), ACK);
  world.client.processEnded(APP, "gone");
  assertEquals(await world.ask(open(server, 5000)), ACK);
});

Deno.test("WebSocketOpen is refused where the package has its part of the connections, until one is closed", async () => {
  await using server = wsServer(untilClosed);
  await using world = new World({ connections: new Connections(8) });
  for (const id of [0, 1]) assertEquals(await world.ask(open(server, id)), ACK);
  const { Err } = await world.ask(open(server, 2)) as { Err: { ExecuteRequestFailed: string } };
  assertStringIncludes(Err.ExecuteRequestFailed, "a package has 2 at most");
  world.client.processEnded(APP, "gone");
  // The sockets end in turns of their own.
  let answer: unknown;
  do {
    await new Promise((resolve) => setTimeout(resolve, 1));
    answer = await world.ask(open(server, 3));
  } while ("Err" in (answer as object));
});

Deno.test("a thousand openings and closings leave nothing behind", async () => {
  await using server = wsServer(async (connection) => {
    await readFrame(connection);
    await write(connection, serverFrame(8));
    await untilClosed(connection);
  });
  await using world = new World();
  for (let round = 0; round < 1_000; round++) {
    assertEquals(await world.ask(open(server, round)), ACK);
    assertEquals(await world.ask(close(round)), ACK);
    assertEquals(await world.nextBody(), { WebSocketClose: { channel_id: round } });
  }
  assertEquals(server.accepted, 1_000);
});

testWithCertificate(
  "WebSocketOpen speaks TLS, and trusts only whom it is told to",
  async ({ cert, key }) => {
    const tls = { hostname: "127.0.0.1", port: 0, cert, key, onListen() {} };
    await using server = Deno.serve(tls, (request) => {
      const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
      socket.onopen = () => socket.send("secret");
      return response;
    });
    const url = `wss://localhost:${server.addr.port}/`;
    const action = { WebSocketOpen: { url, headers: {}, channel_id: 0 } };
    await using stranger = new World();
    assertEquals(await stranger.ask(action), { Err: { WsOpenFailed: { url } } });
    assertStringIncludes(stranger.lines[0]!, "certificate");
    await using world = new World({ caCerts: [cert] });
    assertEquals(await world.ask(action), ACK);
    assertEquals(textOf((await world.next()).lazy_load_blob!.bytes), "secret");
    assertEquals(await world.ask(close()), ACK);
    assertEquals(await world.nextBody(), CLOSED);
  },
);
