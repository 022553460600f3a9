/**
 * What the person at the terminal sees. The node's own lines begin with `kinode: `; a line of a process begins
 * with the time and its package, as Kinode prints it (spec/http.md §0.3), so that none can pass for another's.
 *
 *   kinode: started ws_server:ws_server:template.os
 *   Thu 14:03 ws_server:template.os: begin
 */
import { packageOf, type ProcessId } from "../../protocol/address.ts";
import { PRINTS_PER_SECOND_MAX } from "../../limits.ts";
import { escapeControl, type Log } from "../../log.ts";

/** Standard output, standard error, or what a test reads. */
export interface Output {
  /** Takes some of the bytes and returns how many. */
  writeSync(bytes: Uint8Array): number;
}

export interface TerminalOptions {
  out: Output;
  err: Output;
  /** Prints above this verbosity are not shown. */
  verbosity: number;
  /** [now] */
  clock?(): Date;
}

/** The node's own lines; what follows a newline is indented, for its text may be a process's. */
const OWN = "kinode: ";
const OWN_FURTHER = "kinode:   ";

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

export class Terminal implements Log {
  readonly #options: TerminalOptions;
  readonly #flows = new Map<string, Flow>();

  constructor(options: TerminalOptions) {
    this.#options = options;
  }

  info(text: string, by?: string): void {
    this.#own(this.#options.out, text, by);
  }

  warn(text: string, by?: string): void {
    this.#own(this.#options.err, text, by);
  }

  /** What a process causes as often as it likes counts as its prints. */
  #own(to: Output, text: string, by: string | undefined): void {
    if (by !== undefined && !this.#isInBounds(by, text, this.#now())) return;
    writeAll(to, lines(OWN, text, OWN_FURTHER));
  }

  /** A print of a process; its own newlines begin new lines with the same prefix. Beyond the limit: dropped. */
  print(id: ProcessId, verbosity: number, text: string): void {
    if (!(verbosity <= this.#options.verbosity)) return;
    const now = this.#now();
    if (!this.#isInBounds(id, text, now)) return;
    const time = `${WEEKDAYS[now.getDay()]} ${two(now.getHours())}:${two(now.getMinutes())}`;
    writeAll(this.#options.out, lines(`${time} ${packageOf(id)}: `, text));
  }

  #now(): Date {
    return this.#options.clock?.() ?? new Date();
  }

  #isInBounds(id: string, text: string, now: Date): boolean {
    const flow = this.#flowOf(id, now);
    flow.lines += 1 + newlines(text);
    if (flow.lines <= PRINTS_PER_SECOND_MAX) return true;
    if (flow.dropped++ === 0) {
      this.warn(`${id} prints more than ${PRINTS_PER_SECOND_MAX} lines a second: dropping`);
    }
    return false;
  }

  /** What a process printed in this second; the second before ends with a count of what was dropped in it. */
  #flowOf(id: string, now: Date): Flow {
    const second = Math.floor(now.getTime() / 1000);
    const flow = this.#flows.get(id);
    if (flow?.second === second) return flow;
    if (flow !== undefined && flow.dropped > 0) {
      this.warn(`${id}: ${flow.dropped} prints were dropped`);
    }
    if (this.#flows.size >= FLOWS_MAX) this.#flows.clear();
    const fresh = { second, lines: 0, dropped: 0 };
    this.#flows.set(id, fresh);
    return fresh;
  }
}

/** What one process printed within one second. */
interface Flow {
  readonly second: number;
  lines: number;
  dropped: number;
}

const FLOWS_MAX = 10_000;

function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

/** Writes all of `text`: a pipe may take less than it is given. */
export function writeAll(to: Output, text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(to.writeSync(bytes));
}

function lines(prefix: string, text: string, further = prefix): string {
  return text.replace(/\n$/, "").split(/\r?\n/)
    .map((line, i) => `${i === 0 ? prefix : further}${escapeControl(line)}\n`).join("");
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
