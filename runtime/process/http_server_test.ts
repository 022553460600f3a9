import { assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import { textOf } from "../protocol/message.ts";
import { FakeKernel } from "./fake_kernel_test.ts";
import * as http from "./http.ts";
import { SendError } from "./message.ts";
import { awaitMessage } from "./standard.ts";

/** What each helper sends: P8 http.rs, as spec/http.md §5.1 lists it. */
const binds: [string, () => Promise<void>, unknown, unknown][] = [
  [
    "bindHttpPath",
    () => http.bindHttpPath("/"),
    { Bind: { path: "/", authenticated: false, local_only: false, cache: false } },
    null,
  ],
  [
    "bindHttpStaticPath",
    () => http.bindHttpStaticPath("/a", true, true, "text/html", "<p>"),
    { Bind: { path: "/a", authenticated: true, local_only: true, cache: true } },
    { mime: "text/html", bytes: "<p>" },
  ],
  ["unbindHttpPath", () => http.unbindHttpPath("/a"), { Unbind: { path: "/a" } }, null],
  [
    "bindWsPath",
    () => http.bindWsPath("/"),
    { WebSocketBind: { path: "/", authenticated: false, encrypted: false, extension: false } },
    null,
  ],
  [
    "bindWsPath with what Kinode does not have",
    () => http.bindWsPath("/", false, false, 30, ["chat"]),
    {
      WebSocketBind: {
        ...{ path: "/", authenticated: false, encrypted: false, extension: false },
        ...{ keepalive: 30, protocols: ["chat"] },
      },
    },
    null,
  ],
  ["unbindWsPath", () => http.unbindWsPath("/"), { WebSocketUnbind: { path: "/" } }, null],
  [
    "bindExtPath",
    () => http.bindExtPath("/x"),
    { WebSocketBind: { path: "/x", authenticated: false, encrypted: false, extension: true } },
    null,
  ],
  [
    "secureBindHttpPath",
    () => http.secureBindHttpPath("/s"),
    { SecureBind: { path: "/s", cache: false } },
    null,
  ],
  [
    "secureBindHttpStaticPath",
    () => http.secureBindHttpStaticPath("/s", null, "x"),
    { SecureBind: { path: "/s", cache: true } },
    { mime: null, bytes: "x" },
  ],
  [
    "secureBindWsPath",
    () => http.secureBindWsPath("/s"),
    { WebSocketSecureBind: { path: "/s", encrypted: false, extension: false } },
    null,
  ],
];

for (const [name, call, body, blob] of binds) {
  Deno.test(`${name}() sends Kinode's action to http_server and waits 5 s for Ok`, async () => {
    const kernel = new FakeKernel();
    const done = call();
    const sent = await kernel.next();
    assertEquals(sent.target as string, "fake.dev@http_server:distro:sys");
    assertEquals(sent.expects_response, 5);
    assertEquals(JSON.parse(textOf(sent.body)), body);
    assertEquals(sent.lazy_load_blob as unknown, blob);
    kernel.answer(sent, '{"Ok":null}');
    await done;
  });
}

Deno.test("bindHttpPath() throws http_server's error with Kinode 0.9's sentence", async () => {
  const kernel = new FakeKernel();
  const done = http.bindHttpPath("/");
  kernel.answer(await kernel.next(), '{"Err":{"PathBindError":{"error":"no"}}}');
  const error = await assertRejects(() => done, http.HttpServerError, "path binding error: no");
  assertEquals(error.error, { PathBindError: { error: "no" } });
});

Deno.test("bindHttpPath() says that http_server timed out, and why when it was something else", async () => {
  const kernel = new FakeKernel();
  const late = http.bindHttpPath("/");
  kernel.refuse(await kernel.next(), "no-answer", "it did not answer within 5 seconds");
  const error = await assertRejects(() => late, http.HttpServerError);
  assertEquals(error.message, "path binding error: http_server timed out");
  assertInstanceOf(error.cause, SendError);

  const refused = http.bindHttpPath("/");
  kernel.refuse(await kernel.next(), "not-permitted", "this process may not message it");
  await assertRejects(() => refused, Error, "path binding error: this process may not message it");
});

Deno.test("bindHttpPath() does not take an unreadable answer for Ok", async () => {
  const kernel = new FakeKernel();
  const done = http.bindHttpPath("/");
  kernel.answer(await kernel.next(), "?");
  await assertRejects(() => done, Error, "http_server gave unexpected response");
});

Deno.test("sendResponse() answers the request read last, always with a blob", async () => {
  const kernel = new FakeKernel();
  const asked = kernel.tell("http_server:distro:sys", { Http: {} }, { expects: 15 });
  await awaitMessage();
  http.sendResponse(200, { "set-cookie": ["a=1", "b=2"] });
  const answer = await kernel.next();
  assertEquals([answer.kind, answer.id, answer.target], ["Response", asked.id, asked.source]);
  assertEquals(answer.body, '{"status":200,"headers":{"set-cookie":["a=1","b=2"]}}');
  assertEquals(answer.lazy_load_blob, { mime: null, bytes: "" });
});

Deno.test("sendWsPush() sends the payload as blob and expects nothing", async () => {
  const kernel = new FakeKernel();
  http.sendWsPush(7, "Text", { mime: "text/plain", bytes: "hi" });
  const sent = await kernel.next();
  assertEquals(sent.expects_response, null);
  assertEquals(sent.body, '{"WebSocketPush":{"channel_id":7,"message_type":"Text"}}');
  assertEquals(sent.lazy_load_blob, { mime: "text/plain", bytes: "hi" });
});

Deno.test("HttpServerRequest.parse() gives an Http request with Kinode's accessors", async () => {
  const kernel = new FakeKernel();
  kernel.tell("http_server:distro:sys", {
    Http: {
      source_socket_addr: "127.0.0.1:53412",
      method: "PUT",
      url: "http://localhost/test:test:template.os/users/7",
      bound_path: "/test:test:template.os/users/:id",
      headers: { host: "localhost:8080" },
      url_params: { id: "7" },
      query_params: { a: "1" },
    },
  });
  const message = await awaitMessage();
  const request = http.HttpServerRequest.parse(message);
  if (!("Http" in request)) throw new Error("no Http");
  const { Http: incoming } = request;
  assertEquals(incoming.method, "PUT");
  assertEquals(incoming.url.pathname, "/test:test:template.os/users/7");
  assertEquals(incoming.path, "/users/7");
  assertEquals(incoming.boundPath(), "/test:test:template.os/users/:id");
  assertEquals(incoming.boundPath("test:test:template.os"), "/users/:id");
  assertEquals(incoming.headers, { host: "localhost:8080" });
  assertEquals(incoming.urlParams, { id: "7" });
  assertEquals(incoming.queryParams, { a: "1" });
  assertEquals(incoming.sourceSocketAddr, "127.0.0.1:53412");
  assertEquals("Http" in http.HttpServerRequest.fromBytes(message.body), true);
});

Deno.test("HttpServerRequest.parse() names the variant that it does not know, as serde does", async () => {
  const kernel = new FakeKernel();
  kernel.tell("http_server:distro:sys", { Err: "NoBlob" });
  const message = await awaitMessage();
  let said = "";
  try {
    http.HttpServerRequest.parse(message);
  } catch (error) {
    said = (error as Error).message;
  }
  assertStringIncludes(
    said,
    "unknown variant `Err`, expected one of `Http`, `WebSocketOpen`, `WebSocketPush`, `WebSocketClose`",
  );
});

Deno.test("getMimeType() goes by the end of the name", () => {
  assertEquals(http.getMimeType("a/index.HTML"), "text/html");
  assertEquals(http.getMimeType("x.constructor"), "application/octet-stream");
  assertEquals(http.getMimeType("html"), "application/octet-stream");
});
