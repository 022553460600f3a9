/**
 * The world of message_programs_test.ts: three processes on the real Kernel, WorkerProcess and Redelivery, whose
 * workers are simulated. Nothing moves by itself: a step of a program posts, reads, ends, lets time pass. What
 * the kernel promises is checked at every message, and at the end.
 */
import { assert } from "../assert.ts";
import { addressOf, type ProcessId } from "../protocol/address.ts";
import { type KernelMessage, request } from "../protocol/message.ts";
import type { Turns } from "../protocol/turn.ts";
import { MESSAGING } from "../protocol/config.ts";
import { CapabilityTable } from "./capabilities.ts";
import { Kernel } from "./kernel.ts";
import { SimulatedLife } from "./simulated_life.ts";
import { Redelivery } from "./redelivery.ts";
import { KernelThread } from "./thread_share.ts";

/** `who` and `to` are places in NAMES. */
export type Step =
  | {
    do: "send";
    who: number;
    to: number;
    expects: number | null;
    awaits: boolean;
    inherit: boolean;
  }
  | { do: "answer" | "forge"; who: number; nth: number }
  | { do: "take" | "post" | "read" | "crash" | "die" | "leave" | "start"; who: number }
  | { do: "turn" }
  | { do: "pass"; seconds: number };

/** The last one never exists. */
export const NAMES = ["a", "b", "c", "nobody"];
/** Everybody may message everybody, but b not a. */
const FORBIDDEN = "b>a";
const NODE = "fake.dev";
/** Small, so that programs reach it; of requests, as in WorkerProcess. */
const INBOX_MAX = 4;

export const idOf = (name: string) => `${name}:${name}:template.os` as ProcessId;
const nameOf = (address: string) => address.slice(address.indexOf("@") + 1).split(":")[0]!;

export class World implements Disposable {
  readonly kernel: Kernel;
  readonly #turns: (() => void)[] = [];
  /** It takes no time: whatever a process has posted is handled at once. */
  readonly #thread = new KernelThread(() => 0);
  readonly #lives = new Map<string, SimulatedLife>();
  readonly #redeliveries = new Map<string, Redelivery>();
  /** Ids under which somebody waits for an answer, ever; and everybody who was handed one of them. */
  readonly #expecting = new Set<bigint>();
  readonly #handed = new Map<bigint, Set<string>>();
  #routing: { message: KernelMessage; delivered: number } | null = null;
  #nowMs = 0;
  #sent = 0;

  constructor() {
    const capabilities = new CapabilityTable(NODE, () => {});
    const log = { info: () => {}, warn: () => {} };
    this.kernel = new Kernel({ node: NODE, capabilities, log, now: () => this.#nowMs });
    for (const name of NAMES.slice(0, 3)) this.#start(name);
  }

  [Symbol.dispose](): void {
    this.kernel.close();
  }

  async run(steps: Step[]): Promise<void> {
    for (const step of steps) {
      this.#step(step);
      await microtasks();
    }
    await this.#settle();
  }

  #step(step: Step): void {
    if (step.do === "turn") return this.#turn();
    if (step.do === "pass") return this.#pass(step.seconds);
    const name = NAMES[step.who]!;
    const life = this.#lives.get(name);
    if (step.do === "start") return life === undefined ? this.#start(name) : undefined;
    if (life === undefined) return;
    switch (step.do) {
      case "send":
        return this.#send(life, step);
      case "answer":
        return life.answer(step.nth);
      case "forge":
        return this.#forge(name, step.nth);
      case "take":
      case "post":
      case "read":
      case "crash":
        return void life[step.do]();
      case "die":
        return this.#restart(life, true);
      case "leave":
        return this.#leave(life);
    }
  }

  #send(life: SimulatedLife, { to, expects, awaits, inherit }: Step & { do: "send" }): void {
    const target = NAMES[to]!;
    const parent = inherit && expects === null ? life.prompting : null;
    const message = request(
      addressOf(NODE, idOf(life.name)),
      addressOf(NODE, idOf(target)),
      `${life.name}>${target}#${++this.#sent}`,
      { id: parent?.id, rsvp: parent?.rsvp, expects_response: expects },
    );
    message.inherit = inherit;
    if (expects !== null) {
      assert(!this.#expecting.has(message.id), "two expecting requests have one id");
      this.#expecting.add(message.id);
    }
    life.send(message, awaits);
  }

  /** A response with an id that was never given to its sender. */
  #forge(name: string, nth: number): void {
    const id = [...this.#expecting].at(-1 - nth);
    if (id === undefined || this.#handed.get(id)?.has(name)) return;
    for (const victim of this.#lives.keys()) {
      const target = addressOf(NODE, idOf(victim));
      const forged = request(addressOf(NODE, idOf(name)), target, "forged", { id });
      this.kernel.route({ ...forged, kind: "Response" });
    }
  }

  /** What the process's port hands to the kernel: goes through, or is refused, as the model says. */
  #route(message: KernelMessage): void {
    const before = this.#routing;
    const routing = this.#routing = { message, delivered: 0 };
    const expected = message.kind === "Request" ? this.#mayPass(message) : null;
    this.kernel.route(message);
    if (expected !== null) {
      assert(
        routing.delivered === (expected ? 1 : 0),
        `${message.body} came ${routing.delivered} times`,
      );
    }
    this.#routing = before;
  }

  #mayPass({ source, target }: KernelMessage): boolean {
    if (`${nameOf(source)}>${nameOf(target)}` === FORBIDDEN) return false;
    const life = this.#lives.get(nameOf(target));
    return life !== undefined && life.requestsWaiting() < INBOX_MAX;
  }

