import { assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { FakeKernel, OUR } from "./fake_kernel_test.ts";
import { SendError } from "./message.ts";
import { Request } from "./request.ts";
import { Response } from "./response.ts";
import { awaitMessage, getBlob } from "./standard.ts";

const THEM = "other:other:template.os";

Deno.test("Request knows `our`, and refuses what is no address, no body, no number of seconds", async () => {
  const kernel = new FakeKernel();
  Request.to(`our@${THEM}`).body("x").send();
  assertEquals((await kernel.next()).target as string, `fake.dev@${THEM}`);
  assertThrows(() => Request.to("nobody"), SyntaxError, "our@");
  assertThrows(() => Request.to(`our@${THEM}`).send(), TypeError, "without body");
  assertThrows(() => new Request().body("x").send(), TypeError, "without target");
  assertThrows(() => new Request().expectsResponse(0.5), RangeError, "0.5 seconds");
  assertThrows(() => new Request().body({} as never), TypeError, "JSON.stringify()");
  assertThrows(() => new Request().blob({ bytes: [1] as never }), TypeError, "blob.bytes");
  assertThrows(
    () => Request.to(OUR).body("").sendAndAwaitResponse(1),
    Error,
    "would wait for itself",
  );
});

Deno.test("Request.body() takes a view out of its buffer, and out of shared memory", async () => {
  const kernel = new FakeKernel();
  for (const buffer of [new ArrayBuffer(100), new SharedArrayBuffer(100)]) {
    Request.to(`our@${THEM}`).body(new Uint8Array(buffer, 10, 5)).send();
    const body = (await kernel.next()).body;
    assertInstanceOf(body, Uint8Array);
    assertInstanceOf(body.buffer, ArrayBuffer);
    assertEquals(body.buffer.byteLength, 5);
  }
});

Deno.test("kernel.md §12.3: an inherited request keeps id, rsvp and blob of the one being handled", async () => {
  const kernel = new FakeKernel();
  const asked = kernel.tell(THEM, "q", { expects: 5, blob: { mime: "a/b", bytes: "blob" } });
  asked.rsvp = asked.source;
  await awaitMessage();
  Request.to(`our@${THEM}`).body("on").inherit(true).send();
  const passed = await kernel.next();
  assertEquals([passed.id, passed.rsvp], [asked.id, asked.source]);
  assertEquals(passed.lazy_load_blob, { mime: "a/b", bytes: "blob" });
});

Deno.test("kernel.md §2.4: an inherited request that expects a response gets an id of its own", async () => {
  const kernel = new FakeKernel();
  const asked = kernel.tell(THEM, "q", { expects: 5 });
  await awaitMessage();
  Request.to(`our@${THEM}`).body("on").inherit(true).expectsResponse(3).send();
  const passed = await kernel.next();
  assertEquals([passed.id === asked.id, passed.rsvp, passed.expects_response], [false, null, 3]);
});

Deno.test("kernel.md §2.5: a Response answers the current request, and no older one", async () => {
  const kernel = new FakeKernel();
  const asked = kernel.tell(THEM, "q", { expects: 5 });
  const first = await awaitMessage();
  kernel.tell(THEM, "fire and forget");
  await awaitMessage();
  new Response().body("to the second: nobody waits").send();
  Response.to(first).body("to the first").send();
  const sent = await kernel.next();
  assertEquals([sent.kind, sent.id, sent.body], ["Response", asked.id, "to the first"]);
});

Deno.test("Response without a request, and without a body, says what is missing", async () => {
  const kernel = new FakeKernel();
  assertThrows(() => new Response().body("x").send(), Error, "no request has been received yet");
  kernel.tell(THEM, "q", { expects: 5 });
  await awaitMessage();
  assertThrows(() => new Response().send(), TypeError, "without body");
});

Deno.test("kernel.md §2.5: a blob given wins over an inherited one", async () => {
  const kernel = new FakeKernel();
  kernel.tell(THEM, "q", { expects: 5, blob: { mime: null, bytes: "theirs" } });
  await awaitMessage();
  new Response().body("1").inherit(true).send();
  new Response().body("2").inherit(true).blob({ bytes: "mine" }).send();
  assertEquals((await kernel.next()).lazy_load_blob?.bytes, "theirs");
  assertEquals((await kernel.next()).lazy_load_blob?.bytes, "mine");
});

Deno.test("getBlob() is the blob of the last message, and null if that had none", async () => {
  const kernel = new FakeKernel();
  kernel.tell(THEM, "1", { blob: { mime: null, bytes: new Uint8Array() } });
  kernel.tell(THEM, "2");
  await awaitMessage();
  assertEquals(getBlob(), { mime: null, bytes: new Uint8Array() });
  await awaitMessage();
  assertEquals(getBlob(), null);
});

Deno.test("sendAndAwaitResponse() rejects with the reason why it came back", async () => {
  const kernel = new FakeKernel();
  const answer = Request.to(`our@${THEM}`).body("x").sendAndAwaitResponse(5);
  kernel.refuse(await kernel.next(), "no-such-process", "nobody there");
  const error = await assertRejects(() => answer, SendError, "nobody there");
  assertEquals([error.kind, error.reason], ["Timeout", "no-such-process"]);
});
