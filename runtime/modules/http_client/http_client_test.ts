/** The module as the kernel sees it: messages in, messages out, real servers at the other end. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Address } from "../../protocol/address.ts";
import { request, responseTo, textOf } from "../../protocol/message.ts";
import {
  APP,
  blobOf,
  bytes,
  ERA_A,
  ERA_B,
  get,
  RawServer,
  untilClosed,
  World,
  wsServer,
} from "./testing.ts";

function echo() {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const headers = { "x-method": request.method, "content-type": "text/plain" };
    const body = await request.bytes();
    return new Response(body, { status: Number(pathname.slice(1)) || 200, headers });
  });
}

Deno.test("deliver() answers an Http action with the head as JSON and the body as blob", async () => {
  await using server = echo();
  await using world = new World();
  const action = get(`http://127.0.0.1:${server.addr.port}/404`, { method: "PUT" });
  for (const target of [ERA_A, ERA_B]) {
    const asked = world.say(action, { blob: blobOf("hello"), target });
    const answer = await world.next();
    const head = JSON.parse(textOf(answer.body));
    delete head.Ok.Http.headers["Date"];
    delete head.Ok.Http.headers["Vary"]; // Deno 2.4's server
    assertEquals(head, {
      Ok: {
        Http: {
          status: 404,
          headers: { "Content-Length": "5", "Content-Type": "text/plain", "X-Method": "PUT" },
        },
      },
    });
    const expected = responseTo(asked, answer.body, { mime: null, bytes: bytes("hello") });
    assertEquals(answer, expected);
  }
});

Deno.test("deliver() always attaches a blob to an answer, and takes bodies as bytes too", async () => {
  await using server = echo();
  await using world = new World();
  const body = bytes(JSON.stringify(get(`http://127.0.0.1:${server.addr.port}/`)));
  world.client.deliver(request(APP, ERA_B, body, { lazy_load_blob: blobOf("") }));
  // Success is told even to who expects no response.
  assertEquals((await world.next()).lazy_load_blob, { mime: null, bytes: bytes("") });
});

Deno.test("deliver() names errors in the era of the name that was addressed", async () => {
  await using world = new World();
  const body = '{"Nope":{}}';
  assertEquals(await world.ask(body, { target: ERA_B }), { Err: "MalformedRequest" });
  assertEquals(await world.ask(body, { target: ERA_A }), { Err: { BadRequest: { req: body } } });
  assertEquals(await world.ask(get("x"), { target: ERA_A }), { Err: { BadUrl: { url: "x" } } });
  const file = get("file:///etc/passwd");
  const reason = "only http and https URLs can be requested, not file:";
  assertEquals(await world.ask(file), { Err: { ExecuteRequestFailed: reason } });
  assertEquals(await world.ask(file, { target: ERA_A }), {
    Err: { RequestFailed: { error: reason } },
  });
  const push = { WebSocketPush: { channel_id: 3, message_type: "Text" } };
  assertEquals(await world.ask(push, { target: ERA_A }), {
    Err: { WsPushFailed: { req: "channel_id 3 not found" } },
  });
  const unknown = { WebSocketClose: { channel_id: 3 } };
  assertEquals(await world.ask(unknown), { Err: { WsCloseFailed: { channel_id: 3 } } });
});

Deno.test("deliver() tells HTTP and parse errors only to who waits, WebSocket errors to all", async () => {
  await using world = new World();
  for (const action of ["", "nonsense", "{}", "[1]", get("x"), get("file:///etc/passwd")]) {
    world.say(action, { expects: null });
  }
  const push = { WebSocketPush: { channel_id: 0, message_type: "Text" } };
  assertEquals(await world.ask(push, { expects: null }), {
    Err: { WsPushUnknownChannel: { channel_id: 0 } },
  });
  assertEquals(world.sent.length, 1);
});

Deno.test("deliver() answers whom the kernel says", async () => {
  await using world = new World();
  const rsvp = "fake.dev@asker:pkg:template.os" as Address;
  const message = request(APP, ERA_B, "x", { rsvp });
  world.client.deliver(message);
  assertEquals((await world.next()).target, rsvp);
});

// Threat: a process on another node uses this one to reach what only this one can reach.
Deno.test("deliver() serves only processes of its own node", async () => {
  await using world = new World();
  const source = "other.dev@app:pkg:template.os" as Address;
  assertEquals(await world.ask(get("http://127.0.0.1:1/"), { source }), {
    Err: { ExecuteRequestFailed: "only processes of this node may use its http_client" },
  });
  world.say({ WebSocketOpen: { url: "ws://x", headers: {}, channel_id: 0 } }, {
    source,
    expects: null,
  });
  assertEquals(world.rest, []);
});

Deno.test("deliver() ignores responses and SendErrors", async () => {
  await using world = new World();
  const message = request(ERA_B, APP, "");
  world.client.deliver(responseTo(message, "{}"));
  world.client.deliver({ ...responseTo(message, "{}"), kind: "SendError" });
  assertEquals(world.sent, []);
});

Deno.test("deliver() ends a request soon after its requester stopped waiting", async () => {
  await using server = new RawServer(untilClosed);
  await using world = new World();
  const answer = await world.ask(get(`http://${server.host}/`), { expects: 0 });
  assertEquals(answer, { Err: { ExecuteRequestFailed: "no answer within 1 s" } });
});

Deno.test("deliver() holds nothing up: a slow request, a slow opening, then a quick one", async () => {
  await using silent = new RawServer(untilClosed);
  await using server = echo();
  await using world = new World();
  world.say(get(`http://${silent.host}/`));
  world.say({ WebSocketOpen: { url: `ws://${silent.host}`, headers: {}, channel_id: 0 } });
  const answer = await world.ask(get(`http://127.0.0.1:${server.addr.port}/`));
  assert("Ok" in (answer as object));
});

Deno.test("processEnded() ends requests, openings and channels without a word", async () => {
  const first = Promise.withResolvers<void>();
  await using open = wsServer(async (connection) => {
    await untilClosed(connection);
    first.resolve();
  });
  const both = Promise.withResolvers<void>();
  let seen = 0;
  await using silent = new RawServer(async (connection) => {
    await connection.read(new Uint8Array(1));
    if (++seen === 2) both.resolve();
    await untilClosed(connection);
  });
  await using world = new World();
  const channel = (url: string, channel_id: number) => ({
    WebSocketOpen: { url, headers: {}, channel_id },
  });
  assertEquals(await world.ask(channel(`ws://${open.host}`, 0)), { Ok: "WebSocketAck" });
  world.say(get(`http://${silent.host}/`));
  world.say(channel(`ws://${silent.host}`, 1));
  await both.promise;
  world.client.processEnded("fake.dev@another:pkg:template.os" as Address, "gone");
  world.client.processEnded(APP, "gone");
  world.client.processEnded(APP, "gone");
  await first.promise; // The server saw the end.
  // The next incarnation has the same name and nothing of the former's.
  assertEquals(await world.ask({ WebSocketClose: { channel_id: 0 } }), {
    Err: { WsCloseFailed: { channel_id: 0 } },
  });
  await world.client.close();
  assertEquals(world.rest, []);
});

Deno.test("close() ends everything, also when nothing was ever open", async () => {
  const world = new World();
  await world.client.close();
  await using server = wsServer(untilClosed);
  const busy = new World();
  await busy.ask({ WebSocketOpen: { url: `ws://${server.host}`, headers: {}, channel_id: 0 } });
  busy.say(get(`http://${server.host}/`));
  await busy.client.close();
  assertEquals(busy.rest, []);
});

// Threat: what a request keeps in memory while it runs, a thousand times.
Deno.test("deliver() refuses an action that is too long to be URL and headers", async () => {
  await using world = new World();
  const long = get("http://127.0.0.1:1/", { headers: { a: "x".repeat(70_000) } });
  assertEquals(await world.ask(long, { target: ERA_A }), {
    Err: {
      RequestFailed: {
        error: "URL and headers are longer than 65536 bytes: a body goes into the blob",
      },
    },
  });
});

// Threat: a process sends anything at all.
Deno.test("deliver() throws at nothing", async () => {
  await using world = new World();
  const wishes = [
    "\0",
    "null",
    "1e999",
    '"Http"',
    '{"__proto__":{}}',
    "[".repeat(60_000),
    JSON.stringify(get("http://x/".repeat(6_000))).slice(0, -1),
    get("http://\0/"),
    get("http://127.0.0.1:1/", { method: "X".repeat(60_000) + " " }),
    get("", { headers: { ["x".repeat(60_000)]: "y" } }),
    { WebSocketOpen: { url: "ws+unix:///tmp/x", headers: {}, channel_id: 0 } },
    { WebSocketOpen: { url: "file:///etc/passwd", headers: {}, channel_id: 0 } },
    { WebSocketOpen: { url: "ws://", headers: {}, channel_id: 0 } },
    { WebSocketOpen: { url: "ws://x", headers: {}, channel_id: 2 ** 32 } },
  ];
  for (const wish of wishes) {
    const answer = await world.ask(wish);
    assert("Err" in (answer as object), JSON.stringify(wish).slice(0, 100));
  }
  assertStringIncludes(JSON.stringify(await world.ask(get("http://["))), "BadUrl");
});
