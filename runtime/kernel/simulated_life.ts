/**
 * One life of a simulated process: the real WorkerProcess before a port that the test moves, and behind it what
 * process/mailbox.ts, request.ts and outbox.ts do. It checks what it is given.
 */
import { assert } from "../assert.ts";
import type { Address } from "../protocol/address.ts";
import { type KernelMessage, responseTo } from "../protocol/message.ts";
import { fromFrame, type MessageFrame, toFrame } from "../protocol/port.ts";
import type { Turns } from "../protocol/turn.ts";
import type { KernelThread } from "./thread_share.ts";
import { WorkerProcess } from "./worker_process.ts";

export interface LifeOptions {
  address: Address;
  node: string;
  turns: Turns;
  thread: KernelThread;
  onMessage(message: KernelMessage): void;
  onExit(busy: boolean): void;
}

interface Sent {
  /** Its answer is taken when it arrives, past the queue. */
  awaits: boolean;
  prompting: KernelMessage | null;
  outcomes: number;
}

export class SimulatedLife {
  readonly name: string;
  readonly endpoint: WorkerProcess;
  /** The request that a response now would answer. */
  prompting: KernelMessage | null = null;
  readonly #port: FakePort;
  readonly #delivered: KernelMessage[] = [];
  readonly #sent = new Map<bigint, Sent>();
  readonly #taken: KernelMessage[] = [];
  readonly #queue: KernelMessage[] = [];
  readonly #arrived: KernelMessage[] = [];
  readonly #toldDone = new Set<unknown>();
  #current: KernelMessage | null = null;
  #out: unknown[] = [];
  #done: KernelMessage[] = [];
  /** Of each sender, the number of its request that was taken last. */
  readonly #lastOf = new Map<string, number>();
  /** Requests that were taken in earlier lives and told to be done. */
  #finishedBefore: ReadonlySet<unknown> = new Set();

  constructor(name: string, { onExit, ...options }: LifeOptions) {
    this.name = name;
    this.#port = new FakePort();
    this.endpoint = new WorkerProcess({
      ...options,
      port: this.#port as unknown as MessagePort,
      onPrint: () => {},
      onCall: () => Promise.reject(new Error("no calls here")),
      onLoaded: () => {},
      onExit: (error, busy) => {
        assert(error === "crash", `the port ended the process: ${error}`);
        onExit(busy);
      },
    });
  }

  /** From the kernel. */
  deliver(message: KernelMessage): void {
    this.endpoint.deliver(message);
    this.#delivered.push(message);
  }

  requestsWaiting(): number {
    return this.endpoint.unfinished().length;
  }

  send(message: KernelMessage, awaits: boolean): void {
    this.#out.push(toFrame(message));
    if (message.expects_response === null) return;
    this.#sent.set(message.id, { awaits, prompting: this.prompting, outcomes: 0 });
  }

  /** Answers one of the requests taken so far, maybe for the second time. */
  answer(nth: number): void {
    const wanting = this.#taken.filter((one) => one.rsvp !== null || one.expects_response !== null);
    const to = wanting.at(-1 - nth);
    if (to !== undefined) this.#out.push(toFrame(responseTo(to, `re ${to.id}`)));
  }

  /** Finishes the message at hand and takes the next one. False if there is none. */
  take(): boolean {
    if (this.#current !== null) this.#done.push(this.#current);
    const message = this.#current = this.#queue.shift() ?? null;
    if (message === null) return false;
    if (message.kind === "Request") {
      this.#checkOrder(message);
      this.#taken.push(message);
    }
    this.prompting = message.kind === "Request" ? message : this.#sent.get(message.id)!.prompting;
    return true;
  }

  /** What was sent crosses to the kernel. */
  post(): void {
    const frames = this.#out.splice(0);
    const done = this.#done.splice(0);
    for (const { body } of done) this.#toldDone.add(body);
    if (done.length + frames.length > 0) {
      this.#port.arrive([done.map((one) => this.#arrived.indexOf(one)), ...frames]);
    }
  }

  /** Takes over what the kernel posted. */
  read(): void {
    for (const frame of this.#port.posted.splice(0)) {
      const message = fromFrame(frame);
      this.#arrived.push(message);
      if (message.kind !== "Request" && this.#settle(message)) this.#done.push(message);
      else this.#queue.push(message);
    }
  }

  /** The script throws: all that it sent still crosses. */
  crash(): void {
    this.#out.push(["Exit", "crash", this.#current !== null]);
    this.post();
  }

  end(): void {
    this.endpoint.close();
  }

  /** Requests that nobody waits for and whose end the kernel was not told of: the next life has a right to them. */
  owed(): KernelMessage[] {
    return this.#delivered.filter((one) =>
      one.kind === "Request" && one.expects_response === null && one.rsvp === null &&
      !this.#toldDone.has(one.body)
    );
  }

  begunAfter(old: SimulatedLife): void {
    this.#finishedBefore = new Set([...old.#finishedBefore, ...old.#toldDone]);
  }

  /** After all time has passed: every request that wanted an answer has one, nothing that came waits. */
  checkSettled(): void {
    for (const [id, { outcomes }] of this.#sent) {
      assert(outcomes === 1, `${this.name}'s request ${id} ended ${outcomes} times`);
    }
    const left = this.endpoint.unfinished();
    assert(left.length === 0, `${this.name} has ${left.length} unfinished messages`);
    const requests = this.#delivered.filter((one) => one.kind === "Request").length;
    assert(
      this.#taken.length === requests,
      `${this.name} took ${this.#taken.length} of ${requests}`,
    );
  }

  /** Notes the end of a request of this life; true if somebody awaited it. */
  #settle({ id, body, kind }: KernelMessage): boolean {
    const sent = this.#sent.get(id);
    assert(sent !== undefined, `${this.name} got a ${kind} to what it never asked: ${body}`);
    assert(++sent.outcomes === 1, `${this.name}'s request ended twice, the second time as ${kind}`);
    assert(kind === "SendError" || body === `re ${id}`, `a wrong response: ${body}`);
    return sent.awaits;
  }

  #checkOrder({ body }: KernelMessage): void {
    const [way, number] = String(body).split("#") as [string, string];
    const last = this.#lastOf.get(way) ?? 0;
    assert(Number(number) > last, `${body} was taken after ${way}#${last}`);
    assert(!this.#finishedBefore.has(body), `${body} was taken again after it was finished`);
    this.#lastOf.set(way, Number(number));
  }
}

/** The kernel's end of a port; the far end is the test. */
class FakePort {
  readonly posted: MessageFrame[] = [];
  onmessage: (event: { data: unknown }) => void = () => {};
  arrive(data: unknown): void {
    this.onmessage({ data });
  }
  postMessage(frames: MessageFrame[]): void {
    this.posted.push(...frames);
  }
  close(): void {}
}
