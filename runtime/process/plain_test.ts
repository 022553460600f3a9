import { assertEquals, assertThrows } from "@std/assert";
import { Outbox } from "./outbox.ts";
import { plainFrame } from "./plain.ts";

/** A message's frame with this as its metadata, as it would be posted. */
function posted(value: unknown): unknown {
  const frame = ["Request", 1n, "a", "b", null, false, null, "body", value, null, null, null, null];
  return plainFrame(frame as never)[8];
}

Deno.test("plainFrame() leaves alone what is plain, and copies lists and objects", () => {
  const bytes = new Uint8Array(3);
  for (const value of ["text", 1, true, null, undefined, 5n, bytes]) {
    assertEquals(posted(value), value);
  }
  const given = [{ issuer: "a@b:c:d", params: '"x"' }];
  const plain = posted(given) as typeof given;
  assertEquals(plain.map((one) => ({ ...one })), given);
  assertEquals([plain === given, plain[0] === given[0]], [false, false]);
});

Deno.test("plainFrame() lets nothing through that Deno would make more of than an object", () => {
  const { port1, port2 } = new MessageChannel();
  for (const value of [() => 1, Symbol(), -1n, 2n ** 64n]) {
    assertThrows(() => posted(value), TypeError, "Cannot send a ");
  }
  const held = posted({ a: port1, b: new Map([[1, 2]]), c: new Date(0), __proto__: { d: 1 } });
  const symbols = (value: object): PropertyKey[] => [
    ...Object.getOwnPropertySymbols(value),
    ...Object.values(value).flatMap((one) => typeof one === "object" ? symbols(one) : []),
  ];
  assertEquals(symbols(held as object), []);
  assertEquals(Object.keys(structuredClone(held) as object), ["a", "b", "c"]);
  port1.close();
  port2.close();
});

Deno.test("plainFrame() reads everything once, and bounds what it reads", () => {
  let asked = 0;
  const plain = posted({
    get issuer() {
      return asked++ === 0 ? "fine" : () => {};
    },
  });
  assertEquals([structuredClone(plain), asked], [{ issuer: "fine" }, 1]);
  const text = "x".repeat(1 << 20);
  const tooMuch: Record<string, unknown> = {
    "one text many times": Array.from({ length: 20 }, () => ({ issuer: text })),
    "a long name": { ["x".repeat(17 << 20)]: 1 },
    "a list of nothing": new Array(2 ** 32 - 1),
    "a list that says so": new Proxy([], { get: () => 2 ** 52 }),
    "bytes": new Uint8Array(131 << 20),
  };
  for (const [name, value] of Object.entries(tooMuch)) {
    assertThrows(() => posted(value), RangeError, "Cannot send to the node more than", name);
  }
  const round: Record<string, unknown> = {};
  round.round = round;
  assertThrows(() => posted(round), TypeError, "nested so deep");
});

Deno.test("an Outbox counts what crosses, whatever a script makes of lengths", () => {
  const posts: unknown[][] = [];
  const outbox = new Outbox((data) => void posts.push(data as unknown[]), () => {});
  const bytes = new Uint8Array(9 << 20);
  Object.defineProperty(bytes, "length", { value: 0 });
  const text = "x".repeat(3 << 20);
  for (const [body, capabilities] of [[bytes, null], ["", [{ issuer: text, params: "" }]]]) {
    for (let i = 0; i < 20; i++) {
      const frame = ["Request", 1n, "a", "b", null, false, null, body, null, capabilities];
      outbox.send([...frame, null, null, null] as never);
    }
    outbox.flush();
    // 16 MB may be under way: the rest waits for credit.
    assertEquals(posts.flatMap((post) => post.slice(1)).length < 8, true);
    for (let i = 1; i < 50; i++) outbox.credit(i);
    posts.length = 0;
  }
});

Deno.test("plainFrame() copies bytes out of a larger or a shared buffer, whatever the view says of itself", () => {
  const buffer = new ArrayBuffer(1 << 20);
  const view = new Uint8Array(buffer, 8, 2);
  view.set([1, 2]);
  Object.defineProperty(view, "byteLength", { value: 1 << 20 });
  const shared = new Uint8Array(new SharedArrayBuffer(2));
  shared.set([1, 2]);
  for (const bytes of [view, shared]) {
    const plain = posted(bytes) as Uint8Array;
    assertEquals([[...plain], plain.buffer.byteLength], [[1, 2], 2]);
  }
});
