/**
 * What becomes of the messages that a process had not finished when it crashed. Those that somebody waits for
 * are answered with `crashed`, and events of modules belong to channels that are closed; the rest, requests of
 * other processes that expect nothing, is given to the next life. Its first one is what the process was
 * doing: if that crashes it three times in a row it is parked, or it would crash it for ever.
 */
import { expectsNothing, isOfModule, type KernelMessage, textOf } from "../protocol/message.ts";
import { processOf } from "../protocol/address.ts";

const CRASHES_MAX = 3;
const SHOWN_CHARS = 80;

export class Redelivery {
  #suspect: KernelMessage | null = null;
  #crashes = 0;

  /**
   * From the unfinished messages, oldest first: which to give again, and what was parked, in words. `busy`:
   * the process was at the first of them when it crashed.
   */
  after(
    unfinished: KernelMessage[],
    busy: boolean,
  ): { again: KernelMessage[]; parked: string | null } {
    const again = unfinished.filter(canWait);
    const first = busy && again[0] === unfinished[0] ? again[0] ?? null : null;
    this.#crashes = first !== null && first === this.#suspect ? this.#crashes + 1 : 1;
    this.#suspect = first;
    if (first === null || this.#crashes < CRASHES_MAX) return { again, parked: null };
    return { again: again.slice(1), parked: describe(first) };
  }
}

/**
 * From what a version had not finished, what the one that takes its place gets. `kept`: it keeps its channels,
 * and so their events.
 */
export function handOver(unfinished: KernelMessage[], kept: boolean): KernelMessage[] {
  return unfinished.filter((message) => canWait(message) || kept && expectsNothing(message));
}

function canWait(message: KernelMessage): boolean {
  return expectsNothing(message) && !isOfModule(message);
}

function describe({ source, target, body }: KernelMessage): string {
  const text = textOf(body).slice(0, SHOWN_CHARS);
  return `a message from ${processOf(source)} crashed ${
    processOf(target)
  } ${CRASHES_MAX} times: ${text}`;
}
