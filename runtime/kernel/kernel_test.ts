import { assertEquals } from "@std/assert";
import { type Address, addressOf, type ProcessId } from "../protocol/address.ts";
import { type KernelMessage, type Module, request, responseTo } from "../protocol/message.ts";
import { LARGE_BYTES, ownBytes } from "../protocol/large.ts";
import { MESSAGING, NETWORK } from "../protocol/config.ts";
import { CapabilityTable } from "./capabilities.ts";
import { Kernel } from "./kernel.ts";

const A = "a:a:template.os" as ProcessId;
const B = "b:b:template.os" as ProcessId;
const C = "c:c:template.os" as ProcessId;
const WEB = "http-server:distro:sys" as ProcessId;
const at = (id: string) => addressOf("fake.dev", id as ProcessId);

class World implements Disposable {
  readonly said: string[] = [];
  readonly inbox: Record<string, KernelMessage[]> = {};
  readonly ended: Address[] = [];
  readonly kernel: Kernel;

  constructor() {
    const log = { info: () => {}, warn: (text: string) => void this.said.push(text) };
    const capabilities = new CapabilityTable("fake.dev", () => {});
    this.kernel = new Kernel({ node: "fake.dev", capabilities, log, now: () => performance.now() });
    const web: Module = {
      deliver: this.#box(WEB),
      processEnded: (process) => void this.ended.push(process),
      close: () => Promise.resolve(),
    };
    this.kernel.addModule(WEB, web);
    for (const id of [A, B, C]) this.kernel.addProcess(id, { deliver: this.#box(id) });
    this.allow(A, B);
    this.allow(B, C);
  }

  allow(holder: ProcessId, target: ProcessId): void {
    this.kernel.capabilities.grant(at(holder), { issuer: at(target), params: MESSAGING });
  }

  #box(id: ProcessId): (message: KernelMessage) => void {
    const box: KernelMessage[] = this.inbox[id] = [];
    return (message) => void box.push(message);
  }

  /** Sends from `source` to `target`, and returns what was sent. */
  send(source: string, target: string, options: Parameters<typeof request>[3] = {}): KernelMessage {
    const message = request(at(source), at(target), "hello", options);
    this.kernel.route(message);
    return message;
  }

  [Symbol.dispose]() {
    this.kernel.close();
  }
}

Deno.test("route() delivers what a capability allows, in order", () => {
  using world = new World();
  const first = world.send(A, B);
  const second = world.send(A, B);
  assertEquals(world.inbox[B], [first, second]);
  assertEquals(world.said, []);
});

Deno.test("what is large in a message that nobody gets is given back, if it does not come back", async () => {
  using world = new World();
  const left = (source: string, target: string, size: number, expects_response: number | null) => {
    const [bytes, blob] = [size, size].map((length) => ownBytes(new Uint8Array(length))!);
    const options = { expects_response, lazy_load_blob: { mime: null, bytes: blob! } };
    world.kernel.route(request(at(source), at(target), bytes!, options));
    assertEquals(blob!.length, bytes!.length);
    return bytes!.length;
  };
  assertEquals(left(A, "nobody:x:y", LARGE_BYTES, null), 0);
  assertEquals(left(A, "nobody:x:y", LARGE_BYTES - 1, null), LARGE_BYTES - 1);
  assertEquals(left(A, "nobody:x:y", LARGE_BYTES, 5), LARGE_BYTES);
  assertEquals(left(A, B, LARGE_BYTES, null), LARGE_BYTES, "it was delivered");
  assertEquals(left(WEB, A, LARGE_BYTES, null), LARGE_BYTES, "a module may want it still");
  const unasked = ownBytes(new Uint8Array(LARGE_BYTES))!;
  world.kernel.route(responseTo(request(at(B), at(A), "never asked"), unasked));
  assertEquals(unasked.length, 0);
  await Promise.resolve();
  assertEquals(world.inbox[A]!.map(({ body }) => body.length), [LARGE_BYTES]);
});

Deno.test("kernel.md §2.8: a refusal is an immediate SendError with a reason, and one line with the fix", async () => {
  using world = new World();
  world.send(A, C, { expects_response: 5 });
  world.send(A, "nobody:x:y", { expects_response: 5 });
  await Promise.resolve();
  assertEquals(world.inbox[C], []);
  assertEquals(world.inbox[A]!.map((m) => [m.kind, m.error?.kind, m.error?.reason, m.body]), [
    ["SendError", "Timeout", "not-permitted", "hello"],
    ["SendError", "Timeout", "no-such-process", "hello"],
  ]);
  assertEquals(world.said[0]!.includes(`add "${C}" to the request_capabilities`), true);
});

Deno.test("a refused request that expects nothing prints one line, however often it is sent", () => {
  using world = new World();
  for (let i = 0; i < 100; i++) world.send(A, C);
  assertEquals(world.said.length, 1);
  assertEquals(world.inbox[A], []);
});

Deno.test("a response to an outstanding request needs no capability, and only the first counts", () => {
  using world = new World();
  const asked = world.send(A, B, { expects_response: 5 });
  world.kernel.route(responseTo(asked, "one"));
  world.kernel.route(responseTo(asked, "two"));
  assertEquals(world.inbox[A]!.map((m) => [m.kind, m.body, m.id === asked.id]), [[
    "Response",
    "one",
    true,
  ]]);
});

Deno.test("a response from somebody who was not asked is dropped, also with the right id", () => {
  using world = new World();
  const asked = world.send(A, B, { expects_response: 5 });
  world.kernel.route({ ...responseTo(asked, "forged"), source: at(C) });
  assertEquals(world.inbox[A], []);
  world.kernel.route(responseTo(asked, "true"));
  assertEquals(world.inbox[A]!.length, 1);
});

Deno.test("kernel.md §12.3: the response to an inherited request reaches the first sender", () => {
  using world = new World();
  const asked = world.send(A, B, { expects_response: 5 });
  world.send(B, C, { id: asked.id, rsvp: asked.rsvp });
  const passed = world.inbox[C]![0]!;
  assertEquals(passed.rsvp, at(A));
  world.kernel.route(responseTo(passed, "from c"));
  assertEquals(world.inbox[A]!.map((m) => [m.source, m.body]), [[at(C), "from c"]]);
});

Deno.test("an rsvp that the sender was not given is taken away", () => {
  using world = new World();
  const asked = world.send(A, B, { expects_response: 5 });
  world.allow(C, B);
  world.send(C, B, { id: asked.id, rsvp: at(A) });
  assertEquals(world.inbox[B]![1]!.rsvp, null);
});

Deno.test("a request that nobody answers comes back as a Timeout, once", async () => {
  using world = new World();
  const asked = world.send(A, B, { expects_response: 0 });
  await until(() => world.inbox[A]!.length > 0);
  world.kernel.route(responseTo(asked, "late"));
  assertEquals(world.inbox[A]!.map((m) => m.error?.reason), ["no-answer"]);
});

Deno.test("kernel.md §12.6: who waits for a process that ends hears so at once", () => {
  using world = new World();
  world.send(A, B, { expects_response: 60 });
  world.kernel.processEnded(B, "gone");
  assertEquals(world.inbox[A]!.map((m) => m.error?.reason), ["crashed"]);
  assertEquals(world.ended, [at(B)]);
  world.send(A, B);
  assertEquals(world.said.length, 1, "it is no longer known");
});

Deno.test("a process that ends after passing a request on leaves it with its heir", () => {
  using world = new World();
  const asked = world.send(A, B, { expects_response: 60 });
  world.send(B, C, { id: asked.id, rsvp: asked.rsvp });
  world.kernel.processEnded(B, "gone");
  assertEquals(world.inbox[A], []);
  world.kernel.processEnded(C, "gone");
  assertEquals(world.inbox[A]!.map((m) => m.error?.reason), ["crashed"]);
});

Deno.test("a restarted process keeps its rights", () => {
  using world = new World();
  world.kernel.processEnded(A, "crashed");
  const box: KernelMessage[] = [];
  world.kernel.addProcess(A, { deliver: (message) => void box.push(message) });
  world.send(A, B);
  assertEquals(world.inbox[B]!.length, 1);
});

Deno.test("design.md §3: a module answers to both generations' names, from the one that was addressed", () => {
  using world = new World();
  world.allow(A, "http_server:distro:sys" as ProcessId);
  const asked = world.send(A, "http_server:distro:sys", { expects_response: 5 });
  assertEquals(world.inbox[WEB], [asked]);
  world.kernel.route(responseTo(asked, "ok"));
  assertEquals(world.inbox[A]!.map((m) => m.source), [at("http_server:distro:sys")]);
});

Deno.test("a full queue refuses, and the sender hears so", async () => {
  using world = new World();
  world.kernel.addProcess(B, {
    deliver: () => {
      throw new RangeError("full");
    },
  });
  world.send(A, B, { expects_response: 5 });
  await Promise.resolve();
  assertEquals(world.inbox[A]!.map((m) => m.error?.reason), ["queue-full"]);
  assertEquals(world.said.length, 1);
});

Deno.test("two requests of one id at once: the second is refused, the first is not lost", async () => {
  using world = new World();
  const asked = world.send(A, B, { expects_response: 5 });
  world.send(A, B, { expects_response: 5, id: asked.id });
  await Promise.resolve();
  assertEquals(world.inbox[A]!.map((m) => m.kind), ["SendError"]);
  world.kernel.route(responseTo(asked, "first"));
  assertEquals(world.inbox[A]!.map((m) => m.kind), ["SendError", "Response"]);
});

Deno.test("kernel.md §3.6: everybody may message a public process", () => {
  using world = new World();
  world.kernel.addProcess(C, { deliver: (message) => void world.inbox[C]!.push(message) }, true);
  world.send(A, C);
  assertEquals(world.inbox[C]!.length, 1);
});

Deno.test("kernel.md §4.4: another node is refused without the network capability, and offline with it", async () => {
  using world = new World();
  const far = () => {
    const message = request(at(A), "far.os@b:b:template.os" as Address, "x", {
      expects_response: 5,
    });
    world.kernel.route(message);
    return Promise.resolve();
  };
  await far();
  world.kernel.capabilities.grant(at(A), { issuer: at("kernel:distro:sys"), params: NETWORK });
  await far();
  assertEquals(world.inbox[A]!.map(({ error }) => [error?.kind, error?.reason]), [
    ["Timeout", "no-network-capability"],
    ["Offline", "offline"],
  ]);
});

Deno.test("kernel.md §4.5: capabilities on a message are those that the sender holds or issues, and can be saved then", () => {
  using world = new World();
  const own = { issuer: at(A), params: '"Read"' };
  const forged = { issuer: at(C), params: MESSAGING };
  world.kernel.route({ ...request(at(A), at(B), "x"), capabilities: [own, forged] });
  assertEquals(world.inbox[B]![0]!.capabilities, [own]);
  assertEquals([world.kernel.received(B, own), world.kernel.received(B, forged)], [true, false]);
  assertEquals(world.kernel.received(C, own), false);
});

Deno.test("a module hears that an event found the queue full, and may try again", () => {
  using world = new World();
  world.allow(WEB, B);
  let full = true;
  const box: KernelMessage[] = [];
  world.kernel.addProcess(B, {
    deliver: (message) => {
      if (full) throw new RangeError("full");
      box.push(message);
    },
  });
  const event = request(at(WEB), at(B), "event");
  assertEquals(world.kernel.route(event), false);
  full = false;
  assertEquals([world.kernel.route(event), box], [true, [event]]);
});

Deno.test("an answer whose bytes do not fit comes as a SendError, one that does not fit either without its body", () => {
  using world = new World();
  const box: KernelMessage[] = [];
  world.kernel.addProcess(A, {
    deliver: (message) => {
      if (message.body !== "") throw new RangeError("full");
      box.push(message);
    },
  });
  const asked = world.send(A, B, { expects_response: 5 });
  world.kernel.route(responseTo(asked, "large"));
  assertEquals(box.map((m) => [m.kind, m.id, m.error?.reason]), [[
    "SendError",
    asked.id,
    "queue-full",
  ]]);
});

/** Looks once a turn of the event loop; the test runner's own limit ends it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

Deno.test("whyNot() says beforehand why a request would go nowhere, under either name of a module", () => {
  using world = new World();
  const why = (from: string, to: string) => world.kernel.whyNot(at(from), at(to));
  assertEquals(why(A, B), null);
  assertEquals(why(A, C), "not-permitted");
  assertEquals(why(A, "no:no:template.os"), "no-such-process");
  world.kernel.capabilities.grant(at(WEB), { issuer: at(A), params: MESSAGING });
  assertEquals([why(WEB, A), why("http_server:distro:sys", A)], [null, null]);
  world.kernel.processEnded(A, "gone");
  assertEquals(why(WEB, A), "no-such-process");
});
