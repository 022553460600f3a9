import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  BATCH_MESSAGES_MAX,
  FRAMES_WAITING_MAX,
  INBOX_MESSAGES_MAX,
  KERNEL_TURN_MS,
  OUTSTANDING_PER_PROCESS_MAX,
  POSTS_UNDER_WAY_MAX,
} from "../limits.ts";
import type { Address } from "../protocol/address.ts";
import type { HostCall } from "../protocol/host.ts";
import { type KernelMessage, request, responseTo } from "../protocol/message.ts";
import { type MessageFrame, toFrame } from "../protocol/port.ts";
import { Turns } from "../protocol/turn.ts";
import { KernelThread } from "./thread_share.ts";
import { WorkerProcess } from "./worker_process.ts";

const me = "fake.dev@a:a:template.os" as Address;
const other = "fake.dev@b:b:template.os" as Address;

/** A process whose script is the test: it reads and writes the far end of the port. */
class Fake implements Disposable {
  readonly messages: KernelMessage[] = [];
  readonly prints: [number, string][] = [];
  readonly exits: (string | null)[] = [];
  readonly loads: true[] = [];
  readonly calls: HostCall[] = [];
  readonly process: WorkerProcess;
  readonly port: MessagePort;
  /** How long it takes to handle what comes out. */
  eachTakesMs = 0;
  readonly #turns = new Turns();
  #wake: () => void = () => {};

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.port = port2;
    const woken = <T>(into: T[]) => (value: T) => {
      into.push(value);
      const until = performance.now() + this.eachTakesMs;
      while (performance.now() < until);
      this.#wake();
    };
    this.process = new WorkerProcess({
      address: me,
      node: "fake.dev",
      port: port1,
      turns: this.#turns,
      thread: new KernelThread(() => performance.now()),
      onMessage: woken(this.messages),
      onPrint: (verbosity, text) => woken(this.prints)([verbosity, text]),
      onCall: (call) => {
        woken(this.calls)(call);
        return call === "GetState" ? Promise.resolve("state") : Promise.reject(new Error("no"));
      },
      onLoaded: () => woken(this.loads)(true),
      onExit: woken(this.exits),
    });
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#wake = resolve);
  }

  /** Posts, and waits for the first thing that the kernel's end hears of it. */
  post(data: unknown): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.port.postMessage(data);
    });
  }

  received(): Promise<unknown[]> {
    return new Promise((resolve) => this.port.onmessage = (event) => resolve(event.data));
  }

  [Symbol.dispose]() {
    this.process.close();
    this.port.close();
    this.#turns.close();
  }
}

Deno.test("WorkerProcess.deliver() posts what one turn delivered together, after the boot frame", async () => {
  using fake = new Fake();
  const received = fake.received();
  fake.process.boot("code");
  const first = request(other, me, "1");
  const second = request(other, me, "2");
  fake.process.deliver(first);
  fake.process.deliver(second);
  assertEquals(await received, [["Boot", me, "code"], toFrame(first), toFrame(second)]);
});

Deno.test("a worker cannot claim another's address", async () => {
  using fake = new Fake();
  await fake.post([[], toFrame(request(other, other, "x"))]);
  assertEquals(fake.messages.map((m) => m.source), [me]);
});

Deno.test("prints, the start and the end of a process come out", async () => {
  using fake = new Fake();
  await fake.post([[], ["Print", 0, "hello"]]);
  await fake.post([[], ["Loaded"]]);
  await fake.post([[], ["Exit", "Error: x"]]);
  assertEquals([fake.prints, fake.loads, fake.exits], [[[0, "hello"]], [true], ["Error: x"]]);
});

Deno.test("credit comes back, after the sockets had their turn, for what was routed", async () => {
  using fake = new Fake();
  const received = fake.received();
  fake.port.postMessage([[], ["Print", 0, "1"]]);
  await fake.post([[], ["Print", 0, "2"], ["Wait", 2]]);
  assertEquals(await received, [["Credit", 2]]);
});

// Threat: a process that posts without credit, to fill the kernel's memory.
Deno.test("a process that posts without credit is ended", async () => {
  using fake = new Fake();
  for (let posts = 0; posts < POSTS_UNDER_WAY_MAX; posts++) fake.port.postMessage([[]]);
  await fake.post([[]]);
  assertStringIncludes(fake.exits[0]!, "more than 64 posts are under way");
});

