import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { ByteReader } from "./byte_reader.ts";
import { encodeFrame, FrameReader, type WsMessage, WsProtocolError } from "./ws_frames.ts";
import { bytes, serverFrame } from "./testing.ts";

/** A connection that yields `parts`, one per read, and ends. */
function readerOf(...parts: Uint8Array[]): FrameReader {
  const left = parts.filter((part) => part.length > 0);
  return new FrameReader(
    new ByteReader({
      read(into) {
        const part = left[0];
        if (part === undefined) return Promise.resolve(null);
        const length = Math.min(into.length, part.length);
        into.set(part.subarray(0, length));
        left[0] = part.subarray(length);
        if (left[0].length === 0) left.shift();
        return Promise.resolve(length);
      },
    }),
  );
}

async function readAll(reader: FrameReader): Promise<WsMessage[]> {
  const messages: WsMessage[] = [];
  for (let next = await reader.next(); next !== null; next = await reader.next()) {
    messages.push(next);
  }
  return messages;
}

/** What a server would read: the frame with its mask taken off. */
function unmask(frame: Uint8Array): { head: number[]; payload: Uint8Array } {
  const short = frame[1]! & 0x7f;
  const extra = short < 126 ? 0 : short === 126 ? 2 : 8;
  const mask = frame.subarray(2 + extra, 6 + extra);
  const payload = frame.subarray(6 + extra).map((byte, i) => byte ^ mask[i & 3]!);
  return { head: [...frame.subarray(0, 2 + extra)], payload };
}

Deno.test("encodeFrame() masks, and writes the length in its shortest form", () => {
  const table: [number, number[]][] = [
    [0, [0x82, 0x80]],
    [125, [0x82, 0xfd]],
    [126, [0x82, 0xfe, 0, 126]],
    [65_535, [0x82, 0xfe, 0xff, 0xff]],
    [65_536, [0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0]],
  ];
  for (const [length, head] of table) {
    const payload = new Uint8Array(length).fill(7);
    assertEquals(unmask(encodeFrame("Binary", payload)), { head, payload });
  }
  assertEquals(unmask(encodeFrame("Text", bytes("é"))).head, [0x81, 0x82]);
  assertEquals(unmask(encodeFrame("Close", bytes(""))).head, [0x88, 0x80]);
  assertEquals(unmask(encodeFrame("Ping", bytes(""))).head, [0x89, 0x80]);
  assertEquals(unmask(encodeFrame("Pong", bytes("a"))).head, [0x8a, 0x81]);
});

Deno.test("next() puts messages together, however they are cut", async () => {
  const type = fc.constantFrom("Text" as const, "Binary" as const);
  const fragment = fc.uint8Array({ max: 127, maxLength: 20 }); // ASCII, so that it is text as well.
  const message = fc.tuple(type, fc.array(fragment, { minLength: 1, maxLength: 4 }));
  const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(fc.array(message), cuts, async (messages, cuts) => {
      const wire: number[] = [];
      const expected: WsMessage[] = [];
      for (const [type, fragments] of messages) {
        for (const [i, fragment] of fragments.entries()) {
          const frame = serverFrame(i > 0 ? 0 : type === "Text" ? 1 : 2, fragment);
          const isLast = i === fragments.length - 1;
          if (!isLast) frame[0]! &= 0x7f;
          wire.push(...frame, ...serverFrame(9, "ping")); // A ping may stand between fragments.
          const whole = new Uint8Array(fragments.flatMap((each) => [...each]));
          if (isLast) expected.push({ type, bytes: whole });
          expected.push({ type: "Ping", bytes: bytes("ping") });
        }
      }
      const parts: Uint8Array[] = [];
      while (wire.length > 0) {
        parts.push(new Uint8Array(wire.splice(0, cuts[parts.length % cuts.length])));
      }
      assertEquals(await readAll(readerOf(...parts)), expected);
    }),
    { numRuns: 100 },
  );
});

Deno.test("next() reads all three forms of a length", async () => {
  for (const length of [125, 126, 65_535, 65_536, 200_000]) {
    const payload = new Uint8Array(length).fill(9);
    const head = unmask(encodeFrame("Binary", payload)).head;
    head[1]! &= 0x7f;
    const wire = new Uint8Array([...head, ...payload]);
    assertEquals(await readAll(readerOf(wire)), [{ type: "Binary", bytes: payload }]);
  }
});

