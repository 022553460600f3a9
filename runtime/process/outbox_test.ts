import { assertEquals, assertThrows } from "@std/assert";
import {
  BATCH_BYTES_MAX,
  BATCH_MESSAGES_MAX,
  BYTES_UNDER_WAY_MAX,
  OUTBOX_FRAMES_MAX,
  POSTS_UNDER_WAY_MAX,
} from "../limits.ts";
import { parseAddress } from "../protocol/address.ts";
import { request } from "../protocol/message.ts";
import { type FromProcess, toFrame } from "../protocol/port.ts";
import { Outbox } from "./outbox.ts";

const us = parseAddress("n@a:a:b");

class World {
  readonly posts: unknown[][] = [];
  #soon: (() => void)[] = [];
  readonly outbox = new Outbox(
    (post) => void this.posts.push(post as unknown[]),
    (run) => void this.#soon.push(run),
  );

  endTurn(): void {
    for (const run of this.#soon.splice(0)) run();
  }

  print(text: string): FromProcess {
    return ["Print", 0, text];
  }

  /** Frames of each post, without what asks for credit. */
  sizes(): number[] {
    return this.posts.splice(0).map((post) =>
      post.slice(1).filter((frame) => (frame as unknown[])[0] !== "Wait").length
    );
  }

  /** The number of the post that asks for credit last. */
  asked(): number | undefined {
    const asking = this.posts.map((post) => post.at(-1) as unknown[]).filter(([word]) =>
      word === "Wait"
    );
    return asking.at(-1)?.[1] as number | undefined;
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

Deno.test("Outbox.flush() posts at once, and the end of the turn posts nothing twice", () => {
  const world = new World();
  world.outbox.send(["Print", 0, "now"]);
  world.outbox.flush();
  assertEquals(world.sizes(), [1]);
  world.endTurn();
  assertEquals(world.sizes(), []);
});

Deno.test("Outbox: a turn that sends very much posts before its end, and the rest waits for credit", () => {
  const world = new World();
  for (let i = 0; i < 4 * BATCH_MESSAGES_MAX; i++) world.outbox.send(world.print(""));
  world.endTurn();
  assertEquals(world.asked(), 2);
  assertEquals(world.sizes(), [BATCH_MESSAGES_MAX, BATCH_MESSAGES_MAX]);
  world.outbox.credit(2);
  assertEquals(world.asked(), 4);
  assertEquals(world.sizes(), [BATCH_MESSAGES_MAX, BATCH_MESSAGES_MAX]);
});

Deno.test("Outbox: a post holds so many bytes, or one message that has more", () => {
  const world = new World();
  const half = "x".repeat(BATCH_BYTES_MAX / 2);
  for (const text of [half, half, half, half + half + half, half]) {
    world.outbox.send(world.print(text));
  }
  world.endTurn();
  assertEquals(world.sizes(), [2, 2, 1]);
});

Deno.test("Outbox: posts without credit are bounded, nothing is lost, and the order is kept", () => {
  const world = new World();
  const seen: string[] = [];
  const read = () => {
    const asked = world.asked() ?? 0;
    for (const post of world.posts.splice(0)) {
      for (const [word, , text] of post.slice(1) as FromProcess[]) {
        if (word === "Print") seen.push(text as string);
      }
    }
    return asked;
  };
  for (let i = 0; i < 1_000; i++) {
    world.outbox.send(world.print(`${i}`));
    world.endTurn();
  }
  assertEquals(world.posts.length, POSTS_UNDER_WAY_MAX);
  for (let asked = read(); asked > 0; asked = read()) world.outbox.credit(asked);
  assertEquals(seen, Array.from({ length: 1_000 }, (_, i) => `${i}`));
});

Deno.test("Outbox: one large frame always crosses, and credit is asked for behind it", () => {
  const world = new World();
  const large = toFrame(request(us, us, new Uint8Array(BYTES_UNDER_WAY_MAX + 1)));
  world.outbox.send(world.print("small"));
  world.endTurn();
  world.outbox.send(large);
  world.endTurn();
  world.outbox.send(large);
  world.endTurn();
  assertEquals([world.asked(), world.sizes()], [2, [1, 1]]);
  world.outbox.credit(2);
  assertEquals([world.asked(), world.sizes()], [3, [1]]);
});

Deno.test("Outbox.offer() throws when too much waits, and takes more once there is credit", () => {
  const world = new World();
  const all = OUTBOX_FRAMES_MAX + 2 * BATCH_MESSAGES_MAX;
  for (let i = 0; i < all; i++) world.outbox.offer(world.print(""));
  assertThrows(() => world.outbox.offer(world.print("")), RangeError, "let others run (await)");
  world.outbox.send(world.print("the runtime's own always gets in"));
  world.outbox.credit(world.asked()!);
  world.outbox.offer(world.print(""));
});
