/**
 * What a process prints. The first lines of a second cross at once, for the last words before an endless loop
 * are the ones that help; more of them cross together, and beyond the limit they are counted and dropped here,
 * where they cost nobody else anything.
 */
import { PRINT_CHARS_MAX, PRINTS_PER_SECOND_MAX } from "../limits.ts";
import type { Outbox } from "./outbox.ts";

const AT_ONCE_PER_SECOND = 100;

export class Printer {
  readonly #outbox: Outbox;
  readonly #now: () => number;
  #second = -1;
  #printed = 0;
  #dropped = 0;

  /** `now` in milliseconds. */
  constructor(outbox: Outbox, now: () => number) {
    this.#outbox = outbox;
    this.#now = now;
  }

  print(verbosity: number, text: string): void {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) this.#begin(second);
    if (++this.#printed > PRINTS_PER_SECOND_MAX) {
      this.#dropped++;
      return;
    }
    this.#outbox.send(["Print", verbosity, cut(text)]);
    if (this.#printed <= AT_ONCE_PER_SECOND) this.#outbox.flush();
  }

  #begin(second: number): void {
    const dropped = this.#dropped;
    this.#second = second;
    this.#printed = 0;
    this.#dropped = 0;
    if (dropped === 0) return;
    const most = `more than ${PRINTS_PER_SECOND_MAX} in a second`;
    this.#outbox.send(["Print", 0, `(${dropped} prints were dropped: ${most})`]);
  }
}

function cut(text: string): string {
  if (text.length <= PRINT_CHARS_MAX) return text;
  return `${text.slice(0, PRINT_CHARS_MAX)}… (${text.length - PRINT_CHARS_MAX} characters cut)`;
}
