import { assertEquals } from "@std/assert";
import { Outbox } from "./outbox.ts";

class World {
  readonly posts: unknown[][] = [];
  #soon: (() => void)[] = [];
  readonly outbox = new Outbox(
    (post) => void this.posts.push(post as unknown[]),
    (run) => void this.#soon.push(run),
    100,
  );

  endTurn(): void {
    for (const run of this.#soon.splice(0)) run();
  }

  /** Frames of each post. */
  sizes(): number[] {
    return this.posts.splice(0).map((post) => post.length - 1);
  }
}

Deno.test("Outbox: what one turn sends and finishes crosses together when it ends", () => {
  const world = new World();
  world.outbox.send(["Print", 0, "1"]);
  world.outbox.done(7);
  world.outbox.send(["Print", 0, "2"]);
  assertEquals(world.posts, []);
  world.endTurn();
  assertEquals(world.posts, [[[7], ["Print", 0, "1"], ["Print", 0, "2"]]]);
  world.endTurn();
  assertEquals(world.posts.length, 1);
});

Deno.test("Outbox: a turn that sends very much posts before its end, and nothing is lost", () => {
  const world = new World();
  for (let i = 0; i < 250; i++) world.outbox.send(["Print", 0, `${i}`]);
  assertEquals(world.sizes(), [100, 100]);
  world.endTurn();
  assertEquals(world.sizes(), [50]);
});

Deno.test("Outbox.flush() posts at once, and the end of the turn posts nothing twice", () => {
  const world = new World();
  world.outbox.send(["Print", 0, "now"]);
  world.outbox.flush();
  assertEquals(world.sizes(), [1]);
  world.endTurn();
  assertEquals(world.sizes(), []);
});
