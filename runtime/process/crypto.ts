/**
 * What `crypto.subtle` does runs on threads of the node's own, which nobody can stop: a key of four thousand million
 * iterations would burn its core after the process was ended, and hundreds of them would keep the node from its
 * files. So each operation is bounded, and few run at once; the others wait in the process.
 *
 * Nothing here is looked up when a script calls it: the script may have replaced what would be found.
 */
import {
  CRYPTO_AT_ONCE_MAX,
  CRYPTO_LENGTH_MAX,
  PBKDF2_ITERATIONS_MAX,
  RSA_BITS_MAX,
} from "../limits.ts";

type Method = (this: SubtleCrypto, ...given: unknown[]) => Promise<unknown>;
type Fields = Record<string, unknown>;

/** Numbers in an algorithm that decide how long it takes, and the most that each may be. */
const MOST: Readonly<Record<string, number>> = {
  iterations: PBKDF2_ITERATIONS_MAX,
  modulusLength: RSA_BITS_MAX,
  length: CRYPTO_LENGTH_MAX,
};

/** All that an algorithm's object may hold; each is read once, or a getter could change its mind. */
const FIELDS = [
  ...["name", "hash", "salt", "info", "iterations", "public", "namedCurve", "modulusLength"],
  ...["publicExponent", "length", "saltLength", "iv", "additionalData", "tagLength", "counter"],
  ...["label", "context"],
];

const NativePromise = Promise;
const { then } = Promise.prototype;
const { apply } = Reflect;

export function boundCrypto(scope: Pick<typeof globalThis, "SubtleCrypto">): void {
  const { prototype } = scope.SubtleCrypto;
  const gate = new Gate(CRYPTO_AT_ONCE_MAX);
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const member = Object.getOwnPropertyDescriptor(prototype, name)!;
    if (typeof member.value !== "function" || name === "constructor") continue;
    const value = { [name]: bounded(name, member.value as Method, gate) }[name];
    Object.defineProperty(prototype, name, { ...member, value });
  }
}

function bounded(name: string, method: Method, gate: Gate): Method {
  return function (...given) {
    return new NativePromise((resolve, reject) => {
      for (let at = 0; at < given.length; at++) given[at] = checkedArgument(name, given[at], at);
      gate.enter((leave) => {
        const settled = (settle: (value: unknown) => void) => (value: unknown) => {
          leave();
          settle(value);
        };
        try {
          apply(then, apply(method, this, given), [settled(resolve as never), settled(reject)]);
        } catch (error) {
          settled(reject)(error);
        }
      });
    });
  };
}

/** Algorithms come first, `deriveKey` has a second one for the key; `deriveBits` takes a length. */
function checkedArgument(method: string, value: unknown, at: number): unknown {
  const isAlgorithm = at === 0 || method === "deriveKey" && at === 2;
  if (isAlgorithm && typeof value === "object" && value !== null) {
    return checkedFields(value as Fields);
  }
  const isLength = method === "deriveBits" && at === 2 && value !== null && value !== undefined;
  return isLength ? checkedNumber("length", value) : value;
}

function checkedFields(algorithm: Fields): Fields {
  const copy: Fields = {};
  for (let at = 0; at < FIELDS.length; at++) {
    const field = FIELDS[at]!;
    const value = algorithm[field];
    if (value !== undefined) copy[field] = field in MOST ? checkedNumber(field, value) : value;
  }
  return copy;
}

function checkedNumber(field: string, value: unknown): number {
  const number = +(value as number);
  if (number > MOST[field]!) {
    throw new RangeError(
      `Cannot take ${field} ${number}: a process may have ${MOST[field]} at most`,
    );
  }
  return number;
}

/** Lets so many in at once, in the order of arrival. */
class Gate {
  #free: number;
  #first: Waiting | null = null;
  #last: Waiting | null = null;

  constructor(places: number) {
    this.#free = places;
  }

  /** Calls `work` as soon as there is a place; it calls `leave` once. */
  enter(work: (leave: () => void) => void): void {
    if (this.#free > 0) {
      this.#free--;
      return work(() => this.#leave());
    }
    const waiting: Waiting = { work, next: null };
    if (this.#last === null) this.#first = waiting;
    else this.#last.next = waiting;
    this.#last = waiting;
  }

  #leave(): void {
    this.#free++;
    const next = this.#first;
    if (next === null) return;
    this.#first = next.next;
    if (this.#first === null) this.#last = null;
    this.enter(next.work);
  }
}

interface Waiting {
  work(leave: () => void): void;
  next: Waiting | null;
}
