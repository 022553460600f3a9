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
import type { KernelMessage } from "../protocol/message.ts";
import { Message, SendError } from "./message.ts";

interface Sent {
  context: Uint8Array | null;
  prompting: KernelMessage | null;
  /** Set for a request that somebody awaits; its answer does not go through the queue. */
  settle: { resolve(message: Message): void; reject(error: SendError): void } | null;
}

/** Returns true if it has taken the message. */
export type Listener = (message: KernelMessage) => boolean;

export class Mailbox {
  readonly #queue: KernelMessage[] = [];
  readonly #sent = new ById<Sent>();
  readonly #listeners: Listener[] = [];
  readonly #done: () => void;
  #waiting: { resolve(message: Message): void; reject(error: SendError): void } | null = null;
  #prompting: KernelMessage | null = null;
  #last: KernelMessage | null = null;
  #busy = false;

  /**
   * `done` is called once for every message that is finished: one that was awaited or listened for at once, one
   * from the queue when the next is asked for. What is not finished when the process crashes is not lost.
   */
  constructor(done: () => void) {
    this.#done = done;
  }

  /** Whether a message from the queue is being handled. */
  get busy(): boolean {
    return this.#busy;
  }

  /** The request that a Response now would answer. */
  get prompting(): KernelMessage | null {
    return this.#prompting;
  }

  /** The message that `awaitMessage` returned last. */
  get last(): KernelMessage | null {
    return this.#last;
  }

  /** Listeners see a message before the queue does. */
  listen(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** A message from the kernel. */
  receive(message: KernelMessage): void {
    const sent = message.kind === "Request" ? undefined : this.#sent.get(message.id);
    if (sent?.settle) {
      this.#sent.delete(message.id);
      this.#done();
      if (message.kind === "Response") sent.settle.resolve(new Message(message, sent.context));
      else sent.settle.reject(new SendError(message, sent.context));
      return;
    }
    if (this.#listeners.some((listener) => listener(message))) return this.#done();
    if (this.#waiting === null) {
      this.#queue.push(message);
      return;
    }
    const { resolve, reject } = this.#waiting;
    this.#waiting = null;
    this.#hand(message, resolve, reject);
  }

  /** The next message; rejects with the SendError if that is what came next. One caller at a time. */
  awaitMessage(): Promise<Message> {
    return new Promise((resolve, reject) => {
      if (this.#waiting !== null) {
        throw new Error("awaitMessage() is already waiting: one loop reads the messages");
      }
      this.#finish();
      const message = this.#queue.shift();
      if (message === undefined) this.#waiting = { resolve, reject };
      else this.#hand(message, resolve, reject);
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

  #finish(): void {
    if (this.#busy) this.#done();
    this.#busy = false;
  }

  #hand(
    message: KernelMessage,
    resolve: (m: Message) => void,
    reject: (e: SendError) => void,
  ): void {
    this.#busy = true;
    this.#last = message;
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
