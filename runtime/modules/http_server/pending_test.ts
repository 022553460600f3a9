import { assertEquals, assertThrows } from "@std/assert";
import { HTTP_PENDING_MAX } from "../../limits.ts";
import { parseAddress } from "../../protocol/address.ts";
import { request, responseTo, type SendErrorReason } from "../../protocol/message.ts";
import type { KernelMessage } from "../../protocol/message.ts";
import { asked as owner, makePending } from "./testing.ts";

const us = parseAddress("fake.dev@http-server:distro:sys");
const app = parseAddress("fake.dev@a:b:template.os");
const incoming = new Request("http://h/");
const asked = (id: bigint) => request(us, app, "{}", { id, expects_response: 15 });

function refused(id: bigint, reason: SendErrorReason): KernelMessage {
  const error = { kind: "Timeout" as const, reason, target: app, explanation: "x" };
  return { ...asked(id), kind: "SendError", source: app, target: us, error };
}

Deno.test("answer() gives each response to its own request, once", async () => {
  const { pending } = makePending();
  const first = pending.add(1n, incoming, owner);
  const second = pending.add(2n, incoming, owner);
  const answerTo = (id: bigint, status: number) =>
    pending.answer(responseTo(asked(id), `{"status":${status},"headers":{}}`));
  assertEquals([answerTo(2n, 202), answerTo(2n, 500), answerTo(3n, 500)], [true, false, false]);
  assertEquals((await second).status, 202);
  assertEquals([answerTo(1n, 201), pending.size], [true, 0]);
  assertEquals((await first).status, 201);
  pending.close();
});

Deno.test("answer() says at once why a process cannot answer, and 408 for a silent one", async () => {
  const { pending } = makePending();
  const reasons: SendErrorReason[] = ["no-such-process", "crashed", "not-permitted", "queue-full"];
  for (const reason of reasons) {
    const response = pending.add(1n, incoming, owner);
    pending.answer(refused(1n, reason));
    const { status, headers } = await response;
    assertEquals([status, headers.get("content-type")], [503, "text/plain"]);
    assertEquals((await (await response).text()).startsWith(`${reason}: `), true);
  }
  const silent = pending.add(1n, incoming, owner);
  pending.answer(refused(1n, "no-answer"));
  assertEquals((await silent).status, 408);
  assertEquals(await (await silent).text(), "no-answer: the process did not answer within 15 s\n");
  pending.close();
});

Deno.test("add() frees the places of slow requests whose client left", async () => {
  const { pending } = makePending({ lookMs: 1 });
  const client = new AbortController();
  const response = pending.add(1n, new Request("http://h/", { signal: client.signal }), owner);
  const other = pending.add(2n, new Request("http://h/"), owner);
  client.abort();
  assertEquals((await response).status, 408);
  assertEquals(pending.size, 1);
  pending.close();
  assertEquals((await other).status, 503);
});

Deno.test("close() answers everybody who waits", async () => {
  const { pending } = makePending();
  const responses = [1n, 2n].map((id) => pending.add(id, incoming, owner));
  pending.close();
  for (const response of responses) assertEquals((await response).status, 503);
  assertEquals(pending.size, 0);
});

Deno.test("add() asserts that the listener kept the limit", () => {
  const { pending } = makePending();
  for (let id = 0; id < HTTP_PENDING_MAX; id++) pending.add(BigInt(id), incoming, owner);
  assertThrows(() => pending.add(-1n, incoming, owner), Error, "over the limit");
  pending.close();
});
