import { assertEquals } from "@std/assert";
import { BATCH_MESSAGES_MAX, PRINT_CHARS_MAX, PRINTS_PER_SECOND_MAX } from "../limits.ts";
import { Outbox } from "./outbox.ts";
import { Printer } from "./printer.ts";

class World {
  readonly posts: unknown[][] = [];
  time = 0;
  #soon: () => void = () => {};
  passSecond: () => void = () => {};
  readonly outbox = new Outbox(
    (post) => void this.posts.push(post as unknown[]),
    (run) => this.#soon = run,
  );
  readonly printer = new Printer({
    outbox: this.outbox,
    now: () => this.time,
    later: (run) => this.passSecond = run,
  });

  endTurn(): void {
    this.#soon();
  }

  lines(): unknown[] {
    const frames = this.posts.flatMap(([, ...frames]) => frames as string[][]);
    return frames.filter(([word]) => word === "Print").map(([, , text]) => text);
  }
}

Deno.test("Printer.print() crosses at once: the last words before an endless loop are seen", () => {
  const world = new World();
  world.printer.print(0, "looping");
  assertEquals(world.lines(), ["looping"]);
});

Deno.test("Printer.print() gathers what comes fast, drops what is too much, and says how much that was", () => {
  const world = new World();
  for (let i = 0; i < PRINTS_PER_SECOND_MAX + 7; i++) world.printer.print(0, `${i}`);
  assertEquals(
    world.posts.length,
    32 + Math.floor((PRINTS_PER_SECOND_MAX - 32) / BATCH_MESSAGES_MAX),
  );
  world.endTurn();
  assertEquals(world.lines().length, PRINTS_PER_SECOND_MAX);
  world.time = 1_000;
  world.printer.print(0, "after");
  assertEquals(world.lines().slice(-2), [
    "(7 prints were dropped: more than 1000 in a second)",
    "after",
  ]);
});

Deno.test("Printer: what was dropped is told when the second is over, also if nothing more is printed", () => {
  const world = new World();
  for (let i = 0; i < PRINTS_PER_SECOND_MAX + 7; i++) world.printer.print(0, `${i}`);
  world.passSecond();
  world.endTurn();
  assertEquals(world.lines().at(-1), "(7 prints were dropped: more than 1000 in a second)");
});

Deno.test("Printer.print() cuts a very long text, and says by how much", () => {
  const world = new World();
  world.printer.print(0, "x".repeat(PRINT_CHARS_MAX + 5));
  assertEquals(String(world.lines()[0]).endsWith("x… (5 characters cut)"), true);
});
