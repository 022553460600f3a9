/** Clients and processes that do harm to a channel; the threat stands at the head of each group. */
import { assertEquals } from "@std/assert";
import { WS_BUFFERED_BYTES_MAX, WS_MESSAGE_BYTES_MAX } from "../../limits.ts";
import { textOf } from "../../protocol/message.ts";
import {
  closed,
  closeFrame,
  frame,
  NOT_FOUND,
  openChannel,
  PATH,
  push,
  said,
  Testbed,
} from "./testing.ts";

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

// A message in pieces, each within the bound for a frame: Deno bounds frames, but not what they add up to.
Deno.test("a message in fragments that is too big as a whole ends the channel with 1009", () =>
  openChannel(async (testbed, client, id) => {
    const size = WS_MESSAGE_BYTES_MAX / 2 + 1;
    for (const first of [0x02, 0x80]) {
      const bytes = new Uint8Array(14 + size);
      bytes.set([first, 0xff]);
      new DataView(bytes.buffer).setUint32(6, size);
      await client.write(bytes);
    }
    assertEquals(said(await testbed.next()), closed(id));
    assertEquals(await client.readUntil("big"), "\x88\x11\x03\xf1message too big");
  }));

// A client that sends faster than its process takes.
Deno.test("a message that the process could not take ends the channel with 1013", () =>
  openChannel(async (testbed, client, id) => {
    testbed.full = 1;
    await client.write(frame(1, "too much"));
    assertEquals(said(await testbed.next()), closed(id));
    assertEquals(await client.readUntil("messages"), "\x88\x13\x03\xf5too many messages");
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
