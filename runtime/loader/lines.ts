/** Lines of a text of megabytes, which may be a million, or one. */

const LINES_BETWEEN_STARTS = 256;

/** Lines of a long text, found without splitting it. */
export class Lines {
  readonly #text: string;
  /** Where every so many lines begin. */
  #starts: number[] | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  /** From 0; `undefined` beyond the last. */
  at(line: number): string | undefined {
    this.#starts ??= this.#takeStarts();
    let start = this.#starts[Math.floor(line / LINES_BETWEEN_STARTS)] ?? -1;
    for (let left = line % LINES_BETWEEN_STARTS; left > 0 && start >= 0; left--) {
      start = this.#next(start);
    }
    if (start < 0) return undefined;
    const end = this.#text.indexOf("\n", start);
    return this.#text.slice(start, end < 0 ? undefined : end);
  }

  /** Both from 0. */
  placeOf(offset: number): { line: number; column: number } {
    const starts = this.#starts ??= this.#takeStarts();
    let [from, to] = [0, starts.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (starts[middle]! <= offset) from = middle + 1;
      else to = middle;
    }
    let line = (from - 1) * LINES_BETWEEN_STARTS;
    let start = starts[from - 1]!;
    for (let next = this.#next(start); next >= 0 && next <= offset; next = this.#next(start)) {
      start = next;
      line++;
    }
    return { line, column: offset - start };
  }

  #takeStarts(): number[] {
    const starts: number[] = [];
    let line = 0;
    for (let start = 0; start >= 0; start = this.#next(start)) {
      if (line++ % LINES_BETWEEN_STARTS === 0) starts.push(start);
    }
    return starts;
  }

  /** Where the line after the one at `start` begins; -1 without one. */
  #next(start: number): number {
    return this.#text.indexOf("\n", start) + 1 || -1;
  }
}