Deno.test("next() hands over bytes that keep nothing else alive", async () => {
  const fragment = serverFrame(2, "a");
  fragment[0]! &= 0x7f;
  const wire = new Uint8Array([...fragment, ...serverFrame(0, "bc"), ...serverFrame(2, "d")]);
  for (const { bytes } of await readAll(readerOf(wire))) {
    assertEquals(bytes.buffer.byteLength, bytes.length);
  }
});

Deno.test("next() is null when the connection ends, at a frame's end or within it", async () => {
  const frame = serverFrame(1, "hello");
  for (let length = 0; length < frame.length; length++) {
    assertEquals(await readerOf(frame.subarray(0, length)).next(), null);
  }
});

// Threat: a server that breaks RFC 6455, by mistake or to exhaust the node. Clause in the third column.
Deno.test("next() refuses what RFC 6455 forbids", async () => {
  const close = (...payload: number[]) => [0x88, payload.length, ...payload];
  const table: [number[], number, string][] = [
    [[0xc1, 0], 1002, "§5.2 RSV1 without an extension"],
    [[0x91, 0], 1002, "§5.2 RSV3"],
    [[0x81, 0x80, 0, 0, 0, 0], 1002, "§5.1 masked by the server"],
    [[0x83, 0], 1002, "§5.2 reserved opcode"],
    [[0x8b, 0], 1002, "§5.2 reserved control opcode"],
    [[0x80, 0], 1002, "§5.4 continuation of nothing"],
    [[0x01, 0, 0x81, 0], 1002, "§5.4 a message within a message"],
    [[0x09, 0], 1002, "§5.5 control frame in fragments"],
    [[0x89, 126, 0, 126], 1002, "§5.5 control frame over 125 bytes"],
    [[0x82, 127, 0, 0, 0, 0, 4, 0, 0, 1], 1009, "§7.4.1 over the limit"],
    [[0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255], 1009, "§5.2 length over 2^63"],
    [[0x81, 2, 0xc3, 0x28], 1007, "§8.1 text that is not UTF-8"],
    [[0x01, 1, 0xc3, 0x80, 1, 0x28], 1007, "§8.1 in fragments"],
    [[0x81, 3, 0xed, 0xa0, 0x80], 1007, "§8.1 a surrogate"],
    [close(3), 1002, "§5.5.1 half a close code"],
    [close(3, 0xe7), 1002, "§7.4.1 999"],
    [close(3, 0xed), 1002, "§7.4.1 1005"],
    [close(3, 0xee), 1002, "§7.4.1 1006"],
    [close(0x0b, 0xb7), 1002, "§7.4.2 2999"],
    [close(0x13, 0x88), 1002, "§7.4.2 5000"],
    [close(3, 0xe8, 0xff), 1007, "§5.5.1 reason that is not UTF-8"],
  ];
  for (const [wire, code, clause] of table) {
    const error = await assertRejects(
      () => readAll(readerOf(new Uint8Array(wire))),
      WsProtocolError,
      undefined,
      clause,
    );
    assertEquals(error.code, code, clause);
  }
});

Deno.test("next() accepts every close code that may be sent", async () => {
  for (const code of [1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999]) {
    const payload = new Uint8Array([code >> 8, code & 0xff]);
    assertEquals(await readerOf(serverFrame(8, payload)).next(), { type: "Close", bytes: payload });
  }
});

// Threat: a head that promises 60 MiB costs us nothing until the bytes arrive; empty fragments cost nothing.
Deno.test("next() bears long promises and endless empty fragments", async () => {
  const promise = new Uint8Array([0x82, 127, 0, 0, 0, 0, 3, 0x80, 0, 0, 1]);
  const readers = Array.from({ length: 2_000 }, () => readerOf(promise));
  assertEquals(new Set(await Promise.all(readers.map((r) => r.next()))), new Set([null]));
  const empty = new Uint8Array(200_000);
  const wire = [new Uint8Array([0x02, 0]), empty, serverFrame(0, "x")];
  assertEquals(await readAll(readerOf(...wire)), [{ type: "Binary", bytes: bytes("x") }]);
});
