import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { textOf } from "../protocol/message.ts";
import { FakeKernel } from "./fake_kernel_test.ts";
import { fetch } from "./fetch.ts";
import { HttpClientError } from "./http_client.ts";

function ok(web: Record<string, unknown> = {}): string {
  const headers = [["content-type", "text/plain"], ["set-cookie", "a=1"], ["set-cookie", "b=2"]];
  const answer = {
    status_text: "Fine",
    headers,
    url: "http://localhost:1/a",
    redirected: false,
    streams: false,
    ...web,
  };
  return JSON.stringify({ Ok: { Http: { status: 200, headers: {}, web: answer } } });
}
const blob = (bytes: string) => ({ mime: null, bytes });
const ACK = '{"Ok":"HttpAck"}';
const NOT_FOUND = '{"Err":{"RequestFailed":{"error":"there is no such call"}}}';

/** What the process says next. */
async function action(kernel: FakeKernel) {
  const sent = await kernel.next();
  return { sent, body: JSON.parse(textOf(sent.body)), bytes: sent.lazy_load_blob?.bytes };
}

Deno.test("fetch() sends method, headers and body through http_client and gives a Response", async () => {
  const kernel = new FakeKernel();
  const asked = fetch(new URL("http://localhost:1/a#b"), { method: "POST", body: "hi" });
  const { sent, body, bytes } = await action(kernel);
  const { web, ...http } = body.Http;
  assertEquals(http, {
    method: "POST",
    version: null,
    url: "http://localhost:1/a#b",
    headers: { "content-type": "text/plain;charset=UTF-8" },
  });
  assertEquals([web.redirect, web.streams], ["follow", false]);
  assertEquals(bytes, new TextEncoder().encode("hi"));
  kernel.answer(sent, ok(), blob("answer"));
  const response = await asked;
  assertInstanceOf(response, Response);
  assertEquals([response.url, response.redirected], ["http://localhost:1/a", false]);
  assertEquals([response.status, response.statusText], [200, "Fine"]);
  assertEquals(response.headers.get("content-type"), "text/plain");
  assertEquals(response.headers.getSetCookie(), ["a=1", "b=2"]);
  assertEquals(await response.text(), "answer");
  assertEquals(kernel.silent, true);
});

Deno.test("fetch() takes a Request, and an answer that has no body", async () => {
  const kernel = new FakeKernel();
  const asked = fetch(
    new Request("http://localhost:1/", { headers: { "x-a": "1" }, redirect: "manual" }),
  );
  const { sent, body, bytes } = await action(kernel);
  assertEquals([body.Http.headers, body.Http.web.redirect, bytes], [
    { "x-a": "1" },
    "manual",
    undefined,
  ]);
  kernel.answer(sent, ok().replace("200", "204"), blob(""));
  const response = await asked;
  assertEquals([response.status, response.body], [204, null]);
});

Deno.test("fetch() says that a packed body is to stay so", async () => {
  const kernel = new FakeKernel();
  fetch("http://localhost:1/", { decompress: false }).catch(() => {});
  assertEquals((await action(kernel)).body.Http.web.decompress, false);
});

Deno.test("fetch() reads an answer as it comes, a piece for each read, and cancels what is not read", async () => {
  const kernel = new FakeKernel();
  for (const ends of [true, false]) {
    const asked = fetch("http://localhost:1/");
    const { sent, body } = await action(kernel);
    kernel.answer(sent, ok({ streams: true }));
    const reader = (await asked).body!.getReader();
    const first = reader.read();
    const { call } = body.Http.web;
    const read = await action(kernel);
    assertEquals(read.body, { HttpBodyRead: { call } });
    kernel.answer(read.sent, ACK, blob("piece"));
    assertEquals(new TextDecoder().decode((await first).value), "piece");
    if (ends) {
      const last = reader.read();
      kernel.answer((await action(kernel)).sent, ACK);
      assertEquals((await last).done, true);
    } else {
      await reader.cancel();
      assertEquals((await action(kernel)).body, { HttpCancel: { call } });
    }
    assertEquals(kernel.silent, true);
  }
});

