import { assertEquals, assertStrictEquals } from "@std/assert";
import { parseAddress } from "../protocol/address.ts";
import { request } from "../protocol/message.ts";
import { parseMessage, toFrame } from "../protocol/port.ts";
import { copyLarge, LARGE_BYTES } from "./large.ts";

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

Deno.test("copyLarge leaves alone what is small, text, or no message", () => {
  const transfer: ArrayBuffer[] = [];
  const text = "x".repeat(LARGE_BYTES);
  const small = toFrame(request(us, them, new Uint8Array(LARGE_BYTES - 1)));
  assertStrictEquals(copyLarge(small, transfer), small);
  assertStrictEquals(copyLarge(["Print", 0, text], transfer)[2], text);
  assertEquals(copyLarge(toFrame(request(us, them, text)), transfer)[7] === text, true);
  assertEquals(transfer, []);
});