  #start(name: string): void {
    this.#redeliveries.set(name, new Redelivery());
    this.#newLife(name);
    for (const other of NAMES) {
      if (`${name}>${other}` === FORBIDDEN) continue;
      this.kernel.capabilities.give(addressOf(NODE, idOf(name)), {
        issuer: addressOf(NODE, idOf(other)),
        params: MESSAGING,
      });
    }
  }

  #newLife(name: string): SimulatedLife {
    const life = new SimulatedLife(name, {
      address: addressOf(NODE, idOf(name)),
      node: NODE,
      turns: {
        atEnd: (run: () => void) => void this.#turns.push(run),
      } as unknown as Turns,
      thread: this.#thread,
      onMessage: (message) => this.#route(message),
      onExit: (busy) => this.#restart(life, busy),
    });
    this.#lives.set(name, life);
    this.kernel.addProcess(idOf(name), { deliver: (message) => this.#deliver(life, message) });
    return life;
  }

  #deliver(life: SimulatedLife, message: KernelMessage): void {
    if (message.kind === "Request" && life.requestsWaiting() >= INBOX_MAX) {
      throw new RangeError("full");
    }
    life.deliver(message);
    if (message === this.#routing?.message) this.#routing.delivered++;
    if (message.kind !== "Request") return;
    const handed = this.#handed.get(message.id) ?? new Set();
    this.#handed.set(message.id, handed.add(life.name));
  }

  /** As Supervisor does. */
  #restart(old: SimulatedLife, busy: boolean): void {
    const { again, parked } = this.#redeliveries.get(old.name)!.after(
      old.endpoint.unfinished(),
      busy,
    );
    const life = this.#newLife(old.name);
    old.end();
    this.kernel.processEnded(idOf(old.name), "crashed");
    for (const message of again) life.deliver(message);
    for (const message of old.owed()) {
      const kept = again.some((one) => one.body === message.body);
      const isParked = parked !== null && parked.endsWith(`: ${message.body}`);
      assert(kept !== isParked, `${message.body} was lost with a crash, or parked and kept`);
    }
    life.begunAfter(old);
  }

  #leave(life: SimulatedLife): void {
    this.#lives.delete(life.name);
    life.end();
    this.kernel.processEnded(idOf(life.name), "gone");
    this.kernel.forget(idOf(life.name), false);
  }

  #turn(): void {
    for (const run of this.#turns.splice(0)) run();
  }

  #pass(seconds: number): void {
    this.#nowMs += seconds * 1000;
    this.kernel.expire();
  }

  /** Everybody reads and finishes everything, all time passes: then nothing may be open. */
  async #settle(): Promise<void> {
    for (const seconds of [0, 0, 1000, 0, 0]) {
      for (let round = 0; round < 3; round++) {
        for (const life of this.#lives.values()) life.post();
        await microtasks();
        this.#turn();
        for (const life of this.#lives.values()) {
          life.read();
          while (life.take()) { /* Until nothing waits. */ }
        }
      }
      this.#pass(seconds);
    }
    for (const life of this.#lives.values()) life.checkSettled();
    assert(this.kernel.waiting === 0, `the kernel still waits for ${this.kernel.waiting} answers`);
  }
}

/** A refusal comes one microtask after the request. */
async function microtasks(): Promise<void> {
  for (let i = 0; i < 4; i++) await null;
}
