/**
 * A row in which each key has its turn: what waits under one key comes as it came, the keys one after the other, so that who
 * asks a thousand times holds up others once. What waits without a key goes before all of them.
 */
export class ByTurns<T> {
  /** By key, none of them empty; the first one's is next. */
  readonly #waiting = new Map<string, T[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(item: T, key = FIRST): void {
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) this.#waiting.set(key, [item]);
    else waiting.push(item);
    this.#size++;
  }

  /** Takes the next out of the row, of those whose key `mayHave` a turn. */
  next(mayHave: (key: string) => boolean = () => true): T | undefined {
    const key = this.#waiting.has(FIRST) ? FIRST : this.#waiting.keys().find(mayHave);
    const waiting = key === undefined ? undefined : this.#waiting.get(key);
    if (key === undefined || waiting === undefined) return undefined;
    const next = waiting.shift();
    this.#size--;
    // To the end of the row.
    this.#waiting.delete(key);
    if (waiting.length > 0) this.#waiting.set(key, waiting);
    return next;
  }

  /** Takes out all that `matches`. */
  remove(matches: (item: T) => boolean): T[] {
    const removed: T[] = [];
    for (const [key, waiting] of this.#waiting) {
      const kept = waiting.filter((item) => !matches(item));
      if (kept.length === waiting.length) continue;
      removed.push(...waiting.filter(matches));
      if (kept.length === 0) this.#waiting.delete(key);
      else this.#waiting.set(key, kept);
    }
    this.#size -= removed.length;
    return removed;
  }
}

const FIRST = "";
