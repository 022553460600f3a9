import { assertEquals, assertStringIncludes } from "@std/assert";
import { addressOf, type ProcessId } from "../protocol/address.ts";
import type { OnExit } from "../protocol/config.ts";
import { type KernelMessage, request } from "../protocol/message.ts";
import { fromFrame, type ToProcess } from "../protocol/port.ts";
import { Kernel } from "./kernel.ts";
import type { Nursery, WorkerStart } from "./nursery.ts";
import { CapabilityTable } from "./capabilities.ts";
import type { Program } from "./program.ts";
import { Supervisor } from "./supervisor.ts";

const ID = "a:a:template.os" as ProcessId;

/** One start of a worker, as the nursery was asked for it; the test plays the process. */
interface Start {
  code: string;
  heapMb: number;
  killed: boolean;
  post(frame: unknown): void;
  /** Bodies of the first `count` messages. */
  bodies(count: number): Promise<unknown[]>;
  die(error: string | null): void;
}

class World implements Disposable {
  readonly lines: string[] = [];
  readonly stored = new Map<ProcessId, OnExit>();
  readonly starts: Start[] = [];
  readonly ports: MessagePort[] = [];
  readonly kernel: Kernel;
  readonly supervisor: Supervisor;
  time = 0;
  #wake: () => void = () => {};

  constructor() {
    const line = (text: string) => {
      this.lines.push(text);
      this.#wake();
    };
    const log = { info: line, warn: line };
    const capabilities = new CapabilityTable("fake.dev", () => {});
    this.kernel = new Kernel({ node: "fake.dev", capabilities, log, now: () => this.time });
    const nursery = { start: this.#start.bind(this), prove: () => {} } as unknown as Nursery;
    this.supervisor = new Supervisor({
      kernel: this.kernel,
      nursery,
      log,
      print: (id, _verbosity, text) => line(`${id}: ${text}`),
      now: () => this.time,
      bounds: { memoryMbMax: 4096, killUnresponsive: false, relieve: () => false },
      stored: {
        save: ({ id, onExit }) => void this.stored.set(id, onExit),
        remove: (id) => void this.stored.delete(id),
      },
    });
  }

  #start({ port, heapMb, onExit }: WorkerStart) {
    const messages: unknown[] = [];
    const start: Start = {
      code: "",
      bodies: async (count) => {
        await this.until(() => messages.length >= count);
        return messages.slice(0, count);
      },
      heapMb,
      killed: false,
      post: (frame) => port.postMessage([[], frame]),
      die: onExit,
    };
    this.ports.push(port);
    port.onmessage = (event: MessageEvent<ToProcess[]>) => {
      for (const frame of event.data) {
        if (frame[0] === "Boot") {
          start.code = frame[2];
          this.starts.push(start);
        } else if (frame[0] === "Request" || frame[0] === "Response" || frame[0] === "SendError") {
          messages.push(fromFrame(frame).body);
        }
      }
      this.#wake();
    };
    return { kill: () => void (start.killed = true) };
  }

  /** Waits until `condition` holds; looks again whenever a line is printed or a worker started. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#wake = resolve);
  }

  /** A request that expects nothing, from another process. */
  tell(body: string): void {
    const sender = "sender:sender:template.os" as ProcessId;
    this.kernel.addProcess(sender, { deliver: () => {} });
    const [from, to] = [addressOf("fake.dev", sender), addressOf("fake.dev", ID)];
    this.kernel.capabilities.give(from, { issuer: to, params: '"messaging"' });
    this.kernel.route(request(from, to, body));
  }

  async started(count: number): Promise<Start> {
    await this.until(() => this.starts.length >= count);
    return this.starts[count - 1]!;
  }

  [Symbol.dispose]() {
    this.supervisor.close();
    this.kernel.close();
    for (const port of this.ports) port.close();
  }
}

const program: Program = {
  id: ID,
  code: "1",
  mapStack: (stack) => stack.replace("bundle", "a.ts"),
  onExit: "Restart",
  wasm_bytes_handle: "/a.ts",
  wit_version: null,
  public: false,
  heapMb: 64,
  limits: { cpuSeconds: 30, cpuShare: null, idleSeconds: null },
  keepChannels: false,
  network: null,
  capabilities: [],
  grants: [],
  stored: false,
  maker: null,
};

Deno.test("Supervisor.start() boots the code, and says so when it is loaded", async () => {
  using world = new World();
  world.supervisor.start(program);
  const start = await world.started(1);
  assertEquals([start.code, start.heapMb], ["1", 64]);
  start.post(["Loaded"]);
  await world.until(() => world.lines.length > 0);
  assertEquals(world.lines, ["started a:a:template.os"]);
});

Deno.test("kernel.md §3.5: OnExit None ends with the first return, and the process is gone", async () => {
  using world = new World();
  world.supervisor.start({ ...program, onExit: "None" });
  const start = await world.started(1);
  start.post(["Loaded"]);
  start.post(["Exit", null]);
  await world.until(() => start.killed);
  assertEquals(world.lines.slice(1), [
    "process fake.dev@a:a:template.os returned without error",
    "gone; last message: none",
  ]);
});

