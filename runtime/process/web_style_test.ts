import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { KernelMessage, LazyLoadBlob } from "../protocol/message.ts";
import { FakeKernel } from "./fake_kernel_test.ts";
import type { Message } from "./message.ts";
import { Request as WebRequest } from "./web_request.ts";
import { Response as TextResponse } from "./web_response.ts";
import { serveWebStyle, type WebStyle } from "./web_style.ts";

async function serve(
  style: WebStyle,
  options?: Parameters<typeof serveWebStyle>[2],
): Promise<FakeKernel> {
  const kernel = new FakeKernel();
  serveWebStyle(style, kernel.process, options);
  const bind = await kernel.next();
  assertEquals(
    bind.body,
    '{"Bind":{"path":"/","authenticated":false,"local_only":false,"cache":false,"streaming":true}}',
  );
  kernel.answer(bind, '{"Ok":null}');
  return kernel;
}

function ask(kernel: FakeKernel, head: object = {}, blob?: LazyLoadBlob): KernelMessage {
  const whole = {
    source_socket_addr: null,
    method: "GET",
    url: "http://localhost/test:test:template.os",
    bound_path: "/test:test:template.os",
    headers: { host: "localhost:8080" },
    url_params: {},
    query_params: {},
    ...head,
  };
  return kernel.tell("http_server:distro:sys", { Http: whole }, {
    expects: 15,
    blob: blob ?? { mime: null, bytes: new Uint8Array() },
  });
}

Deno.test("serveWebStyle() gives fetch the client's URL, method, headers and body", async () => {
  const seen: unknown[] = [];
  const kernel = await serve({
    async fetch(request) {
      const { method, url, headers } = request;
      seen.push(method, url, headers.get("x-a"), headers.get("content-type"), await request.text());
      return new TextResponse(null, { status: 204 });
    },
  });
  const head = {
    method: "POST",
    url: "http://localhost/test:test:template.os/deep",
    headers: { host: "localhost:8080", "x-a": "1" },
    query_params: { q: "a b", r: "ü" },
  };
  ask(kernel, head, { mime: null, bytes: "body" });
  const answer = await kernel.next();
  assertEquals(seen, [
    "POST",
    "http://localhost:8080/test:test:template.os/deep?q=a+b&r=%C3%BC",
    "1",
    null,
    "body",
  ]);
  assertEquals(answer.body, '{"status":204,"headers":{}}');
  assertEquals(answer.lazy_load_blob?.bytes.length, 0);
});

Deno.test("serveWebStyle() gives fetch the URL as the client sent it, where http_server says it", async () => {
  const seen: string[] = [];
  const kernel = await serve({
    fetch({ url }) {
      seen.push(url);
      return new TextResponse();
    },
  });
  ask(kernel, { path_and_query: "/test:test:template.os/dir/?a=1&a=2", query_params: { a: "2" } });
  await kernel.next();
  assertEquals(seen, ["http://localhost:8080/test:test:template.os/dir/?a=1&a=2"]);
});

Deno.test("serveWebStyle() answers what arrived before it was there, as after a reload", async () => {
  const kernel = new FakeKernel();
  const early = ask(kernel);
  serveWebStyle({ fetch: () => new TextResponse("late") }, kernel.process);
  const [answer, bind] = [await kernel.next(), await kernel.next()];
  assertEquals([bind.kind, answer.kind, answer.id], ["Request", "Response", early.id]);
});

Deno.test("a relative URL is an error, and not a path on the node's disk", () => {
  assertThrows(() => new WebRequest("nonsense"), TypeError, "Invalid URL");
  assertThrows(() => TextResponse.redirect("/todos"), TypeError, "Invalid URL");
  const redirect = TextResponse.redirect("http://localhost/todos", 303);
  assertEquals([redirect.status, redirect.headers.get("location")], [
    303,
    "http://localhost/todos",
  ]);
});

Deno.test("serveWebStyle() sends text as text, bytes as bytes, and both cookies", async () => {
  const bytes = new Uint8Array([0xef, 0xbb, 0xbf, 0xff]); // A BOM and no UTF-8: reading it as text would change it.
  const kernel = await serve({
    fetch(request) {
      if (request.url.endsWith("/bytes")) {
        return new TextResponse(bytes, { headers: { "content-type": "text/plain" } });
      }
      const headers = [["set-cookie", "a=1"], ["set-cookie", "b=2"], ["x-a", "1"]];
      return new TextResponse("text", { headers: headers as [string, string][] });
    },
  });
  ask(kernel);
  const text = await kernel.next();
  assertEquals(text.lazy_load_blob?.bytes, "text");
  assertEquals(JSON.parse(text.body as string).headers, {
    "content-type": "text/plain;charset=UTF-8",
    "set-cookie": ["a=1", "b=2"],
    "x-a": "1",
  });
  ask(kernel, { url: "http://localhost/test:test:template.os/bytes" });
  assertEquals((await kernel.next()).lazy_load_blob?.bytes, bytes);
});

