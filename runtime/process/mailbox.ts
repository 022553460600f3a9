/**
 * The way in. A message from the kernel goes to the first of these that wants it:
 *
 *   1. whoever waits for the response with that id   (sendAndAwaitResponse, fetch)
 *   2. a listener of the library                     (WebSocket objects, web-style handlers)
 *   3. the queue that awaitMessage() reads, in order of arrival
 *
 * It also keeps what Kinode's kernel keeps per process: the request being answered (`prompting`), the last
 * blob, and for each request sent the context and the prompting request of that moment (spec/kernel.md §2).
 */
import { ById } from "../protocol/by_id.ts";
import type { KernelMessage, LazyLoadBlob } from "../protocol/message.ts";
import { Message, SendError } from "./message.ts";

interface Sent {
  context: Uint8Array | null;
  prompting: KernelMessage | null;
  /** Set for a request that somebody awaits; its answer does not go through the queue. */
  settle: { resolve(message: Message): void; reject(error: SendError): void } | null;
}

/** A message and its number: how many came before it. */
interface Numbered {
  number: number;
  message: KernelMessage;
}

/** False: not for it. True: taken, and finished. A promise, which never rejects: taken, finished when it resolves. */
export type Listener = (message: KernelMessage) => boolean | Promise<void>;

export class Mailbox {
  readonly #queue: Numbered[] = [];
  readonly #sent = new ById<Sent>();
  readonly #listeners: Listener[] = [];
  readonly #done: (number: number) => void;
  #waiting: { resolve(message: Message): void; reject(error: SendError): void } | null = null;
  #prompting: KernelMessage | null = null;
  #last: KernelMessage | null = null;
  #lastBlob: LazyLoadBlob | null = null;
  /** The number of the message at hand. */
  #busy: number | null = null;
  #received = 0;

  /**
   * `done` is called once with the number of every message that is finished: one that was awaited or listened
   * for at once or when its listener says so, one from the queue when the next is asked for. What is not finished when the process crashes is not lost.
   */
  constructor(done: (number: number) => void) {
    this.#done = done;
  }

  /** Whether a message from the queue is being handled. */
  get busy(): boolean {
    return this.#busy !== null;
  }

  /** How many messages nobody has taken. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** The request that a Response now would answer. */
  get prompting(): KernelMessage | null {
    return this.#prompting;
  }

  /** The message that `awaitMessage` returned last. */
  get last(): KernelMessage | null {
    return this.#last;
  }

  /** The blob that came last with a message of the queue. */
  get lastBlob(): LazyLoadBlob | null {
    return this.#lastBlob;
  }

  /** Listeners see a message before the queue does, and what waits in it already. */
  listen(listener: Listener): void {
    this.#listeners.push(listener);
    const waiting = this.#queue.splice(0);
    for (const one of waiting) {
      if (!this.#offer(listener, one.number, one.message)) this.#queue.push(one);
    }
  }

  /** A message from the kernel. */
  receive(message: KernelMessage): void {
    const number = this.#received++;
    const sent = message.kind === "Request" ? undefined : this.#sent.get(message.id);
    if (sent?.settle) {
      this.#sent.delete(message.id);
      this.#done(number);
      if (message.kind === "Response") sent.settle.resolve(new Message(message, sent.context));
      else sent.settle.reject(new SendError(message, sent.context));
      return;
    }
    for (const listener of this.#listeners) if (this.#offer(listener, number, message)) return;
    if (this.#waiting === null) {
      this.#queue.push({ number, message });
      return;
    }
    const { resolve, reject } = this.#waiting;
    this.#waiting = null;
    this.#hand({ number, message }, resolve, reject);
  }

  /** The next message; rejects with the SendError if that is what came next. One caller at a time. */
  awaitMessage(): Promise<Message> {
    return new Promise((resolve, reject) => {
      if (this.#waiting !== null) {
        throw new Error("awaitMessage() is already waiting: one loop reads the messages");
      }
      this.finish();
      const next = this.#queue.shift();
      if (next === undefined) this.#waiting = { resolve, reject };
      else this.#hand(next, resolve, reject);
    });
  }

  /** Remembers a request that expects a response, so that its answer finds its context. */
  expect(id: bigint, context: Uint8Array | null): void {
    this.#sent.set(id, { context, prompting: this.#prompting, settle: null });
  }

  /** As `expect`, and the answer comes to the caller: rejects with a SendError. */
  expectAwaited(id: bigint, context: Uint8Array | null): Promise<Message> {
    return new Promise((resolve, reject) => {
      this.#sent.set(id, { context, prompting: this.#prompting, settle: { resolve, reject } });
    });
  }

  /** What was being handled is finished: the next is asked for, or the process returns. */
  finish(): void {
    if (this.#busy !== null) this.#done(this.#busy);
    this.#busy = null;
  }

  #offer(listener: Listener, number: number, message: KernelMessage): boolean {
    const taken = listener(message);
    if (taken === true) this.#done(number);
    else if (taken !== false) taken.then(() => this.#done(number));
    return taken !== false;
  }

  #hand(
    { number, message }: Numbered,
    resolve: (m: Message) => void,
    reject: (e: SendError) => void,
  ): void {
    this.#busy = number;
    this.#last = message;
    this.#lastBlob = message.lazy_load_blob ?? this.#lastBlob;
    if (message.kind === "Request") {
      this.#prompting = message;
      return resolve(new Message(message));
    }
    const sent = this.#sent.get(message.id);
    this.#sent.delete(message.id);
    this.#prompting = sent?.prompting ?? null;
    if (message.kind === "Response") resolve(new Message(message, sent?.context ?? null));
    else reject(new SendError(message, sent?.context ?? null));
  }
}
