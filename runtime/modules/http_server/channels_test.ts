/** Real sockets over Deno.serve; the test plays the process. The threat of each hostile case stands at its head. */
import { assertEquals, assertMatch } from "@std/assert";
import { WS_BUFFERED_BYTES_MAX } from "../../limits.ts";
import { type Address, parseAddress } from "../../protocol/address.ts";
import type { WsMessageType } from "../../protocol/http_server.ts";
import { type KernelMessage, textOf } from "../../protocol/message.ts";
import { encodeExtension } from "./extension.ts";
import { app, closeFrame, eraA, eraB, frame, other, type RawClient, Testbed } from "./testing.ts";

const PATH = "/a:b:template.os";

/** A bound path, a raw client on it, and the id that the process was told. */
async function openChannel(
  use: (testbed: Testbed, client: RawClient, id: number) => Promise<void>,
  options: { extension?: boolean; target?: Address } = {},
): Promise<void> {
  const testbed = new Testbed().listen();
  testbed.bindWs("/", options);
  testbed.rest();
  const client = await testbed.connectWs(PATH);
  const opened = JSON.parse(textOf((await testbed.next()).body)).WebSocketOpen;
  try {
    await use(testbed, client, opened.channel_id);
  } finally {
    client.close();
    await testbed.server.close();
  }
}

function push(testbed: Testbed, channel_id: number, message_type: WsMessageType, blob: string) {
  return testbed.act({ WebSocketPush: { channel_id, message_type } }, { blob });
}

/** What an event says, in short: body, text of the blob, kind. */
function said({ body, lazy_load_blob, kind }: KernelMessage): unknown[] {
  return [JSON.parse(textOf(body)), lazy_load_blob && textOf(lazy_load_blob.bytes), kind];
}

const pushed = (channel_id: number, message_type: WsMessageType, text: string) => [
  { WebSocketPush: { channel_id, message_type } },
  text,
  "Request",
];
const closed = (id: number) => [{ WebSocketClose: id }, null, "Request"];
const NOT_FOUND = { Err: "WsChannelNotFound" };

Deno.test("add() tells the process the path, from the name by which it bound", async () => {
  const testbed = new Testbed().listen();
  testbed.bindWs("/", { target: eraA });
  testbed.bindWs("/rooms/:name", { source: app, target: eraB });
  testbed.rest();
  for (const [path, own, source] of [["", "/", eraA], ["/rooms/a%20b/", "/rooms/a%20b", eraB]]) {
    const client = await testbed.connectWs(`${PATH}${path}?query=1`);
    const message = await testbed.next();
    const { WebSocketOpen } = JSON.parse(textOf(message.body));
    assertEquals([WebSocketOpen.path, message.source, message.target], [own, source, app]);
    assertEquals([message.lazy_load_blob, message.expects_response, message.rsvp], [
      null,
      null,
      null,
    ]);
    client.close();
    await testbed.next();
  }
  await testbed.server.close();
});

Deno.test("a channel carries text and bytes both ways, each message a Request of its own", async () => {
  const testbed = new Testbed().listen();
  testbed.bindWs("/");
  testbed.rest();
  const socket = new WebSocket(testbed.url(PATH, "ws"));
  socket.binaryType = "arraybuffer";
  const frames: unknown[] = [];
  const two = new Promise<void>((resolve) => {
    socket.onmessage = ({ data }) => {
      if (frames.push(typeof data === "string" ? data : new Uint8Array(data)) === 2) resolve();
    };
  });
  const opened = new Promise((resolve) => socket.onopen = resolve);
  const { channel_id } = JSON.parse(textOf((await testbed.next()).body)).WebSocketOpen;
  await opened;
  socket.send("héllo");
  socket.send(new Uint8Array([0, 255]));
  const text = await testbed.next();
  const bytes = await testbed.next();
  assertEquals(said(text), pushed(channel_id, "Text", "héllo"));
  assertEquals(said(bytes)[0], { WebSocketPush: { channel_id, message_type: "Binary" } });
  assertEquals(bytes.lazy_load_blob, { mime: null, bytes: new Uint8Array([0, 255]) });
  assertEquals(text.id === bytes.id, false);

  const Ok = null;
  assertEquals(push(testbed, channel_id, "Text", "wörld"), { Ok });
  const binary = { WebSocketPush: { channel_id, message_type: "Binary" as const } };
  assertEquals(testbed.act(binary, { blob: new Uint8Array([1, 200]) }), { Ok });
  await two;
  assertEquals(frames, ["wörld", new Uint8Array([1, 200])]);
  const ended = new Promise((resolve) => socket.onclose = resolve);
  socket.close(1000, "bye");
  assertEquals(said(await testbed.next()), pushed(channel_id, "Close", "bye"));
  assertEquals(said(await testbed.next()), closed(channel_id));
  await ended;
  assertEquals(push(testbed, channel_id, "Text", "late"), NOT_FOUND);
  await testbed.server.close();
});

