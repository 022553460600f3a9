/** What could not be built though a process asked for it: it may ask again and again, and each time would take esbuild's. */
import { Newest } from "../protocol/newest.ts";
import type { Bundle, Inputs } from "./bundle.ts";
import { FAILURE_SECONDS, FAILURES_MAX } from "./limits.ts";

interface Failure {
  bundle: Bundle;
  /** All that it read, as it was. */
  inputs: Inputs;
  until: number;
}

export class Failures {
  readonly #now: () => number;
  /** By name. */
  readonly #failures = new Newest<string, Failure>(FAILURES_MAX);

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  find(name: string): Failure | null {
    const failure = this.#failures.get(name);
    if (failure === undefined) return null;
    if (this.#now() < failure.until) return failure;
    this.#failures.delete(name);
    return null;
  }

  /** What took too much may take less another time, when the machine has less to do. */
  add(name: string, bundle: Bundle, inputs: Inputs): void {
    const until = bundle.crash === null ? Infinity : this.#now() + FAILURE_SECONDS * 1000;
    this.#failures.set(name, { bundle, inputs, until });
  }
}
