/**
 * A process as the kernel sees it: an endpoint in front of a port. It batches what goes in, checks and stamps
 * what comes out, and bounds what waits.
 *
 *   deliver(message) … ──turn ends──► port.postMessage([frame, …])            ══ thread ══►
 *   onMessage(message), onPrint, onLoaded, onExit ◄── parsePost ◄──           ◄══ thread ══
 */
import type { Address } from "../protocol/address.ts";
import { type Endpoint, type KernelMessage, sizeOf } from "../protocol/message.ts";
import { parseMessage, parsePost, toFrame, type ToProcess } from "../protocol/port.ts";
import type { Turns } from "../protocol/turn.ts";
import {
  BATCH_MESSAGES_MAX,
  INBOX_BYTES_MAX,
  INBOX_MESSAGES_MAX,
  PRINT_CHARS_MAX,
} from "../limits.ts";

export interface WorkerProcessOptions {
  address: Address;
  node: string;
  port: MessagePort;
  turns: Turns;
  onMessage(message: KernelMessage): void;
  onPrint(verbosity: number, text: string): void;
  /** The script is loaded; `config` is its `config` export as JSON, unchecked. */
  onLoaded(config: string): void;
  /** The script returned (`null`), threw (its stack), or its worker broke the protocol. */
  onExit(error: string | null): void;
}

export class WorkerProcess implements Endpoint {
  readonly #options: WorkerProcessOptions;
  readonly #port: MessagePort;
  #frames: ToProcess[] = [];
  /** Sizes of the messages that the process has not taken yet, oldest first from `#sizesHead` on. */
  #sizes: number[] = [];
  #sizesHead = 0;
  #waitingBytes = 0;
  #closed = false;

  constructor(options: WorkerProcessOptions) {
    this.#options = options;
    this.#port = options.port;
    this.#port.onmessage = (event) => this.#receive(event.data);
  }

  /** First of all frames: the process's name and its code. */
  boot(code: string): void {
    this.#post(["Boot", this.#options.address, code]);
  }

  /** Throws a RangeError when too much waits already. */
  deliver(message: KernelMessage): void {
    const size = sizeOf(message);
    if (this.#waiting() >= INBOX_MESSAGES_MAX || this.#waitingBytes + size > INBOX_BYTES_MAX) {
      throw new RangeError(`the queue of ${this.#options.address} is full`);
    }
    this.#sizes.push(size);
    this.#waitingBytes += size;
    this.#post(toFrame(message));
  }

  /** Nothing comes out after this, and what is delivered is lost. */
  close(): void {
    this.#closed = true;
    this.#frames = [];
    this.#port.close();
  }

  #waiting(): number {
    return this.#sizes.length - this.#sizesHead;
  }

  #post(frame: ToProcess): void {
    if (this.#closed) return;
    if (this.#frames.push(frame) === 1) this.#options.turns.atEnd(() => this.#flush());
  }

  #flush(): void {
    if (this.#closed || this.#frames.length === 0) return;
    const frames = this.#frames;
    this.#frames = [];
    this.#port.postMessage(frames);
  }

  /** One post of the process. A malformed one ends it: its library never makes any. */
  #receive(data: unknown): void {
    if (this.#closed) return;
    try {
      const { taken, frames } = parsePost(data, BATCH_MESSAGES_MAX);
      this.#took(taken);
      for (const frame of frames) {
        if (this.#closed) return;
        this.#handle(frame);
      }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.#options.onExit(`it broke the protocol of its port: ${error.message}`);
    }
  }

  #handle(frame: unknown): void {
    if (!Array.isArray(frame)) throw new TypeError("a frame is an array");
    switch (frame[0]) {
      case "Print":
        return this.#options.onPrint(
          Number(frame[1]),
          String(frame[2]).slice(0, 2 * PRINT_CHARS_MAX),
        );
      case "Loaded":
        return this.#options.onLoaded(String(frame[1]));
      case "Exit":
        return this.#options.onExit(frame[1] === null ? null : String(frame[1]));
      default:
        return this.#options.onMessage(
          parseMessage(frame, this.#options.address, this.#options.node),
        );
    }
  }

  #took(count: number): void {
    if (count > this.#waiting()) throw new TypeError("it took more messages than it was given");
    for (let i = 0; i < count; i++) this.#waitingBytes -= this.#sizes[this.#sizesHead++]!;
    if (this.#sizesHead > 1024 && this.#sizesHead * 2 > this.#sizes.length) {
      this.#sizes = this.#sizes.slice(this.#sizesHead);
      this.#sizesHead = 0;
    }
  }
}