Deno.test("fetch() says why an answer broke off", async () => {
  const kernel = new FakeKernel();
  const asked = fetch("http://localhost:1/");
  kernel.answer(await kernel.next(), ok({ streams: true }));
  const text = (await asked).text();
  kernel.answer(await kernel.next(), '{"Err":{"RequestFailed":{"error":"reset"}}}');
  await assertRejects(() => text, TypeError, "error reading a body from connection: http_client");
});

Deno.test("fetch() sends a stream piece by piece, each when the one before was taken", async () => {
  const kernel = new FakeKernel();
  const body = ReadableStream.from([new TextEncoder().encode("one"), new Uint8Array(65_537)]);
  const asked = fetch("http://localhost:1/", { method: "POST", body });
  const first = await action(kernel);
  assertEquals(first.body.Http.web.streams, true);
  const { call } = first.body.Http.web;
  for (const length of [3, 65_536, 1]) {
    const chunk = await action(kernel);
    assertEquals(chunk.body, { HttpRequestChunk: { call } });
    assertEquals(chunk.bytes?.length, length);
    assertEquals(kernel.silent, true);
    kernel.answer(chunk.sent, ACK);
  }
  assertEquals((await action(kernel)).body, { HttpRequestEnd: { call, error: null } });
  kernel.answer(first.sent, ok(), blob("got it"));
  assertEquals(await (await asked).text(), "got it");
});

Deno.test("fetch() sends no more once the server has answered, and fails with its stream", async () => {
  const kernel = new FakeKernel();
  let cancelled: unknown;
  const pull = (controller: ReadableStreamDefaultController) => controller.enqueue("more");
  const endless = new ReadableStream({ pull, cancel: (why) => void (cancelled = why) });
  const asked = fetch("http://localhost:1/", { method: "PUT", body: endless });
  const first = await action(kernel);
  kernel.answer(first.sent, ok(), blob("too large"));
  kernel.answer((await action(kernel)).sent, NOT_FOUND);
  assertEquals(await (await asked).text(), "too large");
  assertEquals(cancelled, null);
  const breaks = new ReadableStream({ pull: () => Promise.reject(new Error("mine")) });
  const failing = fetch("http://localhost:1/", { method: "PUT", body: breaks });
  await assertRejects(() => failing, Error, "mine");
});

Deno.test("fetch() rejects with a TypeError that says why", async () => {
  const kernel = new FakeKernel();
  const asked = fetch("http://localhost:1/");
  kernel.answer(await kernel.next(), '{"Err":{"RequestFailed":{"error":"connection refused"}}}');
  const error = await assertRejects(() => asked, TypeError);
  assertEquals(
    error.message,
    "error sending request for url (http://localhost:1/): " +
      "http_client: failed to execute request connection refused.",
  );
  assertInstanceOf(error.cause, HttpClientError);
  await assertRejects(() => fetch("file:///etc/passwd"), TypeError, "is not http or https");
  await assertRejects(() => fetch("no url"), TypeError);
});

Deno.test("fetch() reads data: URLs by itself", async () => {
  new FakeKernel();
  assertEquals(await (await fetch("data:text/plain,hello")).text(), "hello");
});

Deno.test("fetch() rejects at once when it is aborted, before and while it runs", async () => {
  const kernel = new FakeKernel();
  const aborted = AbortSignal.abort(new Error("before"));
  await assertRejects(() => fetch("http://localhost:1/", { signal: aborted }), Error, "before");
  const controller = new AbortController();
  const asked = fetch("http://localhost:1/", { signal: controller.signal });
  const sent = await kernel.next();
  controller.abort();
  const error = await assertRejects(() => asked, DOMException);
  assertEquals(error.name, "AbortError");
  const { call } = JSON.parse(textOf(sent.body)).Http.web;
  assertEquals((await action(kernel)).body, { HttpCancel: { call } });
  kernel.answer(sent, NOT_FOUND);
});

Deno.test("fetch() is aborted while its answer is read", async () => {
  const kernel = new FakeKernel();
  const controller = new AbortController();
  const asked = fetch("http://localhost:1/", { signal: controller.signal });
  kernel.answer(await kernel.next(), ok({ streams: true }));
  const text = (await asked).text();
  await kernel.next();
  controller.abort(new Error("enough"));
  await assertRejects(() => text, Error, "enough");
  assertEquals(Object.keys((await action(kernel)).body), ["HttpCancel"]);
});
