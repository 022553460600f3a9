import { assertEquals, assertThrows } from "@std/assert";
import { bytesOf, type KernelMessage, type LazyLoadBlob, textOf } from "../protocol/message.ts";
import { FakeKernel } from "./fake_kernel_test.ts";
import { awaitMessage } from "./standard.ts";
import { WebSocket } from "./web_socket.ts";

const ACK = '{"Ok":"WebSocketAck"}';

/** Opens, and hands back the request that it sent, whose channel id the others bear. */
async function connect(kernel: FakeKernel, protocols?: string[]) {
  const socket = new WebSocket("ws://localhost:1/a", protocols);
  const open = await kernel.next();
  return { socket, open, channelId: action(open).WebSocketOpen.channel_id as number };
}

function action(message: KernelMessage) {
  return JSON.parse(textOf(message.body));
}

function push(kernel: FakeKernel, channel_id: number, message_type: string, blob: LazyLoadBlob) {
  const body = { WebSocketPush: { channel_id, message_type } };
  kernel.tell("http_client:distro:sys", body, { blob });
}

function once<T extends Event>(socket: WebSocket, type: string): Promise<T> {
  return new Promise((resolve) =>
    socket.addEventListener(type, (event) => resolve(event as T), { once: true })
  );
}

Deno.test("WebSocket opens through http_client on a channel id out of the script's way", async () => {
  const kernel = new FakeKernel();
  const { socket, open, channelId } = await connect(kernel, ["chat", "v2"]);
  assertEquals(open.target as string, "fake.dev@http_client:distro:sys");
  const headers = { "sec-websocket-protocol": "chat, v2" };
  assertEquals(action(open).WebSocketOpen, {
    url: "ws://localhost:1/a",
    headers,
    channel_id: channelId,
  });
  assertEquals(channelId >= 0x8000_0000, true);
  assertEquals(socket.readyState, WebSocket.CONNECTING);
  assertThrows(() => socket.send("early"), DOMException, "not open yet");
  assertEquals(socket.protocol, "");
  kernel.answer(open, ACK, null, '{"protocol":"v2"}');
  const opened = await once<Event & { resumed: boolean }>(socket, "open");
  assertEquals([socket.readyState, socket.protocol, opened.resumed], [socket.OPEN, "v2", false]);
});

Deno.test("WebSocket sends headers, and tells and hears codes and reasons", async () => {
  const kernel = new FakeKernel();
  const socket = new WebSocket("ws://localhost:1/", { headers: { "X-A": "1" }, protocols: "chat" });
  const open = await kernel.next();
  const { headers, channel_id } = action(open).WebSocketOpen;
  assertEquals(headers, { "x-a": "1", "sec-websocket-protocol": "chat" });
  kernel.answer(open, ACK);
  await once(socket, "open");
  socket.close(4000, "enough");
  const close = await kernel.next();
  assertEquals([action(close), close.metadata], [
    { WebSocketClose: { channel_id } },
    '{"code":4000,"reason":"enough"}',
  ]);
  kernel.answer(close, ACK);
  const metadata = '{"code":4001,"reason":"bye"}';
  const closed = once<CloseEvent>(socket, "close");
  kernel.tell("http_client:distro:sys", { WebSocketClose: { channel_id } }, { metadata });
  const { code, reason, wasClean } = await closed;
  assertEquals([code, reason, wasClean], [4001, "bye", true]);
});

Deno.test("WebSocket resumes the connection of the version before, with what that had left", async () => {
  const kernel = new FakeKernel();
  const { socket, open, channelId } = await connect(kernel);
  const OLD = 0x8000_0007;
  push(kernel, OLD, "Text", { mime: "text/plain", bytes: "one" });
  kernel.answer(open, ACK, null, `{"protocol":"","resumed":${OLD}}`);
  push(kernel, OLD, "Text", { mime: "text/plain", bytes: "two" });
  push(kernel, channelId, "Text", { mime: "text/plain", bytes: "three" });
  const seen: string[] = [];
  socket.onopen = (event) =>
    seen.push(`resumed ${(event as Event & { resumed: boolean }).resumed}`);
  const done = Promise.withResolvers<void>();
  socket.onmessage = (event) => {
    const { data } = event as MessageEvent<string>;
    if (seen.push(data) === 4) done.resolve();
  };
  await done.promise;
  assertEquals(seen, ["resumed true", "one", "two", "three"]);
});

