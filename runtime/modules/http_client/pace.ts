/**
 * How many requests begin before the sockets of all others have their turn: each is a millisecond's part of the kernel's thread, and a
 * process may ask for a thousand at once. The packages by turns.
 */
import { ByTurns } from "../../protocol/by_turns.ts";
import { CLIENT_BEGIN_MAX, CLIENT_BEGIN_MS } from "./limits.ts";

export class Pace {
  readonly #row = new ByTurns<() => void>();
  #began = 0;
  #since = -Infinity;

  /** Resolves when one of `owner`, a package, may begin. */
  async turn(owner: string): Promise<void> {
    if (this.#row.size === 0 && this.#begins()) return;
    await new Promise<void>((go) => {
      this.#row.add(go, owner);
      if (this.#row.size === 1) this.#later();
    });
  }

  #begins(): boolean {
    const now = performance.now();
    if (now - this.#since > CLIENT_BEGIN_MS) {
      this.#since = now;
      this.#began = 0;
    }
    return ++this.#began <= CLIENT_BEGIN_MAX;
  }

  /** A timer: sockets have their turn between two of them (protocol/turn.ts). */
  #later(): void {
    setTimeout(() => {
      for (let i = 0; i < CLIENT_BEGIN_MAX; i++) this.#row.next()?.();
      if (this.#row.size > 0) this.#later();
    }, 0);
  }
}