Deno.test("push() reads text bytes lossily", () =>
  openChannel(async (testbed, client, channel_id) => {
    const blob = new Uint8Array([0x61, 0xff, 0x62]);
    testbed.act({ WebSocketPush: { channel_id, message_type: "Text" } }, { blob });
    assertEquals(await client.readUntil("b"), "\x81\x05a\xef\xbf\xbdb");
  }));

Deno.test("a close frame reaches the process as Close with its reason, then as the end", () =>
  openChannel(async (testbed, client, id) => {
    await client.write(closeFrame(4000, "why"));
    assertEquals(said(await testbed.next()), pushed(id, "Close", "why"));
    assertEquals(said(await testbed.next()), closed(id));
    assertEquals(await client.readToEnd(), "\x88\x05\x0f\xa0why");
  }));

Deno.test("a close frame without a code has an empty reason", () =>
  openChannel(async (testbed, client, id) => {
    await client.write(frame(8, ""));
    assertEquals(said(await testbed.next()), pushed(id, "Close", ""));
    assertEquals(said(await testbed.next()), closed(id));
  }));

// A peer that vanishes, mid-frame or not, or that breaks the protocol.
for (
  const [name, bytes] of [
    ["between frames", ""],
    ["in the middle of a frame", frame(1, "hello").subarray(0, 8)],
    ["in the middle of a header", frame(2, "x".repeat(200)).subarray(0, 3)],
  ] as const
) {
  Deno.test(`a socket that is dropped ${name} is only the end`, () =>
    openChannel(async (testbed, client, id) => {
      await client.write(bytes);
      client.close();
      assertEquals(said(await testbed.next()), closed(id));
      client.close = () => {};
    }));
}

for (
  const [name, bytes] of [
    ["reserved bits", Uint8Array.of(0xc1, 0x80, 1, 2, 3, 4)],
    ["a reserved opcode", frame(3, "x")],
    ["text that is no UTF-8", frame(1, Uint8Array.of(0xff))],
    ["a control frame of 126 bytes", frame(9, "x".repeat(126))],
    [
      "a frame that claims 2^62 bytes",
      Uint8Array.of(0x82, 0xff, 64, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4),
    ],
    ["a close code that may not be sent", closeFrame(1005)],
  ] as const
) {
  Deno.test(`${name} ends the channel without a word of the client's`, () =>
    openChannel(async (testbed, client, id) => {
      await client.write(bytes);
      assertEquals(said(await testbed.next()), closed(id));
      await client.readToEnd();
    }));
}

Deno.test("close() sends a close frame; Close and the end come when the client has answered", () =>
  openChannel(async (testbed, client, id) => {
    assertEquals(testbed.act({ WebSocketClose: id }), { Ok: null });
    assertEquals(await client.readUntil("\x88"), "\x88");
    assertEquals(push(testbed, id, "Text", "late"), NOT_FOUND);
    assertEquals(testbed.act({ WebSocketClose: id }), { Ok: null });
    await client.write(frame(8, ""));
    assertEquals(said(await testbed.next()), pushed(id, "Close", ""));
    assertEquals(said(await testbed.next()), closed(id));
  }));

Deno.test("push() of Close closes, where Kinode's server panicked", () =>
  openChannel(async (testbed, client, id) => {
    assertEquals(push(testbed, id, "Close", "ignored"), { Ok: null });
    assertEquals(await client.readUntil("\x88"), "\x88");
    await client.write(frame(8, ""));
    assertEquals(said(await testbed.next()), pushed(id, "Close", ""));
  }));

