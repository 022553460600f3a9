/** So much work at a time; the rest has its turn by key, as in `ByTurns`. */
import { ByTurns } from "./by_turns.ts";

export class AtATime {
  readonly #atATime: number;
  #running = 0;
  readonly #waiting = new ByTurns<() => void>();

  constructor(atATime: number) {
    this.#atATime = atATime;
  }

  /** Nothing runs or waits. */
  get idle(): boolean {
    return this.#running === 0;
  }

  async take<T>(work: () => T | Promise<T>, key?: string): Promise<T> {
    if (this.#running < this.#atATime) this.#running++;
    else await new Promise<void>((go) => this.#waiting.add(go, key));
    try {
      return await work();
    } finally {
      const next = this.#waiting.next();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
