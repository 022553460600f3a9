import { assertEquals } from "@std/assert";
import { KERNEL_BURST_MS, KERNEL_SHARE, KERNEL_TURN_MS } from "../limits.ts";
import { KernelThread, ThreadShare } from "./thread_share.ts";

class World {
  ms = 0;
  readonly thread = new KernelThread(() => this.ms);
  readonly share = new ThreadShare(this.thread);
  readonly other = new ThreadShare(this.thread);

  /** How many of so many steps, which take so long each, are done in one turn. */
  steps(count: number, eachTakesMs: number, share = this.share): number {
    let done = 0;
    share.run(() => {
      this.ms += eachTakesMs;
      return ++done < count;
    });
    return done;
  }
}

Deno.test("ThreadShare.run() does what a turn has room for, one step at least", () => {
  const world = new World();
  assertEquals(world.steps(3, 0), 3);
  assertEquals(world.steps(3, KERNEL_TURN_MS), 1);
  assertEquals(world.steps(1, 5 * KERNEL_TURN_MS), 1);
  assertEquals(world.steps(100, KERNEL_TURN_MS / 8), 8);
});

Deno.test("whoever has had more than a burst waits while another is about, and not otherwise", () => {
  const world = new World();
  world.steps(1, 10 * KERNEL_BURST_MS);
  assertEquals(world.share.wait(), 0, "nobody else is about");
  world.steps(1, 0, world.other);
  world.steps(1, KERNEL_BURST_MS);
  world.steps(1, 0, world.other);
  // It may have had a part of what it had while it had it; it begins with nothing, for it was alone with too much.
  const wait = world.share.wait();
  assertEquals(wait, KERNEL_BURST_MS * (1 - KERNEL_SHARE) / KERNEL_SHARE);
  assertEquals(world.other.wait(), 0);
  world.ms += wait;
  assertEquals(world.share.wait(), 0);
  world.steps(1, 4);
  world.steps(1, 0, world.other);
  assertEquals(world.share.wait(), 4 * (1 - KERNEL_SHARE) / KERNEL_SHARE);
  world.ms += 1_000;
  assertEquals(world.share.wait(), 0, "the other was not heard of for long");
  world.steps(1, KERNEL_BURST_MS);
  world.steps(1, 0, world.other);
  assertEquals(world.share.wait(), 0, "a burst is what it may have at once");
});

Deno.test("a process that keeps to its share never waits", () => {
  const world = new World();
  for (let i = 0; i < 1_000; i++) {
    world.steps(1, 1);
    world.steps(1, 0, world.other);
    world.ms += 1 / KERNEL_SHARE - 1;
    assertEquals(world.share.wait(), 0);
  }
});