Deno.test("WebSocket says open before the messages that came in the same batch", async () => {
  const kernel = new FakeKernel();
  const { socket, open, channelId } = await connect(kernel);
  const seen: string[] = [];
  socket.onopen = () => seen.push("open");
  socket.onmessage = (event) => seen.push((event as MessageEvent).data);
  kernel.answer(open, ACK);
  push(kernel, channelId, "Text", { mime: "text/plain", bytes: "first" });
  kernel.tell("http_client:distro:sys", { WebSocketClose: { channel_id: channelId } });
  const closed = await once<CloseEvent>(socket, "close");
  assertEquals(seen, ["open", "first"]);
  assertEquals([closed.code, closed.wasClean, socket.readyState], [1005, true, 3]);
});

Deno.test("WebSocket gives binary messages as Blob, or as ArrayBuffer where that is asked for", async () => {
  const kernel = new FakeKernel();
  const { socket, open, channelId } = await connect(kernel);
  kernel.answer(open, ACK);
  await once(socket, "open");
  const bytes = new Uint8Array([1, 2, 3]);
  let next = once<MessageEvent<Blob>>(socket, "message");
  push(kernel, channelId, "Binary", { mime: null, bytes });
  assertEquals(new Uint8Array(await (await next).data.arrayBuffer()), bytes);
  socket.binaryType = "arraybuffer";
  next = once(socket, "message");
  push(kernel, channelId, "Binary", { mime: null, bytes });
  assertEquals(new Uint8Array((await next).data as unknown as ArrayBuffer), bytes);
});

Deno.test("WebSocket sends text, bytes and Blobs in the order of send(), and then closes", async () => {
  const kernel = new FakeKernel();
  const { socket, open, channelId } = await connect(kernel);
  kernel.answer(open, ACK);
  await once(socket, "open");
  socket.send(new Blob(["one"]));
  socket.send("two");
  const mine = new Uint8Array([9, 3, 9]).subarray(1, 2);
  socket.send(mine);
  mine[0] = 4;
  socket.close(1000, "done");
  const sent = [await kernel.next(), await kernel.next(), await kernel.next()];
  const types = sent.map((message) => action(message).WebSocketPush.message_type);
  assertEquals(types, ["Binary", "Text", "Binary"]);
  const bytes = sent.map((message) => bytesOf(message.lazy_load_blob!.bytes));
  assertEquals(bytes, [bytesOf("one"), bytesOf("two"), new Uint8Array([3])]);
  const close = await kernel.next();
  assertEquals(action(close), { WebSocketClose: { channel_id: channelId } });
  assertEquals(socket.readyState, WebSocket.CLOSING);
  const closed = once(socket, "close");
  kernel.answer(close, ACK);
  socket.onmessage = () => {
    throw new Error("it heard a message after close()");
  };
  push(kernel, channelId, "Text", { mime: null, bytes: "late" });
  kernel.tell("http_client:distro:sys", { WebSocketClose: { channel_id: channelId } });
  await closed;
});

Deno.test("WebSocket that cannot connect says error, then close 1006", async () => {
  const kernel = new FakeKernel();
  const { socket, open } = await connect(kernel);
  const failed = once<ErrorEvent>(socket, "error");
  const closed = once<CloseEvent>(socket, "close");
  kernel.answer(open, '{"Err":{"WsOpenFailed":{"url":"ws://localhost:1/a"}}}');
  assertEquals(
    (await failed).message,
    "websocket_client: failed to open connection ws://localhost:1/a.",
  );
  assertEquals([(await closed).code, (await closed).wasClean], [1006, false]);
});

Deno.test("WebSocket that is closed while it connects never opens", async () => {
  const kernel = new FakeKernel();
  const { socket, open } = await connect(kernel);
  socket.onopen = () => {
    throw new Error("it opened");
  };
  socket.close();
  kernel.answer(open, ACK);
  const close = await kernel.next();
  kernel.answer(close, '{"Err":{"WsCloseFailed":{"channel_id":0}}}');
  await once(socket, "close");
});

Deno.test("WebSocket leaves the script's own channels to awaitMessage()", async () => {
  const kernel = new FakeKernel();
  await connect(kernel);
  kernel.tell("http_client:distro:sys", { WebSocketClose: { channel_id: 0 } });
  assertEquals((await awaitMessage()).text(), '{"WebSocketClose":{"channel_id":0}}');
});

Deno.test("WebSocket refuses what the web refuses, by the web's names", () => {
  new FakeKernel();
  assertThrows(
    () => new WebSocket("ftp://localhost/"),
    DOMException,
    "its scheme is not ws or wss",
  );
  assertThrows(() => new WebSocket("ws://localhost/#x"), DOMException, "fragment");
  assertThrows(() => new WebSocket("ws://localhost/", ["a", "A"]), DOMException, "twice");
  assertThrows(() => new WebSocket("ws://localhost/", "a b"), DOMException, "no token");
  assertEquals(new WebSocket("http://localhost/").url, "ws://localhost/");
});
