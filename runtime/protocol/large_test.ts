import { assertEquals, assertStrictEquals } from "@std/assert";
import { parseAddress } from "./address.ts";
import { cut, handedOver, isLarge, LARGE_BYTES, ownBytes, Pieces, release } from "./large.ts";
import { request } from "./message.ts";
import { type BootFrame, toFrame, type ToProcess } from "./port.ts";
import type { ReturnFrame } from "./host.ts";

const [us, them] = [parseAddress("n@a:a:b"), parseAddress("n@c:c:d")];

function numbered(length: number): Uint8Array {
  return new Uint8Array(length).map((_, i) => i * 31 + (i >> 12));
}

/** What a process makes of the pieces, and how many there were. */
function crossed(frame: ToProcess): { whole: ToProcess; pieces: number } {
  const joined = new Pieces();
  let pieces = 0;
  for (const one of cut(frame)) {
    const arrived = structuredClone(one);
    if (arrived[0] !== "Piece") return { whole: joined.fill(arrived), pieces };
    joined.add(arrived);
    pieces++;
  }
  throw new Error("the frame itself did not come");
}

Deno.test("cut() and Pieces make a round trip of large bodies and blobs, bytes or text", () => {
  for (const length of [LARGE_BYTES, LARGE_BYTES + 1, 5_000_003]) {
    const bytes = numbered(length);
    const text = "aé€".repeat(length / 3) + "🙂".repeat(300_000);
    for (const [body, blob] of [[bytes, text], [text, bytes], ["", bytes], [bytes, ""]] as const) {
      const lazy_load_blob = { mime: "a/b", bytes: blob };
      const frame = toFrame(request(us, them, body, { lazy_load_blob, metadata: "m" }));
      const { whole, pieces } = crossed(frame);
      assertEquals(JSON.stringify(whole, asText), JSON.stringify(frame, asText));
      assertEquals(pieces >= 4, true);
    }
  }
});

Deno.test("cut() and Pieces carry states and bundles as well, and one frame after the other", () => {
  const joined = new Pieces();
  const frames: ToProcess[] = [
    ["Return", 7, null, numbered(LARGE_BYTES)] satisfies ReturnFrame,
    ["Boot", us, "x".repeat(LARGE_BYTES)] satisfies BootFrame,
    ["Return", 8, null, numbered(3 * LARGE_BYTES)] satisfies ReturnFrame,
  ];
  for (const frame of frames) {
    assertEquals(isLarge(frame), true);
    for (const one of cut(frame)) {
      if (one[0] === "Piece") joined.add(one);
      else assertEquals(joined.fill(one), frame);
    }
  }
  const small: ToProcess = ["Return", 9, null, "small"];
  assertStrictEquals(joined.fill(small), small);
});

Deno.test("handedOver() counts what a process does not have copied, and Pieces what it was given", () => {
  const bytes = new Uint8Array(LARGE_BYTES);
  const both = toFrame(request(us, them, bytes, { lazy_load_blob: { mime: null, bytes } }));
  assertEquals(handedOver(both), 2 * LARGE_BYTES);
  assertEquals(handedOver(toFrame(request(us, them, "x"))), 0);
  assertEquals(handedOver(["Call", 1, { SetState: bytes }]), LARGE_BYTES);
  for (const odd of [["Call", 1, null], ["Call"], ["Request"], [], ["Print", 0, "x"]]) {
    assertEquals(handedOver(odd), 0);
  }
  const pieces = new Pieces();
  for (const one of cut(both)) if (one[0] === "Piece") pieces.add(one);
  assertEquals(pieces.taken, 2 * LARGE_BYTES);
});

Deno.test("ownBytes(): what is large leaves the buffer that it came in, and is there once", () => {
  const came = numbered(LARGE_BYTES);
  const expected = came.slice();
  const again = new Uint8Array(came.buffer);
  assertEquals(ownBytes(came), expected);
  assertEquals([came.length, ownBytes(came), ownBytes(again)], [0, null, null]);
});

Deno.test("ownBytes(): what is small is as it came, and does not hold a larger buffer", () => {
  const small = numbered(LARGE_BYTES - 1);
  assertStrictEquals(ownBytes(small), small);
  assertEquals(ownBytes(new Uint8Array()), new Uint8Array());
  const view = numbered(2 * LARGE_BYTES).subarray(1, LARGE_BYTES + 1);
  const copy = ownBytes(view)!;
  assertEquals([copy, copy.buffer.byteLength], [view, LARGE_BYTES]);
  const growing = new Uint8Array(new ArrayBuffer(LARGE_BYTES, { maxByteLength: 2 * LARGE_BYTES }));
  assertEquals(ownBytes(growing)!.buffer.resizable, false);
  const shared = new Uint8Array(new SharedArrayBuffer(LARGE_BYTES));
  for (const odd of [shared, new Uint16Array(3), [1], "x", null]) assertEquals(ownBytes(odd), null);
});

Deno.test("release() frees what is large and came out of a port, bytes or blob, and nothing else", () => {
  const lengths = [LARGE_BYTES, LARGE_BYTES, LARGE_BYTES - 1];
  const [body, blob, small] = lengths.map((length) => ownBytes(numbered(length)));
  const made = numbered(LARGE_BYTES);
  release(request(us, them, made));
  assertEquals(made.length, LARGE_BYTES);
  release(request(us, them, body!, { lazy_load_blob: { mime: null, bytes: blob! } }));
  release(request(us, them, small!));
  release(request(us, them, "x".repeat(LARGE_BYTES)));
  assertEquals([body!.length, blob!.length, small!.length], [0, 0, LARGE_BYTES - 1]);
});

Deno.test("isLarge() leaves alone what is small, and what is no message", () => {
  const almost = new Uint8Array(LARGE_BYTES - 1);
  const small = toFrame(
    request(us, them, almost, { lazy_load_blob: { mime: null, bytes: almost } }),
  );
  assertEquals(isLarge(small), false);
  assertEquals(isLarge(["Return", 1, "x".repeat(LARGE_BYTES), null]), false);
  assertEquals(isLarge(["Ping"]), false);
});

function asText(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}`;
  return value instanceof Uint8Array ? new TextDecoder("latin1").decode(value) : value;
}
