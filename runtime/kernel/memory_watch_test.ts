import { assertEquals } from "@std/assert";
import { MemoryWatch } from "./memory_watch.ts";
import type { Run } from "./run.ts";

const MB = 1024 * 1024;

/** A process that holds what it says, and more that it does not say. */
class Fake {
  saysMb = 10;
  underWayMb = 0;
  systemMs = 0;
  ended: string | null = null;
  readonly heapMb = 128;
  constructor(readonly id: string) {}
  readonly endpoint = {
    ask: () => {},
    get sign() {
      return null as unknown;
    },
  };
  look() {
    return Promise.resolve({ total: 0, system: this.systemMs * 1000 });
  }
}

class World implements Disposable {
  rssMb = 100;
  /** The kernel's own. */
  ownMb = 0;
  ownSystemMs = 0;
  readonly fakes = ["a", "b"].map((id) => new Fake(id));
  readonly lines: string[] = [];
  /** Whether the node's own work gives something back, by turns. */
  readonly relieves: boolean[] = [];
  readonly watch: MemoryWatch;

  constructor(memoryMbMax = 10_000) {
    for (const fake of this.fakes) {
      Object.defineProperty(fake.endpoint, "sign", {
        get: () => ({ heapBytes: fake.saysMb * MB, bufferBytes: 0, waiting: 0, held: 0 }),
      });
      Object.defineProperty(fake.endpoint, "underWay", {
        get: () => fake.underWayMb * MB,
      });
    }
    this.watch = new MemoryWatch({
      memoryMbMax,
      killUnresponsive: false,
      relieve: () => this.relieves.shift() ?? false,
      runs: () => this.fakes.filter(({ ended }) => ended === null) as unknown as Run[],
      log: { info: () => {}, warn: (text) => void this.lines.push(text) },
      onOver: (run, why) => void ((run as unknown as Fake).ended = why),
      measure: () => ({
        rss: this.rssMb * MB,
        heapUsed: this.ownMb * MB,
        external: 0,
        system: this.fakes.reduce((sum, { systemMs }) => sum + systemMs, this.ownSystemMs) * 1000,
      }),
    });
  }

  /** Looks once, after the node has grown by so much. */
  async grow(byMb: number): Promise<void> {
    this.rssMb += byMb;
    await this.watch.look();
  }

  /** Looks once, after the node has grown by so much while the process used CPU in the system. */
  async growBeside(fake: Fake, byMb: number): Promise<void> {
    fake.systemMs += 100;
    await this.grow(byMb);
  }

  get ended(): (string | null)[] {
    return this.fakes.map(({ ended }) => ended);
  }

  [Symbol.dispose]() {
    this.watch.close();
  }
}

Deno.test("MemoryWatch ends who owns up to too much, at the second look", async () => {
  using world = new World();
  world.fakes[0]!.saysMb = 500;
  await world.grow(490);
  assertEquals(world.ended, [null, null]);
  await world.grow(0);
  assertEquals(world.ended, [
    "holds about 500 MB of memory (limit memory_mb 128, with buffers 384 MB)",
    null,
  ]);
});

Deno.test("MemoryWatch charges what nobody owns up to, to who used the system meanwhile", async () => {
  using world = new World();
  await world.grow(40);
  for (let i = 0; i < 6; i++) {
    await world.growBeside(world.fakes[1]!, 100);
  }
  assertEquals(world.ended[0], null);
  assertEquals(world.ended[1]?.startsWith("holds about 510 MB"), true, `${world.ended[1]}`);
});

Deno.test("MemoryWatch: what is given back is nobody's, and what the dead leave behind neither", async () => {
  using world = new World();
  const [a, b] = world.fakes as [Fake, Fake];
  await world.grow(40);
  await world.growBeside(a, 300);
  await world.grow(-300);
  await world.growBeside(a, 300);
  await world.grow(0);
  assertEquals(world.ended, [null, null]);
  a.ended = "by somebody";
  await world.growBeside(b, 100);
  await world.grow(0);
  assertEquals(b.ended, null);
});

Deno.test("MemoryWatch charges nobody for what is on its way to a process", async () => {
  using world = new World();
  const [a] = world.fakes as [Fake, Fake];
  await world.grow(40);
  for (let i = 0; i < 6; i++) {
    a.underWayMb += 100;
    await world.growBeside(a, 100);
  }
  a.underWayMb = 0;
  a.saysMb += 300;
  await world.grow(-300);
  await world.grow(0);
  assertEquals(world.ended, [null, null]);
});

Deno.test("MemoryWatch charges nobody for what the node's own threads take, and what the kernel's isolate has used before", async () => {
  using world = new World();
  const [a] = world.fakes as [Fake, Fake];
  await world.grow(40);
  for (let i = 0; i < 6; i++) {
    world.ownSystemMs += 100;
    await world.growBeside(a, 100);
  }
  assertEquals(world.ended, [null, null], "half of it is the node's");
  for (let i = 0; i < 6; i++) {
    // Of 400 MB the allocator keeps what the isolate gave back, and gives it out again; then the system has it back.
    for (const [ownMb, rssMb] of [[400, 400], [-400, 0], [400, 0], [-400, -400]] as const) {
      world.ownMb += ownMb;
      await world.growBeside(a, rssMb);
    }
  }
  await world.grow(100);
  await world.grow(0);
  assertEquals(world.ended, [null, null]);
});

Deno.test("MemoryWatch ends the node's own work before any process", async () => {
  using world = new World(1_000);
  const [a] = world.fakes as [Fake, Fake];
  a.saysMb = 300;
  world.relieves.push(true, true, true, true);
  await world.grow(1_000);
  for (let i = 0; i < 7; i++) await world.grow(0);
  assertEquals(world.ended, [null, null], "the memory takes a moment to come back");
  await world.grow(0);
  assertEquals(a.ended === null, false, "it did not come back; more such work spares nobody");
});

Deno.test("MemoryWatch ends the greediest when the node is over its limit, one at a time", async () => {
  using world = new World(1_000);
  const [a, b] = world.fakes as [Fake, Fake];
  a.saysMb = 200;
  b.saysMb = 300;
  await world.grow(1_000);
  const why = "the node holds 1100 MB (limit --memory-mb 1000), " +
    "and this process the most of it, about 300 MB";
  assertEquals(world.ended, [null, why]);
  await world.grow(0);
  assertEquals(a.ended, null, "its memory takes a moment to come back");
  for (let i = 0; i < 8; i++) await world.grow(0);
  assertEquals(a.ended === null, false);
});

Deno.test("MemoryWatch says once that the node is over its limit and no process to blame", async () => {
  using world = new World(1_000);
  for (let i = 0; i < 5; i++) await world.grow(300);
  assertEquals(world.ended, [null, null]);
  assertEquals(world.lines, [
    "the node holds 1300 MB (limit --memory-mb 1000), and no process holds much of it",
  ]);
});
