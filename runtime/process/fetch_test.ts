import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { textOf } from "../protocol/message.ts";
import { FakeKernel } from "./fake_kernel_test.ts";
import { fetch } from "./fetch.ts";
import { HttpClientError } from "./http_client.ts";

const OK = '{"Ok":{"Http":{"status":200,"headers":{"Content-Type":"text/plain"}}}}';

Deno.test("fetch() sends method, headers and body through http_client and gives a Response", async () => {
  const kernel = new FakeKernel();
  const asked = fetch(new URL("http://localhost:1/a#b"), { method: "POST", body: "hi" });
  const sent = await kernel.next();
  assertEquals(JSON.parse(textOf(sent.body)), {
    Http: {
      method: "POST",
      version: null,
      url: "http://localhost:1/a#b",
      headers: { "content-type": "text/plain;charset=UTF-8" },
    },
  });
  assertEquals(sent.lazy_load_blob?.bytes, new TextEncoder().encode("hi"));
  kernel.answer(sent, OK, { mime: null, bytes: "answer" });
  const response = await asked;
  assertInstanceOf(response, Response);
  assertEquals(response.url, "http://localhost:1/a");
  assertEquals(response.headers.get("content-type"), "text/plain");
  assertEquals(await response.text(), "answer");
});

Deno.test("fetch() takes a Request, and an answer that has no body", async () => {
  const kernel = new FakeKernel();
  const asked = fetch(new Request("http://localhost:1/", { headers: { "x-a": "1" } }));
  const sent = await kernel.next();
  assertEquals(JSON.parse(textOf(sent.body)).Http.headers, { "x-a": "1" });
  assertEquals(sent.lazy_load_blob?.bytes, "");
  kernel.answer(sent, '{"Ok":{"Http":{"status":204,"headers":{}}}}', { mime: null, bytes: "" });
  assertEquals((await asked).status, 204);
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
  await assertRejects(
    () => fetch("http://localhost/", { redirect: "manual" }),
    TypeError,
    "manual",
  );
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
  kernel.answer(sent, OK, { mime: null, bytes: "" });
});
