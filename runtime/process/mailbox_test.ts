import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import type { Address } from "../protocol/address.ts";
import { type KernelMessage, request, responseTo } from "../protocol/message.ts";
import { Mailbox } from "./mailbox.ts";
import { SendError } from "./message.ts";

const me = "fake.dev@a:a:template.os" as Address;
const other = "fake.dev@b:b:template.os" as Address;

class World {
  readonly done: number[] = [];
  readonly mailbox = new Mailbox((number) => this.done.push(number));

  incoming(body: string, options: Parameters<typeof request>[3] = {}): KernelMessage {
    const message = request(other, me, body, options);
    this.mailbox.receive(message);
    return message;
  }
}

function sendError(of: KernelMessage): KernelMessage {
  return {
    ...of,
    kind: "SendError",
    source: of.target,
    target: of.source,
    error: { kind: "Timeout", reason: "crashed", target: of.target, explanation: "it ended" },
  };
}

Deno.test("awaitMessage() hands out messages in order of arrival, each finished when the next is asked for", async () => {
  const world = new World();
  world.incoming("1");
  world.incoming("2");
  assertEquals(world.done, []);
  assertEquals((await world.mailbox.awaitMessage()).text(), "1");
  assertEquals((await world.mailbox.awaitMessage()).text(), "2");
  const third = world.mailbox.awaitMessage();
  world.incoming("3");
  assertEquals((await third).text(), "3");
  assertEquals([world.done, world.mailbox.busy], [[0, 1], true]);
});

Deno.test("only one loop may wait for messages", async () => {
  const world = new World();
  const first = world.mailbox.awaitMessage();
  await assertRejects(() => world.mailbox.awaitMessage(), Error, "already waiting");
  world.incoming("1");
  assertEquals((await first).text(), "1");
});

Deno.test("kernel.md §12.4: what arrives while a response is awaited comes afterwards, in order", async () => {
  const world = new World();
  const asked = world.incoming("from a", { expects_response: 5 });
  await world.mailbox.awaitMessage();
  const mine = request(me, other, "mine", { expects_response: 5 });
  const answer = world.mailbox.expectAwaited(mine.id, null);
  world.incoming("meanwhile 1");
  world.incoming("meanwhile 2");
  world.mailbox.receive(responseTo(mine, "answer"));
  assertEquals((await answer).text(), "answer");
  assertEquals(world.mailbox.prompting, asked, "a can still be answered");
  assertEquals((await world.mailbox.awaitMessage()).text(), "meanwhile 1");
  assertEquals((await world.mailbox.awaitMessage()).text(), "meanwhile 2");
});

Deno.test("kernel.md §12.2: a response and a SendError come with their context", async () => {
  const world = new World();
  const [one, two] = [request(me, other, "1"), request(me, other, "2")];
  world.mailbox.expect(one.id, new Uint8Array([1]));
  world.mailbox.expect(two.id, new Uint8Array([2]));
  world.mailbox.receive(responseTo(one, "r"));
  world.mailbox.receive(sendError(two));
  assertEquals((await world.mailbox.awaitMessage()).context, new Uint8Array([1]));
  const error = await assertRejects(() => world.mailbox.awaitMessage(), SendError, "it ended");
  assertEquals([error.kind, error.reason, error.context], [
    "Timeout",
    "crashed",
    new Uint8Array([2]),
  ]);
});

Deno.test("an awaited request that comes back rejects with its SendError", async () => {
  const world = new World();
  const mine = request(me, other, "mine");
  const answer = world.mailbox.expectAwaited(mine.id, null);
  world.mailbox.receive(sendError(mine));
  assertInstanceOf(await answer.catch((error) => error), SendError);
  assertEquals(world.done, [0]);
});

Deno.test("kernel.md §2.6: a response brings back the request that was being answered when it was sent for", async () => {
  const world = new World();
  const first = world.incoming("first", { expects_response: 5 });
  await world.mailbox.awaitMessage();
  const mine = request(me, other, "mine");
  world.mailbox.expect(mine.id, null);
  const second = world.incoming("second", { expects_response: 5 });
  await world.mailbox.awaitMessage();
  assertEquals(world.mailbox.prompting, second);
  world.mailbox.receive(responseTo(mine, "answer"));
  await world.mailbox.awaitMessage();
  assertEquals(world.mailbox.prompting, first);
});

Deno.test("an answer that is awaited is finished before the message at hand, and before what waits", async () => {
  const world = new World();
  world.incoming("at hand");
  await world.mailbox.awaitMessage();
  const mine = request(me, other, "mine");
  const answer = world.mailbox.expectAwaited(mine.id, null);
  world.incoming("waits");
  world.mailbox.receive(responseTo(mine, "answer"));
  await answer;
  assertEquals(world.done, [2]);
  await world.mailbox.awaitMessage();
  assertEquals(world.done, [2, 0]);
});

Deno.test("a listener takes messages before the queue does", async () => {
  const world = new World();
  world.mailbox.listen((message) => message.body === "mine");
  world.incoming("mine");
  world.incoming("yours");
  assertEquals((await world.mailbox.awaitMessage()).text(), "yours");
  assertEquals(world.done, [0]);
});

Deno.test("a listener takes what waited in the queue before it came", async () => {
  const world = new World();
  for (const body of ["yours 1", "mine", "yours 2"]) world.incoming(body);
  world.mailbox.listen((message) => message.body === "mine");
  assertEquals(world.done, [1]);
  assertEquals((await world.mailbox.awaitMessage()).text(), "yours 1");
  assertEquals((await world.mailbox.awaitMessage()).text(), "yours 2");
});
