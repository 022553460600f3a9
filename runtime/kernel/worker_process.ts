/**
 * A process as the kernel sees it: an endpoint in front of a port. It batches what goes in, checks and stamps
 * what comes out, and bounds what waits.
 *
 *   deliver(message) … ──turn ends──► port.postMessage([frame, …])            ══ thread ══►
 *   onMessage(message), onCall, onPrint, onExit ◄── parsePost ◄──              ◄══ thread ══
 */
import type { Address } from "../protocol/address.ts";
import { handedOver } from "../protocol/large.ts";
import { HostCall } from "../protocol/host.ts";
import type { Endpoint, KernelMessage } from "../protocol/message.ts";
import {
  parseAlive,
  parseExit,
  parseMessage,
  parsePost,
  parsePrint,
  type Sign,
  toFrame,
} from "../protocol/port.ts";
import type { Turns } from "../protocol/turn.ts";
import {
  BATCH_MESSAGES_MAX,
  FRAMES_WAITING_MAX,
  INBOX_BYTES_MAX,
  POSTS_UNDER_WAY_MAX,
  PRINT_CHARS_MAX,
} from "../limits.ts";
import { CallQueue } from "./call_queue.ts";
import { FrameQueue } from "./frame_queue.ts";
import { Inbox } from "./inbox.ts";
import { PortWriter } from "./port_writer.ts";
import { type KernelThread, ThreadShare } from "./thread_share.ts";

export interface WorkerProcessOptions {
  address: Address;
  node: string;
  port: MessagePort;
  turns: Turns;
  thread: KernelThread;
  onMessage(message: KernelMessage): void;
  onPrint(verbosity: number, text: string): void;
  /** What the process gets back, or why not: an Error's message. */
  onCall(call: HostCall): Promise<unknown>;
  /** The script is loaded, and its own code runs next. */
  onLoaded(keeps: boolean): void;
  /** The script returned (`null`), threw (its stack), or its worker broke the protocol. */
  onExit(error: string | null, busy: boolean, unusable?: boolean): void;
}

export class WorkerProcess implements Endpoint {
  readonly #options: WorkerProcessOptions;
  readonly #port: MessagePort;
  readonly #writer: PortWriter;
  readonly #inbox = new Inbox((bytes) => this.#writer.holds(bytes));
  readonly #calls: CallQueue;
  readonly #share: ThreadShare;
  /** What came out of the port and was not handled yet. */
  readonly #arrived = new FrameQueue();
  /** Posts that came, those that it wants credit for, and those that it was credited. */
  #posts = 0;
  #wanted = 0;
  #credited = 0;
  #loaded = false;
  #unanswered = 0;
  #sign: Sign | null = null;
  #moves = 0;
  /** Bytes that it has handed over, and that have arrived. */
  #got = 0;
  /** Handles what has arrived and is not handled yet. */
  #rest: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #overflowing = false;

