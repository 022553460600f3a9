import { assertEquals, assertThrows } from "@std/assert";
import { type KernelMessage, textOf } from "../protocol/message.ts";
import { connect, type Connection, type DisconnectEvent } from "./connect.ts";
import { FakeKernel } from "./fake_kernel_test.ts";

const SOON = { minSeconds: 0.001, maxSeconds: 0.004 };
const ACK = '{"Ok":"WebSocketAck"}';
const FAILED = '{"Err":{"WsOpenFailed":{"url":"ws://localhost:1/"}}}';

function channelOf(open: KernelMessage): number {
  return JSON.parse(textOf(open.body)).WebSocketOpen.channel_id;
}

function once<T extends Event>(target: EventTarget, type: string): Promise<T> {
  return new Promise((resolve) =>
    target.addEventListener(type, (event) => resolve(event as T), { once: true })
  );
}

/** Lets it open. */
async function opened(kernel: FakeKernel, connection: Connection): Promise<number> {
  const open = await kernel.next();
  const event = once(connection, "open");
  kernel.answer(open, ACK);
  await event;
  return channelOf(open);
}

/** The server closes; what the process hears. */
async function closed(kernel: FakeKernel, connection: Connection, channel_id: number) {
  const event = once<DisconnectEvent>(connection, "close");
  const metadata = '{"code":1012,"reason":"restart"}';
  kernel.tell("http_client:distro:sys", { WebSocketClose: { channel_id } }, { metadata });
  return await event;
}

Deno.test("connect() comes back after every loss, and after attempts that fail", async () => {
  const kernel = new FakeKernel();
  const connection = connect("http://localhost:1", { reconnect: SOON, headers: { a: "1" } });
  assertEquals(connection.url, "ws://localhost:1/");
  const first = await opened(kernel, connection);
  const { code, reason, retryMs } = await closed(kernel, connection, first);
  assertEquals([code, reason], [1012, "restart"]);
  assertEquals(retryMs !== null && retryMs <= 1, true);
  assertThrows(() => connection.send("x"), DOMException, "not connected now");
  for (let attempt = 0; attempt < 3; attempt++) {
    const failed = once<DisconnectEvent>(connection, "close");
    kernel.answer(await kernel.next(), FAILED);
    const { code, retryMs } = await failed;
    assertEquals(code, 1006);
    assertEquals(retryMs !== null && retryMs <= 4, true); // maxSeconds
  }
  const second = await opened(kernel, connection);
  assertEquals(second === first, false);
  connection.send("hello");
  assertEquals(textOf((await kernel.next()).lazy_load_blob!.bytes), "hello");
  connection.close(4000, "enough");
  kernel.answer(await kernel.next(), ACK);
  assertEquals((await closed(kernel, connection, second)).retryMs, null);
  assertEquals([kernel.silent, kernel.process.held.size], [true, 0]);
});

Deno.test("connect() without reconnect is over at the first loss; close() ends the waiting", async () => {
  const kernel = new FakeKernel();
  const once_ = connect("ws://localhost:1");
  const id = await opened(kernel, once_);
  assertEquals((await closed(kernel, once_, id)).retryMs, null);
  const waiting = connect("ws://localhost:1", {
    reconnect: { minSeconds: 3_600, maxSeconds: 3_600 },
  });
  const lost = await closed(kernel, waiting, await opened(kernel, waiting));
  assertEquals(lost.retryMs! >= 1_800_000 && lost.retryMs! <= 3_600_000, true);
  const end = once<DisconnectEvent>(waiting, "close");
  waiting.close();
  assertEquals((await end).retryMs, null);
  assertEquals(kernel.process.held.size, 0);
});

Deno.test("connect() hands over text and bytes, and refuses what cannot be waited", async () => {
  const kernel = new FakeKernel();
  const connection = connect("ws://localhost:1");
  const channel_id = await opened(kernel, connection);
  for (const [type, bytes] of [["Text", "hello"], ["Binary", new Uint8Array([1])]] as const) {
    const message = once<MessageEvent>(connection, "message");
    const body = { WebSocketPush: { channel_id, message_type: type } };
    kernel.tell("http_client:distro:sys", body, { blob: { mime: null, bytes } });
    const { data } = await message;
    assertEquals(data, type === "Text" ? "hello" : new Uint8Array([1]).buffer);
  }
  for (const reconnect of [{ minSeconds: 0 }, { minSeconds: 90 }, { maxSeconds: 1e9 }]) {
    assertThrows(() => connect("ws://localhost:1", { reconnect }), RangeError, "Cannot reconnect");
  }
});