Deno.test("serveWebStyle() runs requests side by side and answers each its own", async () => {
  const slow = Promise.withResolvers<Response>();
  const kernel = await serve({
    fetch: (request) => request.url.endsWith("/slow") ? slow.promise : new TextResponse("fast"),
  });
  const first = ask(kernel, { url: "http://localhost/test:test:template.os/slow" });
  const second = ask(kernel);
  assertEquals((await kernel.next()).id, second.id);
  slow.resolve(new TextResponse("slow"));
  assertEquals((await kernel.next()).id, first.id);
});

Deno.test("serveWebStyle() answers 500 and prints the stack when fetch throws or returns no Response", async () => {
  let result: () => unknown = () => {
    throw new Error("boom");
  };
  const kernel = await serve({ fetch: () => result() as Response });
  ask(kernel);
  const answer = await kernel.next();
  assertEquals(JSON.parse(answer.body as string).status, 500);
  assertEquals(answer.lazy_load_blob?.bytes, "Internal Server Error");
  assertStringIncludes(kernel.lines[0]!, "Error: boom\n    at ");
  result = () => undefined;
  ask(kernel);
  assertEquals(JSON.parse((await kernel.next()).body as string).status, 500);
  assertStringIncludes(kernel.lines[1]!, "fetch(request) must return a Response");
});

Deno.test("what goes wrong in fetch says which request it was, and where fetch stands if no line says so", async () => {
  const place = "data:text/javascript:3:18";
  const bundle = new Error("with a line");
  bundle.stack = "Error: with a line\n    at data:text/javascript;base64,QUJD:1:1";
  const failing = ["no response", new Error("no line"), bundle, "text"];
  const kernel = await serve({
    fetch() {
      const next = failing.shift();
      if (next === "no response") return next as unknown as Response;
      throw next;
    },
  }, { crons: [], place });
  for (let left = failing.length; left > 0; left--) {
    ask(kernel, { method: "PUT", path_and_query: "/a/b?token=secret" });
    await kernel.next();
  }
  const doing = "    answering PUT /a/b";
  const ends = kernel.lines.map((line) => line.split("\n").slice(-2));
  const here = `    at fetch (${place})`;
  assertEquals(ends, [
    [here, doing],
    [here, doing],
    ["    at data:text/javascript;base64,QUJD:1:1", doing],
    [here, doing],
  ]);
});

Deno.test("a handler that gives up because its client has gone is not reported", async () => {
  const failed = new Error("something else");
  const kernel = await serve({
    async fetch(request) {
      await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
      if (request.method === "PUT") throw failed;
      request.signal.throwIfAborted();
      return new TextResponse();
    },
  });
  for (const method of ["GET", "PUT"]) {
    const { id } = ask(kernel, { method });
    kernel.tell("http_server:distro:sys", { HttpCancelled: `${id}` });
    assertEquals(JSON.parse((await kernel.next()).body as string).status, 500);
  }
  assertEquals(kernel.lines.length, 1);
  assertStringIncludes(kernel.lines[0]!, "Error: something else");
});

Deno.test("a Response that no client can get is named", async () => {
  const kernel = await serve({ fetch: () => TextResponse.error() });
  ask(kernel);
  assertEquals(JSON.parse((await kernel.next()).body as string).status, 500);
  assertStringIncludes(kernel.lines[0]!, "fetch(request) returned a Response of status 0");
});

Deno.test("serveWebStyle() hands other messages to message(), one after the other", async () => {
  const seen: string[] = [];
  const first = Promise.withResolvers<void>();
  const third = Promise.withResolvers<void>();
  const kernel = await serve({
    fetch: () => new TextResponse(),
    async message(message: Message) {
      seen.push(message.text());
      if (seen.length === 1) await first.promise;
      if (seen.length === 2) throw new Error("second");
      if (seen.length === 3) third.resolve();
    },
  });
  for (const number of [1, 2, 3]) kernel.tell("other:other:template.os", number);
  await Promise.resolve();
  first.resolve();
  await third.promise;
  assertEquals(seen, ["1", "2", "3"]);
  assertStringIncludes(kernel.lines[0]!, "Error: second");
});
