import { assertEquals, assertThrows } from "@std/assert";
import { INBOX_BYTES_MAX, INBOX_MESSAGES_MAX, OUTSTANDING_PER_PROCESS_MAX } from "../limits.ts";
import type { Address } from "../protocol/address.ts";
import { LARGE_BYTES, ownBytes } from "../protocol/large.ts";
import { request, responseTo } from "../protocol/message.ts";
import { Inbox } from "./inbox.ts";
import { sendError } from "./refusal.ts";

const me = "fake.dev@a:a:template.os" as Address;
const other = "fake.dev@b:b:template.os" as Address;
const incoming = (body: string | Uint8Array = "x") => request(other, me, body);
const answer = (body: string | Uint8Array = "x") => responseTo(request(me, other, "?"), body);

Deno.test("Inbox.finish() takes out what was finished, in any order", () => {
  const inbox = new Inbox(() => false);
  const messages = [incoming("1"), incoming("2"), answer("3")];
  for (const message of messages) inbox.add(message);
  inbox.finish([2]);
  assertEquals(inbox.unfinished(), messages.slice(0, 2));
  assertEquals(inbox.lastMessage(), "a Request from b:b:template.os");
  inbox.finish([0, 1]);
  assertEquals(inbox.unfinished(), []);
  for (const number of [0, 3, -1, 0.5]) {
    assertThrows(() => inbox.finish([number]), TypeError, "was not given");
  }
});

Deno.test("an answer gets into an inbox that is full of requests, and one without bytes into any", () => {
  const inbox = new Inbox(() => false);
  for (let i = 0; i < INBOX_MESSAGES_MAX; i++) inbox.add(incoming());
  assertThrows(() => inbox.add(incoming()), RangeError, "full");
  inbox.add(answer());
  const large = new Uint8Array(INBOX_BYTES_MAX - INBOX_MESSAGES_MAX);
  assertThrows(() => inbox.add(answer(large)), RangeError, "full");
  inbox.add(answer(large.subarray(1)));
  inbox.add(answer(""));
  assertEquals(inbox.overflows, false);
});

Deno.test("what is large in a finished message is given back, unless somebody else may have it", () => {
  const inbox = new Inbox(() => false);
  const large = () => ownBytes(new Uint8Array(LARGE_BYTES))!;
  const module = "fake.dev@http_server:distro:sys" as Address;
  const messages = {
    request: request(other, me, large()),
    response: responseTo(request(me, other, "?"), "", { mime: null, bytes: large() }),
    small: request(other, me, new Uint8Array(LARGE_BYTES - 1)),
    asked: request(other, me, large(), { expects_response: 5 }),
    passed_on: request(other, me, large(), { rsvp: other }),
    of_a_module: request(module, me, large()),
    // As the last requests of an on-exit, which are sent at each end.
    made_here: request(other, me, new Uint8Array(LARGE_BYTES)),
  };
  for (const message of Object.values(messages)) inbox.add(message);
  inbox.finish([0, 1, 2, 3, 4, 5, 6]);
  const left = Object.values(messages).map(({ body, lazy_load_blob }) =>
    body.length + (lazy_load_blob?.bytes.length ?? 0)
  );
  assertEquals(left, [0, 0, LARGE_BYTES - 1, ...new Array(4).fill(LARGE_BYTES)]);
});

// Threat: bytes are given back in the middle of being sent.
Deno.test("what is large cannot be finished before it was sent", () => {
  const body = ownBytes(new Uint8Array(LARGE_BYTES))!;
  const inbox = new Inbox((bytes) => bytes === body);
  inbox.add(incoming(body));
  inbox.add(incoming(body.slice()));
  inbox.finish([1]);
  assertThrows(() => inbox.finish([0]), TypeError, "was not given");
  assertEquals(body.length, LARGE_BYTES);
});

Deno.test("a request to oneself that had its time can be finished while it comes back with the same bytes", () => {
  const asked = request(me, me, ownBytes(new Uint8Array(LARGE_BYTES))!, { expects_response: 1 });
  const back = sendError(asked, "no-answer");
  const inbox = new Inbox((bytes) => bytes === back.body);
  inbox.add(asked);
  inbox.add(back);
  inbox.finish([0, 1]);
  assertEquals(back.body.length, LARGE_BYTES);
});

// Threat: a process that sends requests that are refused, and never reads that they were.
Deno.test("an inbox overflows when more answers wait than requests were let through", () => {
  const inbox = new Inbox(() => false);
  for (let i = 0; i < INBOX_MESSAGES_MAX + OUTSTANDING_PER_PROCESS_MAX; i++) inbox.add(answer(""));
  assertEquals(inbox.overflows, false);
  inbox.add(answer(""));
  assertEquals(inbox.overflows, true);
});
