// Threat: a script that has found a way to its port, and posts what the library never would. The kernel's end must
// neither throw, nor hang, nor let a message through under another name; at worst it ends the process.
import { assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import type { Address } from "../protocol/address.ts";
import { LARGE_BYTES } from "../protocol/large.ts";
import { type KernelMessage, request } from "../protocol/message.ts";
import { toFrame } from "../protocol/port.ts";
import { Turns } from "../protocol/turn.ts";
import { KernelThread } from "./thread_share.ts";
import { WorkerProcess } from "./worker_process.ts";

const me = "fake.dev@a:a:template.os" as Address;
const other = "fake.dev@b:b:template.os" as Address;
const SECONDS_MAX = 5;

interface Heard {
  messages: KernelMessage[];
  exits: (string | null)[];
}

/** What the kernel makes of the posts; the last thing to be heard is an end, one way or another. */
async function heard(...posts: unknown[]): Promise<Heard> {
  const heard: Heard = { messages: [], exits: [] };
  const { port1, port2 } = new MessageChannel();
  const turns = new Turns();
  let done = () => {};
  const process = new WorkerProcess({
    address: me,
    node: "fake.dev",
    port: port1,
    turns,
    thread: new KernelThread(() => performance.now()),
    onMessage: (message) => void heard.messages.push(message),
    onPrint: () => {},
    onCall: () => Promise.resolve(null),
    onLoaded: () => {},
    onExit: (error) => {
      heard.exits.push(error);
      done();
    },
  });
  const ended = new Promise<void>((resolve) => done = resolve);
  for (const post of posts) port2.postMessage(post);
  port2.postMessage([[], ["Exit", null, false]]);
  await ended;
  process.close();
  port2.close();
  turns.close();
  return heard;
}

/** Whatever can cross a port. */
const junk = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  maxDepth: 3,
}).filter((value) => {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
});

const words = fc.constantFrom(
  ...[
    "Request",
    "Response",
    "SendError",
    "Print",
    "Call",
    "Exit",
    "Loaded",
    "Alive",
    "Wait",
    "Boot",
  ],
  ...["__proto__", "constructor"],
);

/** A true frame in which some places hold junk. */
const bentFrame = fc.record({
  frame: fc.constant(toFrame(request(other, other, "x", { expects_response: 1 })) as unknown[]),
  at: fc.array(fc.tuple(fc.nat(14), junk), { maxLength: 3 }),
}).map(({ frame, at }) => {
  const bent = [...frame];
  for (const [place, value] of at) bent[place] = value;
  return bent;
});

const frame = fc.oneof(
  bentFrame,
  fc.tuple(words, junk, junk, junk),
  fc.tuple(fc.constant("Call"), fc.nat(), junk),
  junk,
);
const post = fc.oneof(
  fc.tuple(fc.array(fc.nat(), { maxLength: 3 }), fc.array(frame, { maxLength: 4 }))
    .map(([done, frames]) => [done, ...frames]),
  junk,
);

Deno.test("port: whatever is posted, the kernel's end stands, and every message has its true source", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(post, { maxLength: 4 }), async (posts) => {
      const { messages, exits } = await heard(...posts);
      assertEquals(messages.filter(({ source }) => source !== me), []);
      assertEquals(exits.length > 0, true);
    }),
    { numRuns: 500 },
  );
});

function sparse(length: number): unknown[] {
  const array: unknown[] = [];
  array.length = length;
  return array;
}

function nested(depth: number): unknown {
  let array: unknown[] = [];
  for (let i = 0; i < depth; i++) array = [array];
  return array;
}

/** A state and a message with the same memory: the store gives its own on. */
function shared(length: number): unknown[] {
  const bytes = new Uint8Array(length);
  return [[], ["Call", 1, { SetState: bytes }], toFrame(request(me, other, bytes))];
}

const message = toFrame(request(me, other, "x"));
const HOLES = 0xffff_fffe;
const bombs: Record<string, unknown[]> = {
  "a post of holes": sparse(HOLES),
  "messages done that are holes": [sparse(HOLES)],
  "a frame of holes": [[], sparse(HOLES)],
  "capabilities that are holes": [[], message.toSpliced(9, 1, sparse(HOLES) as never)],
  "capabilities to save that are holes": [[], ["Call", 1, { SaveCapabilities: sparse(HOLES) }]],
  "last requests that are holes": [[], ["Call", 1, { SetOnExit: { Requests: sparse(HOLES) } }]],
  "a print that is a deep nest": [[], ["Print", 0, nested(1_500)]],
  "an exit that is a deep nest": [[], ["Exit", nested(1_500)]],
  "a start that is a deep nest": [[], ["Call", 1, nested(1_500)]],
  "a name of a hundred million letters": [[], message.toSpliced(3, 1, "x".repeat(1e8) as never)],
  "bytes that others may change": [
    [],
    message.toSpliced(7, 1, new Uint8Array(new SharedArrayBuffer(8))),
  ],
  "bytes that two frames share": shared(LARGE_BYTES),
  "text that is no text": [[], ["Print", 0, { toString: 1, valueOf: 1 }]],
  "an id beyond 64 bits": [[], message.toSpliced(1, 1, 1n << 100_000n)],
  "credit for ever": [[], ["Wait", Infinity]],
  "credit for nothing": [[], ["Wait", NaN]],
};

for (const [name, bomb] of Object.entries(bombs)) {
  Deno.test(`port: ${name} ends the process at once`, async () => {
    const start = performance.now();
    const { exits, messages } = await heard(bomb);
    assertStringIncludes(exits[0] ?? "it was let through", "it broke the protocol of its port: ");
    assertEquals(messages, []);
    assertEquals(performance.now() - start < SECONDS_MAX * 1000, true, "it took too long");
  });
}
