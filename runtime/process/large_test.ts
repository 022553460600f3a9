import { assertEquals, assertStrictEquals } from "@std/assert";
import { parseAddress } from "../protocol/address.ts";
import { request, textOf } from "../protocol/message.ts";
import { type FromProcess, parseMessage, toFrame } from "../protocol/port.ts";
import { LARGE_BYTES } from "../protocol/large.ts";
import { copyLarge } from "./large.ts";

const address = (text: string) => parseAddress(text);
const [us, them] = [address("n@a:a:b"), address("n@c:c:d")];

Deno.test("copyLarge hands over copies of large bodies and blobs, and the sender keeps its own", () => {
  const body = new Uint8Array(LARGE_BYTES).fill(1);
  const bytes = new Uint8Array(LARGE_BYTES + 1).fill(2);
  const frame = toFrame(request(us, them, body, { lazy_load_blob: { mime: "a/b", bytes } }));
  const transfer: ArrayBuffer[] = [];
  const sent = structuredClone(copyLarge(frame, transfer), { transfer });
  assertEquals(transfer.map(({ byteLength }) => byteLength), [0, 0]);
  const message = parseMessage(sent, us, "n");
  assertEquals([message.body, message.lazy_load_blob], [body, { mime: "a/b", bytes }]);
  assertEquals([body.length, bytes.length], [LARGE_BYTES, LARGE_BYTES + 1]);
});

Deno.test("copyLarge makes bytes of large text, which the kernel would have to copy", () => {
  const text = "aé€🙂".repeat(LARGE_BYTES / 4);
  const frame = toFrame(request(us, them, text));
  const transfer: ArrayBuffer[] = [];
  const { body } = parseMessage(copyLarge(frame, transfer), us, "n");
  assertEquals(transfer.length, 1);
  assertEquals(textOf(body) === text, true);
});

Deno.test("copyLarge hands over a copy of a large state", () => {
  const state = new Uint8Array(LARGE_BYTES).fill(1);
  const transfer: ArrayBuffer[] = [];
  const sent = copyLarge(["Call", 7, { SetState: state }], transfer);
  assertEquals(structuredClone(sent, { transfer }), ["Call", 7, { SetState: state }]);
  assertEquals([state.length, transfer.length], [LARGE_BYTES, 1]);
});

Deno.test("copyLarge leaves alone what is small, and what is no message", () => {
  const transfer: ArrayBuffer[] = [];
  const small = toFrame(request(us, them, new Uint8Array(LARGE_BYTES - 1)));
  assertStrictEquals(copyLarge(small, transfer), small);
  const print: FromProcess = ["Print", 0, "x".repeat(LARGE_BYTES)];
  assertStrictEquals(copyLarge(print, transfer), print);
  for (const call of ["GetState", { SetState: new Uint8Array(9) }] as const) {
    const frame: FromProcess = ["Call", 1, call];
    assertStrictEquals(copyLarge(frame, transfer), frame);
  }
  assertEquals(transfer, []);
});