Deno.test("kernel.md §12.7: a crasher is restarted at once, then with growing pauses", async () => {
  using world = new World();
  world.supervisor.start(program);
  (await world.started(1)).post(["Exit", "Error: x\n at bundle:1"]);
  const second = await world.started(2);
  assertEquals(world.lines, [
    "process fake.dev@a:a:template.os ended with error:\nError: x\n at a.ts:1",
    "restarting a:a:template.os now (attempt 1); last message: none",
  ]);
  second.post(["Exit", "Error: y"]);
  await world.until(() => world.lines.length === 4);
  assertStringIncludes(world.lines[3]!, "restarting a:a:template.os in 1 s (attempt 2)");
});

Deno.test("a healthy minute begins the count of restarts anew", async () => {
  using world = new World();
  world.supervisor.start(program);
  (await world.started(1)).post(["Exit", "Error: x"]);
  const second = await world.started(2);
  world.time = 61_000;
  second.post(["Exit", "Error: y"]);
  await world.until(() => world.lines.length === 4);
  assertStringIncludes(world.lines[3]!, "restarting a:a:template.os now (attempt 1)");
});

Deno.test("a worker that dies by itself is reported once, with the reason", async () => {
  using world = new World();
  world.supervisor.start({ ...program, onExit: "None" });
  const start = await world.started(1);
  start.die("ERR_WORKER_OUT_OF_MEMORY: Worker terminated");
  start.die("again");
  const why = `out of memory: its heap is full (limit memory_mb ${program.heapMb})`;
  assertEquals(world.lines, [
    `process fake.dev@a:a:template.os ended with error:\n${why}`,
    "gone; last message: none",
  ]);
});

Deno.test("Supervisor.start() of a running name replaces it; stop() ends it without on-exit", async () => {
  using world = new World();
  world.supervisor.start(program);
  const first = await world.started(1);
  world.supervisor.start({ ...program, code: "2" });
  const second = await world.started(2);
  assertEquals([first.killed, second.code], [true, "2"]);
  world.supervisor.stop(ID);
  assertEquals(second.killed, true);
  assertEquals(world.lines, ["stopped a:a:template.os"]);
});

Deno.test("kernel.md §3.5: OnExit Requests are sent in the dead process's name, then it is gone", async () => {
  using world = new World();
  const last: KernelMessage[] = [];
  const heir = "heir:heir:template.os" as ProcessId;
  world.kernel.addProcess(heir, { deliver: (message) => void last.push(message) });
  const target = addressOf("our", heir);
  const body = new TextEncoder().encode("it fell");
  world.supervisor.start({
    ...program,
    capabilities: [{ issuer: target, params: '"messaging"' }],
    onExit: {
      Requests: [[target, {
        inherit: null,
        expects_response: 5,
        body,
        metadata: null,
        capabilities: null,
      }, { mime: "a/b", bytes: body }]],
    },
  });
  (await world.started(1)).post(["Exit", "Error: x", false]);
  await world.until(() => world.lines.length > 0);
  assertEquals(last.map((m) => [m.source, m.body, m.lazy_load_blob?.mime, m.expects_response]), [
    [addressOf("fake.dev", ID), body, "a/b", null],
  ]);
  assertStringIncludes(world.lines[1]!, "gone, after 1 last requests");
  assertEquals(world.kernel.exists(ID), false);
});

Deno.test("messages that a crashed process had not finished are given to its next life, in order", async () => {
  using world = new World();
  world.supervisor.start(program);
  const first = await world.started(1);
  for (const body of ["1", "2"]) world.tell(body);
  first.post(["Exit", "Error: x", false]);
  assertEquals(await (await world.started(2)).bodies(2), ["1", "2"]);
});

Deno.test("issue 3: a message that crashes its process three times in a row is parked", async () => {
  using world = new World();
  world.supervisor.start(program);
  world.tell("poison");
  world.tell("next");
  for (let life = 1; life <= 3; life++) {
    const start = await world.started(life);
    await start.bodies(2);
    world.time += 61_000; // No pause before the next life.
    start.post(["Exit", "Error: x", true]);
  }
  assertEquals(await (await world.started(4)).bodies(1), ["next"]);
  const parked = world.lines.filter((line) => line.startsWith("parked for good"));
  assertEquals(parked, [
    "parked for good: a message from sender:sender:template.os crashed a:a:template.os 3 times: poison",
  ]);
});

Deno.test("a crash while idle is no reason to park what waits", async () => {
  using world = new World();
  world.supervisor.start(program);
  world.tell("innocent");
  for (let life = 1; life <= 5; life++) {
    const start = await world.started(life);
    assertEquals(await start.bodies(1), ["innocent"]);
    world.time += 61_000;
    start.post(["Exit", "Error: at load", false]);
  }
});

Deno.test("kernel.md §3.10: what is stored is kept with its on-exit, and None is not kept", async () => {
  using world = new World();
  world.supervisor.start({ ...program, stored: true });
  assertEquals([...world.stored], [[ID, "Restart"]]);
  world.supervisor.setOnExit(ID, "None");
  assertEquals([...world.stored], []);
  world.supervisor.setOnExit(ID, "Restart");
  assertEquals([...world.stored], [[ID, "Restart"]]);
  await world.started(1);
  world.supervisor.stop(ID);
  assertEquals([...world.stored], []);
});

Deno.test("kernel.md §3.2: an initialised process runs when it is told to, and its messages wait", async () => {
  using world = new World();
  world.supervisor.initialize(program);
  assertEquals(world.supervisor.find(ID)?.state, "initialised");
  world.tell("early");
  assertEquals(world.supervisor.run(ID), true);
  assertEquals(await (await world.started(1)).bodies(1), ["early"]);
  assertEquals(world.supervisor.run("no:no:no" as ProcessId), false);
});