Deno.test("a malformed post ends the process, and says what was wrong", async () => {
  const posts: unknown[] = [
    "junk",
    [[], "junk"],
    [[], []],
    [[], toFrame(request(me, other, "x")).slice(0, 5)],
    [1],
    [[0]],
    [[], ["Print", 0, ["a"]]],
    [[], ["Print", 4, "a"]],
    [[], ["Exit", { stack: "x" }]],
    [[], ["Loaded"], ["Loaded"]],
    [[], ["Wait", 2]],
    [[], ["Wait", 0]],
    [[], ["Call", "1", "GetState"]],
    [[], ["Call", 1, "Format"]],
    [[], ["Call", 1, { SetState: "text" }]],
    [[], ...Array(5000).fill(["Print", 0, ""])],
  ];
  for (const data of posts) {
    using fake = new Fake();
    await fake.post(data);
    await fake.until(() => fake.exits.length > 0);
    assertStringIncludes(fake.exits[0]!, "it broke the protocol of its port: ");
  }
});

Deno.test("WorkerProcess.deliver() refuses when too much waits, and goes on when some is taken", async () => {
  using fake = new Fake();
  const message = request(other, me, "x");
  for (let i = 0; i < INBOX_MESSAGES_MAX; i++) fake.process.deliver(message);
  assertThrows(() => fake.process.deliver(message), RangeError, "is full");
  await fake.post([[0, 1], ["Print", 0, "took two"]]);
  fake.process.deliver(message);
  fake.process.deliver(message);
  assertThrows(() => fake.process.deliver(message), RangeError, "is full");
});

// Threat: a process that sends faster than the node routes, to keep it from everybody else.
Deno.test("a flooding process gets its share of a turn, and is ended when too much waits", async () => {
  using fake = new Fake();
  // Some are cheap, some are heavy: time is what others wait for.
  const frames = Array(BATCH_MESSAGES_MAX).fill(["Print", 0, ""]);
  fake.eachTakesMs = KERNEL_TURN_MS;
  await fake.post([[], ...frames]);
  assertEquals(fake.prints.length, 1, "the rest comes in later turns");
  await fake.until(() => fake.prints.length === 3);
  for (let posts = 0; posts < FRAMES_WAITING_MAX / BATCH_MESSAGES_MAX; posts++) {
    fake.port.postMessage([[], ...frames]);
  }
  while (fake.exits.length === 0) await fake.post([[], ...frames]);
  assertStringIncludes(fake.exits[0]!, "it sends faster than the node routes");
});

Deno.test("what was not finished can be taken back, oldest first", async () => {
  using fake = new Fake();
  const messages = ["1", "2", "3"].map((body) => request(other, me, body));
  for (const message of messages) fake.process.deliver(message);
  assertEquals(fake.process.lastMessage(), "a Request from b:b:template.os");
  await fake.post([[1], ["Print", 0, "finished the second"]]);
  assertEquals(fake.process.unfinished(), [messages[0], messages[2]]);
});

Deno.test("a host call is answered by its id, also when it fails", async () => {
  using fake = new Fake();
  let received = fake.received();
  await fake.post([[], ["Call", 7, "GetState"]]);
  assertEquals(await received, [["Return", 7, null, "state"], ["Ping"]]);
  received = fake.received();
  await fake.post([[], ["Call", 8, "ClearState"]]);
  assertEquals(await received, [["Return", 8, "no", null]]);
});

// Threat: a script that got to its port posts the same bytes twice, and the store takes its own along.
Deno.test("bytes that a call and a message share are two", async () => {
  using fake = new Fake();
  const bytes = new Uint8Array(8);
  await fake.post([[], ["Call", 7, { SetState: bytes }], toFrame(request(me, other, bytes))]);
  await fake.until(() => fake.messages.length === 1);
  const [call] = fake.calls as [{ SetState: Uint8Array<ArrayBuffer> }];
  call.SetState.buffer.transfer();
  assertEquals(fake.messages[0]!.body, bytes);
});

Deno.test("nothing comes out of a closed process", async () => {
  using fake = new Fake();
  const { port1, port2 } = new MessageChannel();
  fake.process.close();
  fake.port.postMessage([[], toFrame(request(me, other, "x")) satisfies MessageFrame]);
  // A message through a second channel is behind the first one.
  const behind = new Promise((resolve) => port1.onmessage = resolve);
  port2.postMessage(null);
  await behind;
  port1.close();
  port2.close();
  assertEquals(fake.messages, []);
});

// Threat: a process that asks without end for what is refused, and never reads that it was.
Deno.test("a process that does not read its answers is ended, not within the delivery", async () => {
  using fake = new Fake();
  const answer = responseTo(request(me, other, "?"), "");
  const most = INBOX_MESSAGES_MAX + OUTSTANDING_PER_PROCESS_MAX;
  for (let i = 0; i <= most; i++) fake.process.deliver(answer);
  assertEquals(fake.exits, []);
  await fake.post([[], ["Print", 0, ""]]);
  assertEquals(fake.exits, ["it does not read the answers that it asks for"]);
});
