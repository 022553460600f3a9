/**
 * What a process prints. The first lines of a second cross at once, for the last words before an endless loop
 * are the ones that help; more of them cross together, and beyond the limit they are counted and dropped here,
 * where they cost nobody else anything. The count is printed when the second is over.
 */
import { PRINT_CHARS_MAX, PRINTS_PER_SECOND_MAX } from "../limits.ts";
import type { Outbox } from "./outbox.ts";

/** Fewer than the posts that may be under way: what else the process sends has its room beside them. */
const AT_ONCE_PER_SECOND = 32;

export interface PrinterOptions {
  outbox: Outbox;
  /** Milliseconds. */
  now(): number;
  /** Runs `run` after so many milliseconds. */
  later(run: () => void, ms: number): void;
}

export class Printer {
  readonly #options: PrinterOptions;
  #second = -1;
  #printed = 0;
  #dropped = 0;

  constructor(options: PrinterOptions) {
    this.#options = options;
  }

  print(verbosity: number, text: string): void {
    const { outbox, now } = this.#options;
    const ms = now();
    const second = Math.floor(ms / 1000);
    if (second !== this.#second) this.#begin(second);
    if (++this.#printed > PRINTS_PER_SECOND_MAX || outbox.full) return this.#drop(1000 - ms % 1000);
    outbox.send(["Print", verbosity, cut(text)]);
    if (this.#printed <= AT_ONCE_PER_SECOND) outbox.flush();
  }

  #begin(second: number): void {
    this.#second = second;
    this.#printed = 0;
    this.#tell();
  }

  #drop(msLeft: number): void {
    if (this.#dropped++ === 0) this.#options.later(() => this.#tell(), msLeft);
  }

  #tell(): void {
    const dropped = this.#dropped;
    this.#dropped = 0;
    if (dropped === 0) return;
    const most = `more than ${PRINTS_PER_SECOND_MAX} in a second`;
    this.#options.outbox.send(["Print", 0, `(${dropped} prints were dropped: ${most})`]);
  }
}

function cut(text: string): string {
  if (text.length <= PRINT_CHARS_MAX) return text;
  return `${text.slice(0, PRINT_CHARS_MAX)}… (${text.length - PRINT_CHARS_MAX} characters cut)`;
}
