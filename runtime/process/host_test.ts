import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Address as AddressText } from "../protocol/address.ts";
import { FakeKernel, OUR } from "./fake_kernel_test.ts";
import { receive, sendAndAwaitResponse, sendRequest, sendRequests, sendResponse } from "./host.ts";
import { Request } from "./request.ts";
import { Response } from "./response.ts";
import {
  awaitMessage,
  awaitNextMessageBody,
  hasBlob,
  lastBlob,
  processPrintln,
} from "./standard.ts";
import { getTypedBlob, getTypedState, makeBlob } from "./typed.ts";

const THEM = "other:other:template.os";
const HELD = [
  { issuer: `fake.dev@${THEM}` as AddressText, params: '"messaging"' },
  { issuer: "fake.dev@vfs:distro:sys" as AddressText, params: '{"root":true}' },
];

/** Answers the process's next host call. */
async function answerCall(kernel: FakeKernel, value: unknown): Promise<void> {
  while (kernel.called.length === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  kernel.calls.settle(["Return", kernel.called.shift()![1], null, value]);
}

Deno.test("kernel.md §2.2: receive() and sendRequest() say everything that a request has", async () => {
  const kernel = new FakeKernel();
  sendRequest(
    `our@${THEM}`,
    { body: "b", expectsResponse: 5, metadata: "m", capabilities: [HELD[0]!] },
    new Uint8Array([7]),
    { mime: "a/b", bytes: "blob" },
  );
  const sent = await kernel.next();
  assertEquals(
    [sent.body, sent.expects_response, sent.metadata, sent.capabilities, sent.lazy_load_blob],
    ["b", 5, "m", [HELD[0]!], { mime: "a/b", bytes: "blob" }],
  );
  kernel.answer(sent, "answer");
  const [source, message] = await receive();
  assertEquals([String(source), message.text(), message.context], [
    `fake.dev@${THEM}`,
    "answer",
    new Uint8Array([7]),
  ]);
});

Deno.test("kernel.md §2.2: sendRequests() keeps the order; sendAndAwaitResponse() wants to know how long", async () => {
  const kernel = new FakeKernel();
  sendRequests([[`our@${THEM}`, { body: "1" }], [`our@${THEM}`, { body: "2" }]]);
  assertEquals([(await kernel.next()).body, (await kernel.next()).body], ["1", "2"]);
  await assertRejects(
    () => sendAndAwaitResponse(`our@${THEM}`, { body: "" }),
    TypeError,
    "expectsResponse",
  );
  const answer = sendAndAwaitResponse(`our@${THEM}`, { body: "q", expectsResponse: 5 });
  kernel.answer(await kernel.next(), "a");
  assertEquals((await answer)[1].text(), "a");
});

Deno.test("kernel.md §2.2: sendResponse() answers the request received last", async () => {
  const kernel = new FakeKernel();
  const asked = kernel.tell(THEM, "q", { expects: 5 });
  await receive();
  sendResponse({ body: "a", metadata: "m" }, { bytes: "blob" });
  const sent = await kernel.next();
  assertEquals([sent.kind, sent.id, sent.body, sent.metadata, sent.lazy_load_blob?.bytes], [
    "Response",
    asked.id,
    "a",
    "m",
    "blob",
  ]);
});

Deno.test("kernel.md §9.1: blobs, typed and not; a value that cannot be read is no missing one", async () => {
  const kernel = new FakeKernel();
  assertEquals(lastBlob(), null);
  const blob = makeBlob({ a: 1 }, JSON.stringify, "application/json");
  kernel.tell(THEM, "1", { blob });
  kernel.tell(THEM, "2");
  const read = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes));
  assertEquals(await awaitNextMessageBody(), new TextEncoder().encode('"1"'));
  assertEquals([hasBlob(), getTypedBlob(read)], [true, { a: 1 }]);
  assertThrows(() => getTypedBlob(() => JSON.parse("{")), SyntaxError);
  await awaitMessage();
  assertEquals([hasBlob(), getTypedBlob(read), lastBlob()?.mime], [
    false,
    null,
    "application/json",
  ]);
  const state = getTypedState(read);
  await answerCall(kernel, new TextEncoder().encode("[1]"));
  assertEquals(await state, [1]);
  const none = getTypedState(read);
  await answerCall(kernel, null);
  assertEquals(await none, null);
});

Deno.test("kernel.md §9.2: a message knows whether it is local, and whom it is from under either name", async () => {
  const kernel = new FakeKernel();
  kernel.tell("http_server:distro:sys", "x");
  const message = await awaitMessage();
  assertEquals(message.isLocal, true);
  assertEquals(
    ["http-server:distro:sys", "http_server:distro:sys", THEM].map((id) => message.isProcess(id)),
    [true, true, false],
  );
  assertEquals([message.source.packageName, message.source.publisher], ["distro", "sys"]);
});

Deno.test("kernel.md §9.3: capabilities are attached by issuer, and messaging of oneself", async () => {
  const kernel = new FakeKernel();
  const attaching = Request.to(`our@${THEM}`).body("x").attachMessaging().tryAttachAll();
  await answerCall(kernel, JSON.stringify(HELD));
  (await attaching).send();
  assertEquals(
    (await kernel.next()).capabilities.map(({ issuer, params }) => ({ issuer, params })),
    [
      { issuer: OUR, params: '"messaging"' },
      HELD[0]!,
    ],
  );
  kernel.tell(THEM, "q", { expects: 5 });
  await awaitMessage();
  const answering = new Response().body("a").attachAll("our@vfs:distro:sys");
  await answerCall(kernel, JSON.stringify(HELD));
  (await answering).send();
  assertEquals((await kernel.next()).capabilities, [HELD[1]!]);
});

Deno.test("kernel.md §9.3: blobMime() and blobBytes() in any order; processPrintln() says its name", async () => {
  const kernel = new FakeKernel();
  Request.to(`our@${THEM}`).body("").blobMime("a/b").blobBytes("1").send();
  Request.to(`our@${THEM}`).body("").blobBytes("2").blobMime("c/d").send();
  assertEquals([(await kernel.next()).lazy_load_blob, (await kernel.next()).lazy_load_blob], [
    { mime: "a/b", bytes: "1" },
    { mime: "c/d", bytes: "2" },
  ]);
  processPrintln("hello");
  assertEquals(kernel.lines, ["test: hello"]);
});
