import { assertEquals } from "@std/assert";
import { LARGE_BYTES } from "../protocol/large.ts";
import { parseAddress } from "../protocol/address.ts";
import { request } from "../protocol/message.ts";
import { toFrame, type ToProcess } from "../protocol/port.ts";
import { Turns } from "../protocol/turn.ts";
import { PortWriter } from "./port_writer.ts";

/** Posts as they cross, each with the number of the turn that it came in. */
class World implements Disposable {
  readonly turns = new Turns();
  readonly posts: ToProcess[][] = [];
  readonly writer: PortWriter;
  readonly #ports = new MessageChannel();
  #wake = () => {};

  constructor() {
    this.writer = new PortWriter(this.#ports.port1, this.turns);
    this.#ports.port2.onmessage = ({ data }) => {
      this.posts.push(data);
      this.#wake();
    };
  }

  async until(arrived: () => boolean): Promise<void> {
    while (!arrived()) await new Promise<void>((resolve) => this.#wake = resolve);
  }

  words(): string[] {
    return this.posts.map((post) => post.map(([word, id]) => `${word} ${id ?? ""}`).join(", "));
  }

  [Symbol.dispose](): void {
    this.turns.close();
    this.#ports.port1.close();
    this.#ports.port2.close();
  }
}

const small = (id: number): ToProcess => ["Return", id, null, null];
const [us, them] = [parseAddress("n@a:a:b"), parseAddress("n@c:c:d")];
const bytes = (id: number) => new Uint8Array(LARGE_BYTES).fill(id);
const large = (id: number) => toFrame(request(us, them, bytes(id), { id: BigInt(id) }));

Deno.test("PortWriter posts what one turn gives it together", async () => {
  using world = new World();
  for (const id of [1, 2, 3]) world.writer.post(small(id));
  await world.until(() => world.posts.length === 1);
  assertEquals(world.words(), ["Return 1, Return 2, Return 3"]);
});

Deno.test("PortWriter sends what is large in pieces, a turn each, and keeps the order", async () => {
  using world = new World();
  const frames = [small(1), large(2), small(3), small(4), large(5), large(6), small(7)];
  for (const frame of frames) world.writer.post(frame);
  // Others have their turns meanwhile.
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  await world.until(() => world.words().at(-1) === "Return 7");
  clearInterval(timer);
  const words = world.words();
  assertEquals(words.filter((word) => word !== "Piece 7"), [
    "Return 1",
    "Request 2",
    "Return 3, Return 4",
    "Request 5",
    "Request 6",
    "Return 7",
  ]);
  const pieces = words.length - 6;
  assertEquals([pieces, turns > 0], [12, true]);
});

Deno.test("PortWriter: the sender keeps its bytes, for a message may have to be given once more", async () => {
  using world = new World();
  const frame = large(2);
  world.writer.post(frame);
  await world.until(() => world.words().at(-1) === "Request 2");
  assertEquals(frame[7].length, LARGE_BYTES);
});

Deno.test("PortWriter knows what it still has to send, until all of it has crossed", async () => {
  using world = new World();
  const frames = [large(2), large(3)];
  const left = () => frames.map((frame) => world.writer.holds(frame[7] as Uint8Array));
  world.writer.post(small(1));
  for (const frame of frames) world.writer.post(frame);
  assertEquals(left(), [true, true]);
  await world.until(() => world.words().includes("Piece 7"));
  assertEquals(left(), [true, true]);
  await world.until(() => world.words().includes("Request 2"));
  assertEquals(left(), [false, true]);
  await world.until(() => world.words().includes("Request 3"));
  assertEquals([left(), world.writer.holds(bytes(3))], [[false, false], false]);
});

Deno.test("PortWriter hands the answer to a call over whole: nobody else has it", async () => {
  using world = new World();
  const answer = bytes(2);
  world.writer.post(["Return", 2, null, answer]);
  await world.until(() => world.words().at(-1) === "Return 2");
  assertEquals(world.words(), ["Piece 3", "Return 2"]);
  assertEquals([answer.length, world.writer.posted], [0, LARGE_BYTES]);
});

Deno.test("PortWriter sends nothing once it is closed, in the middle of what is large either", async () => {
  using world = new World();
  world.writer.post(large(1));
  await world.until(() => world.posts.length === 1);
  world.writer.close();
  world.writer.post(small(2));
  const { promise, resolve } = Promise.withResolvers<void>();
  world.turns.alone(() => world.turns.alone(resolve));
  await promise;
  assertEquals(world.words(), ["Piece 7"]);
});