Deno.test("push() and close() are the owner's alone", () =>
  openChannel(async (testbed, client, id) => {
    const asOther = { source: other, blob: "x" };
    const action = { WebSocketPush: { channel_id: id, message_type: "Text" as const } };
    const ext = { ...action.WebSocketPush, message_type: "Binary", desired_reply_type: "Request" };
    assertEquals(testbed.act(action, asOther), NOT_FOUND);
    assertEquals(
      testbed.act(JSON.stringify({ WebSocketExtPushOutgoing: ext }), asOther),
      NOT_FOUND,
    );
    assertEquals(testbed.act({ WebSocketClose: id }, asOther), NOT_FOUND);
    const error = "WebSocket channel not owned by this process";
    assertEquals(testbed.act(action, { ...asOther, target: eraA }), {
      Err: { WebSocketPushError: { error } },
    });
    const remote = { source: parseAddress("evil.dev@a:b:template.os"), blob: "x" };
    assertEquals(testbed.act(action, remote), { Err: "InvalidSourceProcess" });
    assertEquals(push(testbed, id, "Text", "mine"), { Ok: null });
    assertEquals(await client.readUntil("mine"), "\x81\x04mine");
  }));

Deno.test("push() of Ping and Pong says that this runtime cannot", () =>
  openChannel((testbed, _client, id) => {
    assertEquals(push(testbed, id, "Ping", "x"), { Err: "WsPingPongUnsupported" });
    assertEquals(push(testbed, id, "Pong", ""), { Err: "WsPingPongUnsupported" });
    assertEquals(push(testbed, id, "Pong", "x".repeat(126)), { Err: "WsPingPongTooLong" });
    return Promise.resolve();
  }));

Deno.test("a client's ping is answered, and not shown to the process", () =>
  openChannel(async (testbed, client, id) => {
    await client.write(frame(9, "beat"));
    assertEquals(await client.readUntil("beat"), "\x8a\x04beat");
    await client.write(frame(1, "after"));
    assertEquals(said(await testbed.next()), pushed(id, "Text", "after"));
  }));

Deno.test("pushToExtension() sends the request's id in the envelope, and does not reply", () =>
  openChannel(async (testbed, client, channel_id) => {
    const id = 0x1122334455667788n;
    const outgoing = { message_type: "Binary" as const, desired_reply_type: "Response" as const };
    const action = { WebSocketExtPushOutgoing: { channel_id, ...outgoing } };
    assertEquals(testbed.act(action, { id, blob: new Uint8Array([0x80, 1]) }), undefined);
    const data = { id, kinode_message_type: "Response" as const };
    const expected = encodeExtension({ ...data, blob: new Uint8Array([0x80, 1]) });
    const received = await client.readUntil("\x80\x01");
    assertEquals(received, String.fromCharCode(0x82, expected.length, ...expected));
    assertEquals(testbed.rest(), []);
  }));

Deno.test("an extension's envelope becomes a Response or a Request with its id", () =>
  openChannel(async (testbed, client, channel_id) => {
    const blob = new TextEncoder().encode("from ext");
    for (const kind of ["Response", "Request"] as const) {
      const id = 2n ** 63n + 1n;
      await client.write(frame(2, encodeExtension({ id, kinode_message_type: kind, blob })));
      const message = await testbed.next();
      const body = { WebSocketPush: { channel_id, message_type: "Binary" } };
      assertEquals(said(message), [body, "from ext", kind]);
      assertEquals([message.id, message.source, message.target], [id, eraA, app]);
      assertEquals([message.rsvp, message.expects_response], [null, null]);
    }
  }, { extension: true, target: eraA }));

Deno.test("an extension's other frames go through as they are, actions of ours are dropped", () =>
  openChannel(async (testbed, client, id) => {
    const action = Uint8Array.from("\x81\xaeWebSocketClose\x05", (char) => char.charCodeAt(0));
    await client.write(frame(2, action));
    await client.write(frame(2, action));
    await client.write(frame(1, "plain"));
    assertEquals(said(await testbed.next()), pushed(id, "Text", "plain"));
    assertEquals(testbed.lines, ["http-server: got unexpected message from ext websocket"]);
    await client.write(closeFrame(1000, "done"));
    assertEquals(said(await testbed.next()), pushed(id, "Close", "done"));
    assertEquals(said(await testbed.next()), closed(id));
  }, { extension: true }));

