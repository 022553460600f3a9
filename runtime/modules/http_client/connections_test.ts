import { assertEquals, assertRejects } from "@std/assert";
import { Connections } from "./connections.ts";

const never = new AbortController().signal;

// Threat: a package of 128 processes with 1,000 requests each: Deno ends when it has no descriptor left.
Deno.test("a package has its part of the connections, and the packages have their turns", async () => {
  const connections = new Connections(4);
  assertEquals(connections.packageMax, 1);
  const taken: string[] = [];
  const take = async (owner: string) => {
    await connections.take(owner, never);
    taken.push(owner);
  };
  const done = ["a", "a", "a", "b", "c", "d", "e"].map(take);
  await Promise.all([done[0], ...done.slice(3, 6)]);
  assertEquals(taken, ["a", "b", "c", "d"]);
  assertEquals([connections.tryTake("f"), connections.tryTake("b")], [false, false]);
  connections.release("b");
  await done[6];
  connections.release("a");
  await done[1];
  connections.release("a");
  await done[2];
  assertEquals(taken.slice(4), ["e", "a", "a"]);
});

Deno.test("who waits and gives up leaves no trace", async () => {
  const connections = new Connections(4);
  await connections.take("a", never);
  const controller = new AbortController();
  const waits = connections.take("a", controller.signal);
  controller.abort(new Error("gone"));
  await assertRejects(() => waits, Error, "gone");
  await assertRejects(() => connections.take("a", controller.signal), Error, "gone");
  connections.release("a");
  assertEquals([connections.tryTake("a"), connections.tryTake("a")], [true, false]);
});

Deno.test("there is room for some on any machine", () => {
  assertEquals(new Connections().packageMax >= 31, true);
});
