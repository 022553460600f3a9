/**
 * How many connections to the world there may be: each costs descriptors (six, where its other end is this node), and a
 * Deno that has none left ends. Who comes later waits, the packages by turns.
 */
import { ByTurns } from "../../protocol/by_turns.ts";
import { CONNECTIONS_MAX, DESCRIPTORS_PER_CONNECTION, DESCRIPTORS_RESERVED } from "./limits.ts";

interface Waiting {
  owner: string;
  go(): void;
}

/** Of the node's, one package has at most so many. */
const PACKAGE_PART = 1 / 4;

export class Connections {
  readonly #max: number;
  readonly packageMax: number;
  #open = 0;
  readonly #byPackage = new Map<string, number>();
  readonly #waiting = new ByTurns<Waiting>();

  constructor(max = connectionsOfMachine()) {
    this.#max = max;
    this.packageMax = Math.max(1, Math.floor(max * PACKAGE_PART));
  }

  /** Counts one more for `owner`, a package, when there is room; rejects with the signal's reason. */
  async take(owner: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.tryTake(owner)) return;
    const turn = Promise.withResolvers<void>();
    const waiting: Waiting = { owner, go: turn.resolve };
    const leave = () => {
      this.#waiting.remove((other) => other === waiting);
      turn.reject(signal.reason);
    };
    this.#waiting.add(waiting, owner);
    signal.addEventListener("abort", leave);
    await turn.promise.finally(() => signal.removeEventListener("abort", leave));
  }

  /** As `take`; false if there is no room now. */
  tryTake(owner: string): boolean {
    if (this.#open >= this.#max || !this.#hasRoom(owner)) return false;
    this.#count(owner, 1);
    return true;
  }

  /** One of `owner` is closed. */
  release(owner: string): void {
    this.#count(owner, -1);
    const next = this.#waiting.next((owner) => this.#hasRoom(owner));
    if (next === undefined) return;
    this.#count(next.owner, 1);
    next.go();
  }

  #hasRoom(owner: string): boolean {
    return (this.#byPackage.get(owner) ?? 0) < this.packageMax;
  }

  #count(owner: string, more: number): void {
    this.#open += more;
    const count = (this.#byPackage.get(owner) ?? 0) + more;
    if (count === 0) this.#byPackage.delete(owner);
    else this.#byPackage.set(owner, count);
  }
}

function connectionsOfMachine(): number {
  const most = (descriptorsOfMachine() - DESCRIPTORS_RESERVED) / DESCRIPTORS_PER_CONNECTION;
  return Math.max(CONNECTIONS_MAX / 16, Math.min(CONNECTIONS_MAX, Math.floor(most)));
}

/** Deno raises what it may have to what it can have; 10,240 where the system does not say. */
function descriptorsOfMachine(): number {
  try {
    const limits = Deno.readTextFileSync("/proc/self/limits");
    return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Infinity);
  } catch {
    return 10_240;
  }
}