Deno.test("an envelope on a plain binding is the process's own affair", () =>
  openChannel(async (testbed, client, channel_id) => {
    const data = { id: 7n, kinode_message_type: "Response" as const, blob: new Uint8Array(0) };
    await client.write(frame(2, encodeExtension(data)));
    const message = await testbed.next();
    assertEquals([message.kind, message.id === 7n], ["Request", false]);
    assertEquals(message.lazy_load_blob?.bytes, encodeExtension(data));
    assertEquals(JSON.parse(textOf(message.body)).WebSocketPush.channel_id, channel_id);
  }));

Deno.test("processEnded() closes the process's channels with 1011, and tells it nothing", () =>
  openChannel(async (testbed, client, id) => {
    testbed.server.processEnded(other);
    assertEquals(push(testbed, id, "Text", "still"), { Ok: null });
    testbed.server.processEnded(app);
    assertEquals(push(testbed, id, "Text", "late"), NOT_FOUND);
    assertMatch(await client.readUntil("ended"), /^\x81\x05still\x88\x0f\x03\xf3process ended$/);
    await client.write(frame(1, "anybody?"));
    await client.write(closeFrame(1011));
    await client.readToEnd();
    assertEquals(testbed.rest(), []);
  }));

Deno.test("a message that the process could not take ends the channel with 1013", () =>
  openChannel(async (testbed, client, id) => {
    await client.write(frame(1, "too much"));
    const refused = await testbed.next();
    const error = { kind: "Timeout", reason: "queue-full", target: app, explanation: "" } as const;
    testbed.server.deliver({ ...refused, kind: "SendError", source: app, target: eraB, error });
    assertEquals(said(await testbed.next()), closed(id));
    assertMatch(await client.readUntil("messages"), /^\x88\x13\x03\xf5too many messages$/);
    assertEquals(push(testbed, id, "Text", "late"), NOT_FOUND);
    await client.write(frame(1, "more"));
    await client.write(closeFrame(1013));
    await client.readToEnd();
    assertEquals(testbed.rest(), []);
  }));

// A client that reads nothing, to make the node keep all that is pushed.
Deno.test("push() drops a channel whose client is too slow, and says so once", () =>
  openChannel(async (testbed, _client, id) => {
    const blob = new Uint8Array(1024 * 1024);
    const action = { WebSocketPush: { channel_id: id, message_type: "Binary" as const } };
    let pushes = 0;
    let reply: unknown = { Ok: null };
    while (pushes < 100 && testbed.act(action, { blob, expects_response: null }) === undefined) {
      pushes++;
    }
    reply = testbed.act(action, { blob });
    assertEquals(reply, NOT_FOUND);
    // The socket's own buffers hold some more than the bound.
    assertEquals(pushes >= WS_BUFFERED_BYTES_MAX / blob.length && pushes < 100, true);
    assertEquals(testbed.rest().map(said), [closed(id)]);
    await Promise.resolve();
  }));

Deno.test("channels of many clients keep apart, and their order", async () => {
  const testbed = new Testbed().listen();
  testbed.bindWs("/");
  testbed.rest();
  const clients = await Promise.all(Array.from({ length: 50 }, () => testbed.connectWs(PATH)));
  const ids = new Set<number>();
  for (const _ of clients) {
    ids.add(JSON.parse(textOf((await testbed.next()).body)).WebSocketOpen.channel_id);
  }
  assertEquals(ids.size, clients.length);
  for (const client of clients) {
    for (let i = 0; i < 10; i++) await client.write(frame(1, `${i}`));
  }
  const heard = new Map<number, string>();
  for (let i = 0; i < 10 * clients.length; i++) {
    const message = await testbed.next();
    const { channel_id } = JSON.parse(textOf(message.body)).WebSocketPush;
    heard.set(channel_id, (heard.get(channel_id) ?? "") + textOf(message.lazy_load_blob!.bytes));
  }
  assertEquals([...heard.values()], clients.map(() => "0123456789"));
  for (const client of clients) client.close();
  for (const _ of clients) await testbed.next();
  await testbed.server.close();
});
