import { assert, assertEquals, assertFalse, assertInstanceOf } from "@std/assert";
import { incomingRequest, Request } from "./web_request.ts";

const NativeRequest = globalThis.Request;

const client = new AbortController();

function incoming(body: string | null = "body"): globalThis.Request {
  return incomingRequest({
    url: "http://localhost:8080/a/../b c?q=1",
    method: "POST",
    headers: { host: "localhost:8080", "content-type": "text/plain" },
    body: body === null ? null : new TextEncoder().encode(body),
    signal: () => client.signal,
  });
}

Deno.test("incomingRequest() has every member of a Request, with the same values", async () => {
  const request = incoming();
  const native = new NativeRequest("http://localhost:8080/a/../b c?q=1", {
    method: "POST",
    headers: { host: "localhost:8080", "content-type": "text/plain" },
    body: "body",
  });
  const members = Object.entries(Object.getOwnPropertyDescriptors(NativeRequest.prototype));
  for (const [name, { get }] of members) {
    const key = name as keyof globalThis.Request;
    if (get === undefined) assertEquals(typeof request[key], typeof native[key], name);
    else if (typeof native[key] !== "object") assertEquals(request[key], native[key], name);
    else assertEquals(typeof request[key], "object", name);
  }
  assertEquals([...request.headers], [...native.headers]);
  assertInstanceOf(request.signal, AbortSignal);
  assertFalse(request.bodyUsed);
  assertEquals(await request.clone().text(), "body");
  assertEquals(await request.text(), "body");
  assert(request.bodyUsed);
});

Deno.test("incomingRequest() gives the URL as the web writes it", () => {
  assertEquals(incoming().url, "http://localhost:8080/b%20c?q=1");
});

Deno.test("incomingRequest() is a Request, and others can be made of it", async () => {
  const request = incoming();
  assert(request instanceof Request && request instanceof NativeRequest);
  assertEquals(request.constructor, Request);
  assertEquals(Object.prototype.toString.call(request), "[object Request]");
  const changed = new Request(request, { headers: { "x-a": "1" } });
  assertEquals([changed.method, changed.headers.get("x-a")], ["POST", "1"]);
  assertEquals(await changed.text(), "body");
  const moved = new Request("http://localhost/elsewhere", incoming(null));
  assertEquals([moved.method, moved.headers.get("host")], ["POST", "localhost:8080"]);
});

Deno.test("instanceof Request holds for clones, and not for a subclass", () => {
  class Own extends Request {}
  assert(new Request("http://localhost/").clone() instanceof Request);
  assert(new Own("http://localhost/") instanceof Own);
  assertFalse(new Request("http://localhost/") instanceof Own);
  assertFalse({} instanceof Request);
});
