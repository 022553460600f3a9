import { assertEquals, assertThrows } from "@std/assert";
import type { Address } from "./address.ts";
import { request, responseTo } from "./message.ts";
import { fromFrame, parseMessage, parsePost, toFrame } from "./port.ts";

const me = "fake.dev@a:a:template.os" as Address;
const other = "fake.dev@b:b:template.os" as Address;

Deno.test("toFrame() and fromFrame() make a round trip, blob or not", () => {
  const plain = request(me, other, "{}", { expects_response: 5, metadata: "m" });
  const blob = request(me, other, new Uint8Array([1]), {
    lazy_load_blob: { mime: null, bytes: new Uint8Array() },
  });
  for (const message of [plain, blob, responseTo(plain, "x", { mime: "text/plain", bytes: "t" })]) {
    assertEquals(fromFrame(structuredClone(toFrame(message))), message);
  }
});

Deno.test("parseMessage() stamps the source and knows `our`", () => {
  const frame = toFrame(request(other, "our@b:b:template.os" as Address, "x"));
  const message = parseMessage(structuredClone(frame), me, "fake.dev");
  assertEquals([message.source, message.target], [me, other]);
});

Deno.test("parseMessage() refuses every slot that is not what it must be", () => {
  const huge = new Uint8Array(new SharedArrayBuffer(4));
  const bad: [number, unknown][] = [
    [0, "SendError"],
    [0, "Boot"],
    [1, 7],
    [1, -1n],
    [1, 2n ** 64n],
    [3, null],
    [3, "x".repeat(513)],
    [4, 3],
    [6, -1],
    [6, 1.5],
    [6, NaN],
    [6, 2 ** 32],
    [7, null],
    [7, { length: 3 }],
    [7, new Uint16Array(3)],
    [7, huge],
    [8, 5],
    [9, {}],
    [9, [null]],
    [9, [{ issuer: 1, params: "" }]],
    [9, Array(2).fill({ issuer: me, params: "x".repeat(40_000) })],
    [11, 5],
    [11, huge],
  ];
  for (const [slot, value] of bad) {
    const frame: unknown[] = toFrame(request(me, other, "x"));
    frame[slot] = value;
    assertThrows(() => parseMessage(frame, me, "fake.dev"), TypeError, `slot ${slot}`);
  }
  const mime: unknown[] = toFrame(
    request(me, other, "x", { lazy_load_blob: { mime: null, bytes: "" } }),
  );
  mime[10] = 9;
  assertThrows(() => parseMessage(mime, me, "fake.dev"), TypeError, "slot 10");
});

Deno.test("parseMessage() copies a small view out of its large buffer", () => {
  const view = new Uint8Array(new ArrayBuffer(1 << 20), 7, 3);
  const message = parseMessage(structuredClone(toFrame(request(me, other, view))), me, "fake.dev");
  assertEquals((message.body as Uint8Array).buffer.byteLength, 3);
});

Deno.test("parsePost() refuses what is no post", () => {
  const max = { frames: 2, done: 2 };
  for (const data of [null, "x", {}, [], ["1"], [1], [null], [["1"]]]) {
    assertThrows(() => parsePost(data, { frames: 8, done: 8 }), TypeError);
  }
  assertThrows(() => parsePost([[], 1, 2, 3], max), TypeError, "at most 2 frames");
  assertThrows(() => parsePost([[1, 2, 3]], max), TypeError, "finished 3 messages");
  assertEquals(parsePost([[3, 1]], max), { done: [3, 1], frames: [] });
});
