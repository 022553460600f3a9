import { assertEquals } from "@std/assert";
import type { ProcessId } from "../protocol/address.ts";
import type { BootFrame } from "../protocol/port.ts";
import { Kernel } from "./kernel.ts";
import type { Nursery } from "./nursery.ts";
import { type Program, Supervisor } from "./supervisor.ts";

const ID = "a:a:template.os" as ProcessId;

/** One start of a worker, as the nursery was asked for it; the test plays the process. */
interface Start {
  code: string;
  heapMb: number;
  killed: boolean;
  post(frame: unknown): void;
  die(error: string | null): void;
}

class World implements Disposable {
  readonly lines: string[] = [];
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
    this.kernel = new Kernel({ node: "fake.dev", log, now: () => this.time });
    const nursery = { start: this.#start.bind(this), prove: () => {} } as unknown as Nursery;
    this.supervisor = new Supervisor({
      kernel: this.kernel,
      nursery,
      log,
      print: (id, _verbosity, text) => line(`${id}: ${text}`),
      now: () => this.time,
    });
  }

  #start(port: MessagePort, heapMb: number, onExit: (error: string | null) => void) {
    const start: Start = {
      code: "",
      heapMb,
      killed: false,
      post: (frame) => port.postMessage([0, frame]),
      die: onExit,
    };
    this.ports.push(port);
    port.onmessage = (event: MessageEvent<BootFrame[]>) => {
      start.code = event.data[0]![2];
      this.starts.push(start);
      this.#wake();
    };
    return { kill: () => void (start.killed = true) };
  }

  /** Waits until `condition` holds; looks again whenever a line is printed or a worker started. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#wake = resolve);
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
  heapMb: 64,
  messaging: [],
  granted: [],
};

Deno.test("Supervisor.start() boots the code, and says so when it is loaded", async () => {
  using world = new World();
  world.supervisor.start(program);
  const start = await world.started(1);
  assertEquals([start.code, start.heapMb], ["1", 64]);
  start.post(["Loaded", "{}"]);
  await world.until(() => world.lines.length > 0);
  assertEquals(world.lines, ["started a:a:template.os"]);
});

Deno.test("kernel.md §3.5: OnExit None ends with the first return, and the process is gone", async () => {
  using world = new World();
  world.supervisor.start(program);
  const start = await world.started(1);
  start.post(["Loaded", '{"on_exit":"None"}']);
  start.post(["Exit", null]);
  await world.until(() => start.killed);
  assertEquals(world.lines.slice(1), ["process fake.dev@a:a:template.os returned without error"]);
});

Deno.test("kernel.md §12.7: a crasher is restarted at once, then with growing pauses", async () => {
  using world = new World();
  world.supervisor.start(program);
  (await world.started(1)).post(["Exit", "Error: x\n at bundle:1"]);
  const second = await world.started(2);
  assertEquals(world.lines, [
    "process fake.dev@a:a:template.os ended with error:\nError: x\n at a.ts:1",
    "restarting a:a:template.os now (attempt 1)",
  ]);
  second.post(["Exit", "Error: y"]);
  await world.until(() => world.lines.length === 4);
  assertEquals(world.lines[3], "restarting a:a:template.os in 1 s (attempt 2)");
});

Deno.test("a healthy minute begins the count of restarts anew", async () => {
  using world = new World();
  world.supervisor.start(program);
  (await world.started(1)).post(["Exit", "Error: x"]);
  const second = await world.started(2);
  world.time = 61_000;
  second.post(["Exit", "Error: y"]);
  await world.until(() => world.lines.length === 4);
  assertEquals(world.lines[3], "restarting a:a:template.os now (attempt 1)");
});

Deno.test("a worker that dies by itself is reported once, with the reason", async () => {
  using world = new World();
  world.supervisor.start({ ...program, onExit: "None" });
  const start = await world.started(1);
  start.die("ERR_WORKER_OUT_OF_MEMORY: heap");
  start.die("again");
  assertEquals(world.lines, [
    "process fake.dev@a:a:template.os ended with error:\nERR_WORKER_OUT_OF_MEMORY: heap",
  ]);
});

Deno.test("a config that is none ends the process with its place", async () => {
  using world = new World();
  world.supervisor.start({ ...program, onExit: "None" });
  (await world.started(1)).post(["Loaded", '{"on_exit":"Never"}']);
  await world.until(() => world.lines.length > 0);
  assertEquals(world.lines, [
    "process fake.dev@a:a:template.os ended with error:\n" +
    "Cannot decode config.on_exit: unknown variant `Never`, " +
    "expected one of `None`, `Restart`, `Requests`",
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
