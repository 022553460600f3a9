import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { FakeKernel } from "./fake_kernel_test.ts";
import * as http from "./http.ts";
import { SendError } from "./message.ts";
import { awaitMessage } from "./standard.ts";

Deno.test("sendRequestAwaitResponse() sends Http with a blob, and gives status, headers, body", async () => {
  const kernel = new FakeKernel();
  const asked = http.sendRequestAwaitResponse("GET", "http://localhost:1/a", null, 7);
  const sent = await kernel.next();
  assertEquals(sent.target as string, "fake.dev@http_client:distro:sys");
  assertEquals(sent.expects_response, 7);
  assertEquals(
    sent.body,
    '{"Http":{"method":"GET","version":null,"url":"http://localhost:1/a","headers":{}}}',
  );
  assertEquals(sent.lazy_load_blob, { mime: null, bytes: "" });
  const head = { Ok: { Http: { status: 404, headers: { "Content-Type": "text/plain" } } } };
  kernel.answer(sent, JSON.stringify(head), { mime: null, bytes: new Uint8Array([104, 105]) });
  const answer = await asked;
  assertEquals(answer.status, 404);
  assertEquals(answer.headers, { "Content-Type": "text/plain" });
  assertEquals(answer.body, new Uint8Array([104, 105]));
  assertEquals(answer.text(), "hi");
});

Deno.test("sendRequestAwaitResponse() throws Kinode 0.9's errors, each with its JSON", async () => {
  const kernel = new FakeKernel();
  const fail = async (act: (sent: Awaited<ReturnType<typeof kernel.next>>) => void) => {
    const asked = http.sendRequestAwaitResponse("GET", "http://localhost:1/", null, 5);
    act(await kernel.next());
    return await assertRejects(() => asked, http.HttpClientError);
  };
  const bad = await fail((sent) => kernel.answer(sent, '{"Err":{"BadMethod":{"method":"X Y"}}}'));
  assertEquals(bad.message, "http_client: http method not supported: X Y.");
  assertEquals(bad.error, { BadMethod: { method: "X Y" } });
  const late = await fail((sent) => kernel.refuse(sent, "no-answer", "late"));
  assertEquals(late.error, { RequestFailed: { error: "http_client timed out" } });
  assertInstanceOf(late.cause, SendError);
  const odd = await fail((sent) => kernel.answer(sent, '{"Ok":"WebSocketAck"}'));
  assertEquals(odd.error, { RequestFailed: { error: "http_client gave unexpected response" } });
  const junk = await fail((sent) => kernel.answer(sent, "junk"));
  assertEquals(junk.message.includes("http_client gave invalid response: "), true);
});

Deno.test("sendRequest() lets the answer come out of awaitMessage()", async () => {
  const kernel = new FakeKernel();
  http.sendRequest("POST", new URL("http://localhost:1/"), { a: "b" }, 5, "body");
  const sent = await kernel.next();
  assertEquals(sent.lazy_load_blob?.bytes, "body");
  kernel.answer(sent, '{"Ok":{"Http":{"status":200,"headers":{}}}}');
  assertEquals((await awaitMessage()).isResponse, true);
  http.sendRequest("POST", "http://localhost:1/", null, null);
  assertEquals((await kernel.next()).expects_response, null);
});

Deno.test("openWsConnection() resolves with the Ack and names the url when it fails", async () => {
  const kernel = new FakeKernel();
  const opened = http.client.openWsConnection("ws://localhost:8765", null, 0);
  const sent = await kernel.next();
  assertEquals(
    sent.body,
    '{"WebSocketOpen":{"url":"ws://localhost:8765","headers":{},"channel_id":0}}',
  );
  assertEquals(sent.expects_response, 5);
  kernel.answer(sent, '{"Ok":"WebSocketAck"}');
  await opened;

  const refused = http.client.openWsConnection("ws://localhost:8765", null, 0);
  kernel.answer(await kernel.next(), '{"Err":{"WsOpenFailed":{"url":"ws://localhost:8765/"}}}');
  const error = await assertRejects(() => refused, http.HttpClientError);
  assertEquals(error.message, "websocket_client: failed to open connection ws://localhost:8765/.");

  const late = http.client.openWsConnection("ws://localhost:8765", null, 0);
  kernel.refuse(await kernel.next(), "no-answer", "late");
  const timeout = await assertRejects(() => late, http.HttpClientError);
  assertEquals(timeout.error, { WsOpenFailed: { url: "ws://localhost:8765" } });
});

Deno.test("sendWsClientPush() and closeWsConnection() bear the script's channel id", async () => {
  const kernel = new FakeKernel();
  http.client.sendWsClientPush(3, "Binary", { bytes: new Uint8Array([1]) });
  const push = await kernel.next();
  assertEquals(push.body, '{"WebSocketPush":{"channel_id":3,"message_type":"Binary"}}');
  const closed = http.client.closeWsConnection(3);
  const close = await kernel.next();
  assertEquals(close.body, '{"WebSocketClose":{"channel_id":3}}');
  kernel.answer(close, '{"Err":{"WsCloseFailed":{"channel_id":3}}}');
  const error = await assertRejects(() => closed, http.HttpClientError);
  assertEquals(error.message, "websocket_client: failed to close connection 3.");
});

Deno.test("HttpClientRequest.parse() reads both events", async () => {
  const kernel = new FakeKernel();
  kernel.tell("http_client:distro:sys", { WebSocketClose: { channel_id: 3 } });
  const event = http.client.HttpClientRequest.parse(await awaitMessage());
  assertEquals(event, { WebSocketClose: { channel_id: 3 } });
});
