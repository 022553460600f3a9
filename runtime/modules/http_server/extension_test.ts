/** Reads tests/vectors/http_server_ext.json, which the black-box tests read too. */
import { assertEquals } from "@std/assert";
import vectors from "../../../tests/vectors/http_server_ext.json" with { type: "json" };
import type { MessageType } from "../../protocol/http_server.ts";
import { encodeExtension, tryDecodeExtension } from "./extension.ts";

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.replaceAll(" ", "").match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

const dataOf = (vector: { id: string; kinode_message_type: string; blob: string }) => ({
  id: BigInt(vector.id),
  kinode_message_type: vector.kinode_message_type as MessageType,
  blob: bytes(vector.blob),
});

Deno.test("encodeExtension() writes Kinode's bytes", () => {
  for (const vector of vectors.outgoing) {
    assertEquals(encodeExtension(dataOf(vector)), bytes(vector.frame), vector.name);
  }
});

Deno.test("encodeExtension() and tryDecodeExtension() agree on every array header", () => {
  for (const size of [0, 1, 15, 16, 65_535, 65_536, 100_000]) {
    const blob = new Uint8Array(size).map((_, i) => i);
    const data = { id: 2n ** 64n - 1n, kinode_message_type: "Request" as const, blob };
    assertEquals(tryDecodeExtension(encodeExtension(data)), data);
  }
});

Deno.test("tryDecodeExtension() takes maps and positions, arrays and bin, and what follows", () => {
  for (const vector of [...vectors.incoming, ...vectors.outgoing]) {
    assertEquals(tryDecodeExtension(bytes(vector.frame)), dataOf(vector), vector.name);
  }
});

Deno.test("tryDecodeExtension() knows other actions", () => {
  for (const { name, frame } of vectors.other) {
    assertEquals(tryDecodeExtension(bytes(frame)), "other", name);
  }
});

Deno.test("tryDecodeExtension() leaves all else to the process", () => {
  for (const { name, frame } of vectors.undecodable) {
    assertEquals(tryDecodeExtension(bytes(frame)), null, name);
  }
});

Deno.test("tryDecodeExtension() survives every cut and every single wrong byte", () => {
  const whole = bytes(vectors.incoming[0]!.frame);
  for (let length = 0; length < whole.length; length++) {
    assertEquals(tryDecodeExtension(whole.subarray(0, length)), null);
  }
  for (let at = 0; at < whole.length; at++) {
    for (const byte of [0x00, 0x80, 0xc1, 0xd8, 0xdd, 0xdf, 0xff]) {
      const broken = whole.slice();
      broken[at] = byte;
      tryDecodeExtension(broken);
    }
  }
});

Deno.test("tryDecodeExtension() steps over deep nesting without recursion", () => {
  const head = bytes("81b4576562536f636b65744578745075736844617461 84a178");
  const deep = new Uint8Array(head.length + 1_000_000).fill(0x91);
  deep.set(head);
  assertEquals(tryDecodeExtension(deep), null);
});