  constructor(options: WorkerProcessOptions) {
    this.#options = options;
    this.#port = options.port;
    this.#writer = new PortWriter(options.port, options.turns);
    this.#share = new ThreadShare(options.thread);
    this.#calls = new CallQueue({
      onCall: options.onCall,
      answer: (frame) => this.#writer.post(frame),
      ask: () => this.ask(),
    });
    this.#port.onmessage = (event) => this.#receive(event.data);
  }

  /** First of all frames: the process's name and its code. */
  boot(code: string): void {
    this.#writer.post(["Boot", this.#options.address, code]);
  }

  /** Throws a RangeError when too much waits already. */
  deliver(message: KernelMessage): void {
    this.#inbox.add(message);
    this.#moves++;
    this.#writer.post(toFrame(message));
    if (this.#inbox.overflows) this.#overflow();
  }

  /** Asks it for a sign of life. */
  ask(): void {
    this.#writer.post(["Ping"]);
  }

  /** Asks it, and counts: returns how many times in a row it was asked so and gave no sign. */
  ping(): number {
    this.ask();
    return this.#unanswered++;
  }

  /** Its last sign of life; `null` before the first. */
  get sign(): Sign | null {
    return this.#sign;
  }

  /** Bytes on the way to it and from it, which are in neither's memory; as far as it tells the truth. */
  get underWay(): number {
    const { taken, given } = this.#sign ?? { taken: 0, given: 0 };
    const bound = (bytes: number) => Math.min(Math.max(0, bytes), INBOX_BYTES_MAX);
    return bound(this.#writer.posted - taken) + bound(given - this.#got);
  }

  /** Its script is loaded, top level and all. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Changes with every message, call and print, in and out. */
  get moves(): number {
    return this.#moves;
  }

  /** The number of the message that it is at, or that it should take next. */
  get oldest(): number | undefined {
    return this.#inbox.oldest;
  }

  /** Nothing that it was given is unfinished, and nothing that it asked of the kernel is unanswered. */
  get idle(): boolean {
    return !this.#inbox.waiting && this.#calls.idle && this.#arrived.size === 0;
  }

  /** What was delivered and not finished, oldest first. */
  unfinished(): KernelMessage[] {
    return this.#inbox.unfinished();
  }

  /** What the process is at, or was at last, in words. */
  lastMessage(): string {
    return this.#inbox.lastMessage();
  }

  /** Handles at once what has come out and waits for its turn. */
  finish(): void {
    this.#guarded(() => {
      clearTimeout(this.#rest);
      while (this.#arrived.size > 0 && !this.#closed) this.#handle(this.#arrived.take());
    });
  }

  /** Nothing comes out after this, and what is delivered is lost. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#rest);
    this.#writer.close();
    this.#calls.close();
    this.#arrived.clear();
    this.#port.close();
  }

  /** Not from within a delivery: whoever delivers may be in the middle of a list. */
  #overflow(): void {
    if (this.#overflowing) return;
    this.#overflowing = true;
    const end = () => this.#options.onExit("it does not read the answers that it asks for", false);
    this.#options.turns.atEnd(() => this.#guarded(end));
  }

  /** One post of the process. A malformed one ends it: its library never makes any. */
  #receive(data: unknown): void {
    if (this.#closed) return;
    this.#unanswered = 0;
    this.#guarded(() => {
      if (++this.#posts - this.#credited > POSTS_UNDER_WAY_MAX) {
        throw new TypeError(`more than ${POSTS_UNDER_WAY_MAX} posts are under way`);
      }
      // A batch, and behind it the wish for credit.
      const max = { frames: BATCH_MESSAGES_MAX + 1, done: this.#inbox.size };
      const { done, frames } = parsePost(data, max);
      this.#inbox.finish(done);
      const idle = this.#arrived.size === 0;
      this.#arrived.add(frames);
      if (this.#arrived.size > FRAMES_WAITING_MAX) {
        const error = `it sends faster than the node routes: ${FRAMES_WAITING_MAX} frames wait`;
        return this.#options.onExit(error, false);
      }
      if (idle) this.#handleNext(false);
    });
  }

  /** Handles what waits: now, or when it is the process's turn. */
  #handleNext(isLater: boolean): void {
    if (this.#arrived.size === 0) return;
    const wait = this.#share.wait();
    if (!isLater && wait === 0) return this.#handleSome();
    // A timer, not `turns`: while a port has messages, also one's own, Deno serves no socket (bench/flood.ts).
    this.#rest = setTimeout(() => this.#guarded(() => this.#handleSome()), wait);
  }

  /** However much it sent, it gets its share of a turn; the rest waits for later ones. */
  #handleSome(): void {
    this.#share.run(() => {
      this.#handle(this.#arrived.take());
      return this.#arrived.size > 0;
    });
    if (!this.#closed) this.#handleNext(true);
  }

  #guarded(work: () => void): void {
    try {
      if (!this.#closed) work();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.#options.onExit(`it broke the protocol of its port: ${error.message}`, false);
    }
  }

  #handle(frame: unknown): void {
    if (!Array.isArray(frame)) throw new TypeError("a frame is an array");
    if (frame[0] !== "Alive") this.#moves++;
    this.#got += handedOver(frame);
    switch (frame[0]) {
      case "Print":
        return this.#print(frame);
      case "Call":
        return this.#call(frame);
      case "Alive":
        this.#sign = parseAlive(frame);
        return this.#calls.taken();
      case "Wait":
        return this.#wait(frame[1]);
      case "Loaded":
        return this.#load(frame[1] === true);
      case "Exit":
        return this.#exit(frame);
      default: {
        const { address, node, onMessage } = this.#options;
        return onMessage(parseMessage(frame, address, node));
      }
    }
  }

  #print(frame: unknown[]): void {
    const { verbosity, text } = parsePrint(frame);
    this.#options.onPrint(verbosity, text.slice(0, 2 * PRINT_CHARS_MAX));
  }

  #exit(frame: unknown[]): void {
    const { error, busy, unusable } = parseExit(frame);
    this.#options.onExit(error?.slice(0, 2 * PRINT_CHARS_MAX) ?? null, busy, unusable);
  }

  #load(keeps: boolean): void {
    if (this.#loaded) throw new TypeError("it was loaded before");
    this.#loaded = true;
    this.#options.onLoaded(keeps);
  }

  /** A timer lets the sockets have their turn first: a port that never runs dry would keep them waiting. */
  #wait(posts: unknown): void {
    if (typeof posts !== "number" || !(posts > this.#wanted && posts <= this.#posts)) {
      throw new TypeError("it wants credit for posts that it has not made");
    }
    this.#wanted = posts;
    setTimeout(() => {
      this.#credited = posts;
      this.#writer.post(["Credit", posts]);
    }, 0);
  }

  /** A call's own fault goes back to the process; that it is no call at all ends the process. */
  #call([, id, payload]: unknown[]): void {
    if (typeof id !== "number") throw new TypeError("a call's id is a number");
    const call = HostCall(payload, "call");
    this.#calls.add(id, call);
  }
}
