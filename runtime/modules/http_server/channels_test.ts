/** Real sockets over Deno.serve; the test plays the process. */
import { assertEquals } from "@std/assert";
import { parseAddress } from "../../protocol/address.ts";
import { textOf } from "../../protocol/message.ts";
import { encodeExtension } from "./extension.ts";
import {
  app,
  closed,
  closeFrame,
  eraA,
  eraB,
  frame,
  NOT_FOUND,
  openChannel,
  other,
  PATH,
  push,
  pushed,
  said,
  Testbed,
} from "./testing.ts";

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
    assertEquals(message.metadata, '{"query":"query=1"}');
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
    const blob = new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff, 0x62]);
    testbed.act({ WebSocketPush: { channel_id, message_type: "Text" } }, { blob });
    assertEquals(await client.readUntil("b"), "\x81\x08\xef\xbb\xbfa\xef\xbf\xbdb");
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
    testbed.server.processEnded(other, "crashed");
    assertEquals(push(testbed, id, "Text", "still"), { Ok: null });
    testbed.server.processEnded(app, "crashed");
    assertEquals(push(testbed, id, "Text", "late"), NOT_FOUND);
    assertEquals(await client.readUntil("ended"), "\x81\x05still\x88\x0f\x03\xf3process ended");
    await client.write(frame(1, "anybody?"));
    await client.write(closeFrame(1011));
    await client.readToEnd();
    assertEquals(testbed.rest(), []);
  }));
