import { assertEquals } from "@std/assert";
import { HOST_CALLS_MAX, SPAWNS_UNDER_WAY_MAX } from "../limits.ts";
import type { HostCall, ReturnFrame } from "../protocol/host.ts";
import { CallQueue } from "./call_queue.ts";

const spawn: HostCall = {
  Spawn: {
    name: null,
    path: "a.ts",
    on_exit: "None",
    request_capabilities: [],
    grant_capabilities: [],
    public: false,
  },
};

const nextTurn = () => new Promise((resolve) => setTimeout(resolve, 5));

/** A kernel that answers when the test says so. */
class Kernel {
  readonly begun: HostCall[] = [];
  readonly answers: ReturnFrame[] = [];
  asked = 0;
  readonly queue: CallQueue;
  readonly #ends: PromiseWithResolvers<unknown>[] = [];

  constructor() {
    this.queue = new CallQueue({
      onCall: (call) => {
        this.begun.push(call);
        const end = Promise.withResolvers<unknown>();
        this.#ends.push(end);
        return end.promise;
      },
      answer: (frame) => void this.answers.push(frame),
      ask: () => void this.asked++,
    });
  }

  /** Of the call that was begun as the `at`th. */
  async end(at: number, value: unknown): Promise<void> {
    if (value instanceof Error) this.#ends[at]!.reject(value);
    else this.#ends[at]!.resolve(value);
    await this.#ends[at]!.promise.catch(() => {});
    for (let i = 0; i < 5; i++) await null;
  }
}

Deno.test("calls begin in their order and are answered as each is done", async () => {
  const kernel = new Kernel();
  kernel.queue.add(1, { SetState: new Uint8Array(1) });
  kernel.queue.add(2, "ClearState");
  assertEquals(kernel.begun, [{ SetState: new Uint8Array(1) }, "ClearState"]);
  await kernel.end(1, new Error("no"));
  await kernel.end(0, null);
  assertEquals(kernel.answers, [["Return", 2, "no", null], ["Return", 1, null, null]]);
  assertEquals([kernel.asked, kernel.queue.idle], [0, true]);
});

// Threat: a process that asks for its state of 60 MB a thousand times at once, and reads none of them.
Deno.test("what may be large is read when the one before has been taken, and what came later waits", async () => {
  const kernel = new Kernel();
  for (const [i, call] of (["GetState", "OurCapabilities", "ClearState"] as const).entries()) {
    kernel.queue.add(i, call);
  }
  kernel.queue.taken();
  assertEquals(kernel.begun, ["GetState"], "a sign of life from before says nothing");
  await kernel.end(0, "state");
  assertEquals([kernel.begun.length, kernel.asked], [1, 1]);
  kernel.queue.taken();
  assertEquals(kernel.begun, ["GetState", "OurCapabilities", "ClearState"]);
  await kernel.end(1, new Error("no"));
  await kernel.end(2, null);
  kernel.queue.taken();
  kernel.queue.add(4, "GetState");
  assertEquals([kernel.begun.length, kernel.asked], [4, 2]);
});

// Threat: a process that spawns a thousand at once, and begins anew; what its last life asked for must not hold up the next.
Deno.test("some spawns are under way at a time, nobody waits for them, and those that wait end with the process", async () => {
  const kernel = new Kernel();
  for (let i = 0; i < 2 * SPAWNS_UNDER_WAY_MAX; i++) kernel.queue.add(i, spawn);
  kernel.queue.add(100, "ClearState");
  assertEquals(kernel.begun.length, SPAWNS_UNDER_WAY_MAX + 1);
  await kernel.end(0, "child");
  kernel.queue.add(101, "ClearState");
  assertEquals(kernel.begun.length, SPAWNS_UNDER_WAY_MAX + 2, "none in the turn of the one before");
  await nextTurn();
  assertEquals(kernel.begun.length, SPAWNS_UNDER_WAY_MAX + 3);
  await kernel.end(1, new Error("no"));
  kernel.queue.close();
  await nextTurn();
  await kernel.end(2, new Error("no"));
  await nextTurn();
  assertEquals(kernel.begun.length, SPAWNS_UNDER_WAY_MAX + 3);
});

Deno.test("calls have a bound", async () => {
  const kernel = new Kernel();
  for (let i = 0; i <= HOST_CALLS_MAX; i++) kernel.queue.add(i, "GetState");
  const refusal = `more than ${HOST_CALLS_MAX} calls at once`;
  assertEquals(kernel.answers, [["Return", HOST_CALLS_MAX, refusal, null]]);
  await kernel.end(0, null);
  assertEquals(kernel.answers.length, 2);
});

Deno.test("what a process wanted done when it ended is done, what it wanted to know is not read", async () => {
  const kernel = new Kernel();
  for (const [i, call] of (["GetState", "GetState", "ClearState"] as const).entries()) {
    kernel.queue.add(i, call);
  }
  kernel.queue.close();
  assertEquals(kernel.begun, ["GetState", "ClearState"]);
  await kernel.end(0, null);
  kernel.queue.taken();
  assertEquals(kernel.begun.length, 2);
});
