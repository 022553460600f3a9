/** Capabilities that came to a process with messages, the latest last: only these it can save. The oldest are forgotten. */
import { CAPABILITIES_PER_PROCESS_MAX, CAPABILITY_CHARS_PER_PROCESS_MAX } from "../limits.ts";

export class Received {
  readonly #keys = new Set<string>();
  #chars = 0;

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  add(key: string): void {
    if (this.#keys.delete(key)) this.#chars -= key.length;
    this.#keys.add(key);
    this.#chars += key.length;
    for (const oldest of this.#keys) {
      const fits = this.#keys.size <= CAPABILITIES_PER_PROCESS_MAX &&
        this.#chars <= CAPABILITY_CHARS_PER_PROCESS_MAX;
      if (fits) return;
      this.#keys.delete(oldest);
      this.#chars -= oldest.length;
    }
  }

  clear(): void {
    this.#keys.clear();
    this.#chars = 0;
  }
}
