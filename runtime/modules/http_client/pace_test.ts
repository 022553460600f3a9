import { assertEquals } from "@std/assert";
import { CLIENT_BEGIN_MAX } from "./limits.ts";
import { Pace } from "./pace.ts";

Deno.test("a thousand at once begin some at a time, and who asks for one waits for no thousand", async () => {
  const pace = new Pace();
  const begun: string[] = [];
  const begin = async (owner: string) => {
    await pace.turn(owner);
    begun.push(owner);
  };
  const all = Array.from({ length: 1_000 }, () => begin("many"));
  const turns: number[] = [];
  all.push(
    begin("one").then(() => {
      turns.push(begun.length);
    }),
  );
  await new Promise<void>((resolve) => queueMicrotask(resolve));
  turns.push(begun.length);
  await Promise.all(all);
  assertEquals(begun.length, 1_001);
  assertEquals([turns[0]! <= CLIENT_BEGIN_MAX, turns[1]! <= 2 * CLIENT_BEGIN_MAX], [true, true]);
});

Deno.test("one after the other wait for nothing", async () => {
  const pace = new Pace();
  let timers = 0;
  const { setTimeout } = globalThis;
  globalThis.setTimeout = ((...args: Parameters<typeof setTimeout>) => {
    timers++;
    return setTimeout(...args);
  }) as typeof setTimeout;
  try {
    for (let i = 0; i < CLIENT_BEGIN_MAX; i++) await pace.turn("a");
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  assertEquals(timers, 0);
});
