import { assertEquals } from "@std/assert";
import { Held } from "./held.ts";

const KB = 1024;

class World {
  readonly cut: string[] = [];
  overs = 0;
  readonly held = new Held(1_000 * KB, () => this.overs++);

  client(name: string): { gone(): void } {
    return { gone: () => void this.cut.push(name) };
  }
}

Deno.test("Held cuts who has kept the node waiting longest, until the rest fits", () => {
  const world = new World();
  const [a, b, c] = ["a", "b", "c"].map((name) => world.client(name));
  world.held.set(a!, 300 * KB, 0);
  world.held.set(b!, 400 * KB, 0);
  world.held.set(a!, 200 * KB, 0);
  world.held.set(c!, 400 * KB, 0);
  assertEquals(world.cut, []);
  world.held.set(c!, 900 * KB, 0);
  assertEquals([world.cut, world.overs], [["a", "b"], 2]);
  world.held.set(a!, 0, 0);
  world.held.set(c!, 1_000 * KB, 0);
  assertEquals(world.cut, ["a", "b"]);
});

Deno.test("Held spares who goes on: each 64 kB that a client moves are as if it had just come", () => {
  const world = new World();
  const [download, stalled, upload, crumbs] = ["download", "stalled", "upload", "crumbs"].map((
    name,
  ) => world.client(name));
  world.held.set(download!, 400 * KB, 0);
  world.held.set(crumbs!, 100 * KB, 0);
  world.held.set(stalled!, 200 * KB, 0);
  world.held.set(upload!, 100 * KB, 64 * KB);
  for (let i = 1; i <= 4; i++) {
    world.held.set(download!, (400 - i * 64) * KB, 64 * KB);
    world.held.set(crumbs!, 100 * KB + i, 1);
    world.held.set(upload!, (100 + i * 64) * KB, 64 * KB);
  }
  assertEquals(world.cut, []);
  world.held.set(upload!, 700 * KB, 64 * KB);
  assertEquals(world.cut, ["crumbs", "stalled"]);
});

Deno.test("Held does not count what each connection may hold, and forgets what was taken", () => {
  const world = new World();
  const clients = Array.from({ length: 1_000 }, (_, n) => world.client(`${n}`));
  for (const client of clients) world.held.set(client, 64 * KB, 0);
  for (const client of clients) {
    world.held.set(client, 900 * KB, 0);
    world.held.set(client, 10 * KB, 0);
  }
  assertEquals(world.cut, []);
});
