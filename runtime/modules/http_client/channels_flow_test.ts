/** WebSockets whose one end is faster than the other. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { bytesOf, type KernelMessage, textOf } from "../../protocol/message.ts";
import {
  ACK,
  APP,
  blobOf,
  close,
  CLOSED,
  open,
  push,
  readFrame,
  serverFrame,
  unknown,
  untilClosed,
  World,
  write,
  wsServer,
} from "./testing.ts";

// Threat: a peer that does not read fills the node's memory with what a process sends.
Deno.test("a peer that does not read loses its channel, and the process hears so", async () => {
  const enough = Promise.withResolvers<void>();
  await using server = wsServer(() => enough.promise);
  await using world = new World();
  await world.ask(open(server));
  const blob = blobOf(new Uint8Array(1024 * 1024));
  let answer: unknown = ACK;
  let pushes = 0;
  for (; JSON.stringify(answer) === JSON.stringify(ACK); pushes++) {
    answer = await world.ask(push("Binary"), { blob });
  }
  assert(pushes > 15 && pushes < 40, `${pushes}`);
  assertEquals([answer, await world.nextBody()], [unknown(), CLOSED]);
  assertStringIncludes(world.lines[0]!, "left more than 16777216 bytes unread");
  enough.resolve();
});

// Threat: a server sends faster than the process takes. Nothing may be lost on the way, the close least of all.
Deno.test("events wait for a process that takes no more, in order", async () => {
  await using server = wsServer(async (connection) => {
    for (let i = 0; i < 100; i++) await write(connection, serverFrame(1, `${i}`));
    await write(connection, serverFrame(8));
    await untilClosed(connection);
  });
  let room = 3;
  let full = Promise.withResolvers<void>();
  const sent: KernelMessage[] = [];
  const done = Promise.withResolvers<void>();
  await using world = new World({
    send(message) {
      if (room === 0) {
        full.resolve();
        return false;
      }
      room--;
      sent.push(message);
      if (textOf(message.body).includes("WebSocketClose")) done.resolve();
      return true;
    },
  });
  world.say(open(server));
  for (const more of [1, 50, 40, 100]) {
    await full.promise;
    full = Promise.withResolvers<void>();
    room = more;
  }
  await done.promise;
  const texts = sent.slice(1, -1).map(({ lazy_load_blob }) => textOf(lazy_load_blob!.bytes));
  assertEquals(texts, Array.from({ length: 100 }, (_, i) => `${i}`));
});

Deno.test("events that wait are forgotten with their process, or after its WebSocketClose", async () => {
  for (const act of ["processEnded", "close", "WebSocketClose"]) {
    await using server = wsServer(async (connection) => {
      await write(connection, serverFrame(1, "x"));
      await readFrame(connection);
      await write(connection, serverFrame(8));
      await untilClosed(connection);
    });
    const full = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    const sent: string[] = [];
    await using world = new World({
      send({ body }) {
        if (textOf(body).includes("WebSocketPush")) {
          full.resolve();
          return false;
        }
        sent.push(textOf(body));
        if (sent.length === 3) closed.resolve();
        return true;
      },
    });
    world.say(open(server));
    await full.promise;
    if (act === "processEnded") world.client.processEnded(APP, "gone");
    if (act === "close") await world.client.close();
    if (act === "WebSocketClose") {
      world.say(close());
      await closed.promise;
    }
    await world.client.close();
    const told = act === "WebSocketClose" ? [ACK, CLOSED] : [];
    assertEquals(sent, [ACK, ...told].map((each) => JSON.stringify(each)));
  }
});

Deno.test("a new version gets the channel that it asks for again, with all that was sent meanwhile", async () => {
  const sent = Promise.withResolvers<void>();
  await using server = wsServer(async (connection) => {
    await sent.promise;
    for (const text of ["a", "b"]) await write(connection, serverFrame(1, text));
    await untilClosed(connection);
  });
  await using world = new World();
  await world.ask(open(server, 1));
  world.client.processEnded(APP, "kept");
  sent.resolve();
  const asked = world.say(open(server, 2));
  const ack = await world.next();
  assertEquals([JSON.parse(textOf(ack.body)), ack.metadata], [ACK, '{"protocol":"","resumed":1}']);
  for (const text of ["a", "b"]) {
    const event = await world.next();
    assertEquals(JSON.parse(textOf(event.body)), push("Text", 2));
    assertEquals([textOf(bytesOf(event.lazy_load_blob!.bytes)), event.id], [text, asked.id]);
  }
  assertEquals(server.accepted, 1);
  assertEquals(await world.ask(push("Text", 1), { blob: blobOf("x") }), unknown(1));
});

Deno.test("a new version that asks for something else opens it; after `reloaded` nothing is kept", async () => {
  await using server = wsServer(untilClosed);
  await using world = new World();
  await world.ask(open(server, 1));
  world.client.processEnded(APP, "kept");
  await world.ask(open(server, 1, { "x-other": "1" }));
  assertEquals(server.accepted, 2);
  world.client.processEnded(APP, "reloaded");
  await world.ask(open(server, 1));
  assertEquals(server.accepted, 3);
});

// Threat: the owner narrows a script's network, and the script goes on with what it had opened.
Deno.test("a new version with another policy does not get what the one before had opened", async () => {
  await using server = wsServer(untilClosed);
  let policy: "local" | "public" = "local";
  await using world = new World({ policyOf: () => policy });
  await world.ask(open(server, 1));
  policy = "public";
  world.client.processEnded(APP, "kept");
  const answer = await world.ask(open(server, 1));
  assertEquals("Err" in (answer as object), true);
  assertEquals(server.accepted, 1);
});
