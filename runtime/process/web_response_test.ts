import { assert, assertEquals, assertFalse } from "@std/assert";
import { Response, sourceTextOf } from "./web_response.ts";

Deno.test("sourceTextOf() knows the text that a Response was made of, and only that", async () => {
  assertEquals(sourceTextOf(new Response("a")), "a");
  assertEquals(sourceTextOf(new Response(new Uint8Array([97]))), null);
  assertEquals(sourceTextOf(new Response()), null);
  assertEquals(sourceTextOf(new globalThis.Response("a")), null);
  assertEquals(await new Response("a").text(), "a");
});

Deno.test("Response.json() sets its content-type unless one is given", () => {
  const plain = Response.json({ a: 1 }, { status: 201 });
  assertEquals(sourceTextOf(plain), '{"a":1}');
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
