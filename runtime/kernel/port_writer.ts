/**
 * The way into a process: frames gather during one turn and cross in one post; what is large goes in pieces, a turn
 * each, and what comes after it waits behind it.
 */
import { cut, isLarge } from "../protocol/large.ts";
import type { ToProcess } from "../protocol/port.ts";
import type { Turns } from "../protocol/turn.ts";

export class PortWriter {
  readonly #port: MessagePort;
  readonly #turns: Turns;
  #frames: ToProcess[] = [];
  /** How many of them are large. */
  #large = 0;
  /** The large one that is on its way, and the rest of it. */
  #cutting: ToProcess | null = null;
  #pieces: Iterator<ToProcess> | null = null;
  #closed = false;
  /** Bytes that went in pieces so far. */
  posted = 0;

  constructor(port: MessagePort, turns: Turns) {
    this.#port = port;
    this.#turns = turns;
  }

  post(frame: ToProcess): void {
    if (this.#closed) return;
    if (isLarge(frame)) this.#large++;
    if (this.#frames.push(frame) > 1 || this.#pieces !== null) return;
    this.#turns.atEnd(() => this.#flush());
  }

  /** Whether a message with these bytes, not only equal ones, has not crossed yet. */
  holds(bytes: Uint8Array): boolean {
    const has = (frame: ToProcess | null) => frame?.[7] === bytes || frame?.[11] === bytes;
    return has(this.#cutting) || this.#frames.some(has);
  }

  close(): void {
    this.#closed = true;
    this.#frames = [];
    this.#cutting = null;
    this.#pieces = null;
  }

  #flush(): void {
    if (this.#frames.length === 0) return;
    if (this.#large > 0) return this.#flushLarge();
    const frames = this.#frames;
    this.#frames = [];
    this.#port.postMessage(frames);
  }

  /** Up to the first large one. */
  #flushLarge(): void {
    const at = this.#frames.findIndex(isLarge);
    const before = this.#frames.splice(0, at);
    if (before.length > 0) this.#port.postMessage(before);
    this.#large--;
    this.#cutting = this.#frames.shift()!;
    this.#pieces = cut(this.#cutting);
    this.#turns.alone(() => this.#next());
  }

  #next(): void {
    const next = this.#pieces?.next();
    if (next === undefined) return; // It was closed meanwhile.
    if (next.done) {
      this.#pieces = null;
      return this.#flush();
    }
    const { value } = next;
    if (value[0] === "Piece") this.posted += value[2].length;
    else this.#cutting = null;
    const owned = value[0] === "Piece" && typeof value[2] !== "string";
    this.#port.postMessage([value], owned ? [(value[2] as Uint8Array<ArrayBuffer>).buffer] : []);
    this.#turns.alone(() => this.#next());
  }
}
