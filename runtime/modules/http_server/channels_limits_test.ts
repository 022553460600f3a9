/** Bounds of sockets that the person at the terminal, or the process, chooses. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { textOf } from "../../protocol/message.ts";
import {
  closed,
  closeFrame,
  frame,
  HANDSHAKE,
  openChannel,
  PATH,
  push,
  pushed,
  said,
  Testbed,
} from "./testing.ts";

Deno.test("a message longer than the node takes ends the channel with 1009, counted in bytes of UTF-8", () =>
  openChannel(async (testbed, client, id) => {
    const fits = "ü".repeat(50);
    await client.write(frame(1, fits));
    assertEquals(said(await testbed.next()), pushed(id, "Text", fits));
    await client.write(frame(1, `${fits}a`));
    const end = await testbed.next();
    assertEquals(said(end), closed(id));
    assertEquals(JSON.parse(end.metadata!), {
      code: 1009,
      reason: "message too big",
      path: "/",
      query: "",
      protocol: "",
    });
    assertStringIncludes(await client.readUntil("big"), "\x03\xf1message too big");
  }, { settings: { wsMessageBytesMax: 100 } }));

Deno.test("more clients than the node takes get 503, until one has left", () =>
  openChannel(async (testbed, client, id) => {
    const second = await testbed.connect();
    await second.write(`GET ${PATH} HTTP/1.1\r\nHost: h\r\n${HANDSHAKE}\r\n`);
    assertStringIncludes(await second.readUntil("\r\n\r\n"), " 503 ");
    second.close();
    await client.write(closeFrame(1000));
    await testbed.next();
    assertEquals(said(await testbed.next()), closed(id));
    const third = await testbed.connectWs(PATH);
    assertStringIncludes(textOf((await testbed.next()).body), "WebSocketOpen");
    third.close();
    await testbed.next();
  }, { settings: { channelsMax: 1 } }));

Deno.test("a client that never answers a close frame is not waited for: 1006", () =>
  openChannel(async (testbed, client, id) => {
    assertEquals(testbed.act({ WebSocketClose: id }), { Ok: null });
    await client.readUntil("\x88");
    const end = await testbed.next();
    assertEquals(said(end), closed(id));
    assertEquals(JSON.parse(end.metadata!).code, 1006);
    await client.write(frame(1, "late"));
    await client.write(closeFrame(1000));
    await client.readToEnd();
    assertEquals(testbed.rest(), []);
  }, { settings: { wsCloseSeconds: 0.05 } }));

Deno.test("a binding with keepalive closes a client that answers no ping: 1006", async () => {
  const testbed = new Testbed().listen();
  const bind = { path: "/", authenticated: false, extension: false };
  for (const keepalive of [0, 3601, 0.5, "1"]) {
    const refused = testbed.act(JSON.stringify({ WebSocketBind: { ...bind, keepalive } }));
    assertEquals(refused, { Err: "MalformedRequest" });
  }
  assertEquals(testbed.act({ WebSocketBind: { ...bind, keepalive: 1 } }), { Ok: null });
  const client = await testbed.connectWs(PATH);
  const { channel_id } = JSON.parse(textOf((await testbed.next()).body)).WebSocketOpen;
  assertEquals(await client.readUntil("\x89\0"), "\x89\0");
  const end = await testbed.next();
  assertEquals(said(end), closed(channel_id));
  assertEquals(JSON.parse(end.metadata!).code, 1006);
  assertEquals(push(testbed, channel_id, "Text", "late"), { Err: "WsChannelNotFound" });
  client.close();
  await testbed.server.close();
});
