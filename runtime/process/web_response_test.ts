import { assert, assertEquals, assertFalse } from "@std/assert";
import { Response, sourceOf } from "./web_response.ts";

Deno.test("sourceOf() knows what a Response was made of, without reading it", async () => {
  assertEquals(sourceOf(new Response("a")), { text: "a" });
  assertEquals(sourceOf(new Response()), { text: "" });
  assertEquals(sourceOf(Response.redirect("http://localhost/")), { text: "" });
  const whole = [
    new Uint8Array([97]),
    new ArrayBuffer(1),
    new Blob(["a"]),
    new URLSearchParams("a=1"),
    new FormData(),
  ];
  for (const body of whole) assertEquals(sourceOf(new Response(body)), "whole");
  assertEquals(sourceOf(new Response(new Blob(["a"]).stream())), "stream");
  assertEquals(sourceOf(new globalThis.Response("a")), "stream");
  assertEquals(await new Response("a").text(), "a");
});

Deno.test("a clone is made of what its original is made of", async () => {
  const original = new Response("a");
  assertEquals(sourceOf(original.clone()), { text: "a" });
  assertEquals(await original.text(), "a");
  assertEquals(sourceOf(new Response(new Uint8Array([1])).clone()), "whole");
  assertEquals(sourceOf(new Response(new Blob(["a"]).stream()).clone()), "stream");
});

Deno.test("Response.json() sets its content-type unless one is given", () => {
  const plain = Response.json({ a: 1 }, { status: 201 });
  assertEquals(sourceOf(plain), { text: '{"a":1}' });
  assertEquals([plain.status, plain.headers.get("content-type")], [201, "application/json"]);
  const own = Response.json({}, { headers: { "Content-Type": "application/problem+json" } });
  assertEquals(own.headers.get("content-type"), "application/problem+json");
});

Deno.test("instanceof Response holds for what the runtime makes, and not for a subclass", () => {
  class Own extends Response {}
  assert(new Response("a").clone() instanceof Response);
  assert(Response.redirect("http://localhost/") instanceof Response);
  assert(new Own() instanceof Own);
  assertFalse(new Response() instanceof Own);
});
