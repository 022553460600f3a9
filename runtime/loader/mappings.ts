/**
 * Places of a source map, looked up without unpacking it: unpacked, the map of a large script takes twenty times its
 * size, and a second of the thread that serves everybody. It is read through once, and every so many characters is
 * noted what was reached there; a look-up reads on from the note before its place.
 *
 *     mappings  AAAA,EACA;ACAA,GAAC;;AAEA…      https://tc39.es/ecma426
 *     notes     ▲            ▲
 */

/** Counted from 0, as in the map. */
export interface Origin {
  source: string;
  line: number;
  column: number;
}

/** What was reached before the character `at`: the sums of all that precedes, and whether a place of a source is there. */
interface Reached {
  at: number;
  line: number;
  column: number;
  source: number;
  sourceLine: number;
  sourceColumn: number;
  hasSource: boolean;
}

const START: Reached = {
  at: 0,
  line: 0,
  column: 0,
  source: 0,
  sourceLine: 0,
  sourceColumn: 0,
  hasSource: false,
};

/** A look-up reads as many at most: microseconds, for a process may print made-up places without end. */
const CHARS_BETWEEN_NOTES = 256;
/** The numbers of one note. */
const NOTE = 7;

type Numbers = [number, number, number, number, number, number, number];

const SEMICOLON = 0x3b;
const COMMA = 0x2c;
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = DIGITS.indexOf(String.fromCharCode(code));
  return Math.max(0, value);
});

export class Mappings {
  readonly #sources: readonly string[];
  readonly #text: string;
  readonly #between: number;
  /** Numbers in a row: as objects those of 16 MB would take 10 MB. */
  #notes: Int32Array | null = null;

  /** `json`: a source map as esbuild writes it, without sections. */
  constructor(json: string, charsBetweenNotes = CHARS_BETWEEN_NOTES) {
    const { sources, mappings } = JSON.parse(json);
    this.#sources = sources;
    this.#text = mappings;
    this.#between = charsBetweenNotes;
  }

  /** Where the character at `column` of `line` (both from 0) comes from; `null`: the bundler made it up. */
  find(line: number, column: number): Origin | null {
    this.#notes ??= this.#takeNotes();
    const reached = this.#walk(this.#noteBefore(line, column), line, column);
    const source = this.#sources[reached.source];
    if (reached.line !== line || !reached.hasSource || source === undefined) return null;
    return { source, line: reached.sourceLine, column: reached.sourceColumn };
  }

  #takeNotes(): Int32Array {
    const notes = new Int32Array(NOTE * (Math.floor(this.#text.length / this.#between) + 1));
    const reached = { ...START };
    let next = 0;
    let at = 0;
    while (reached.at < this.#text.length) {
      if (reached.at >= next) {
        const { line, column, source, sourceLine, sourceColumn } = reached;
        const hasSource = Number(reached.hasSource);
        notes.set([reached.at, line, column, source, sourceLine, sourceColumn, hasSource], at);
        at += NOTE;
        next = reached.at + this.#between;
      }
      this.#step(reached);
    }
    return notes.subarray(0, at);
  }

  #noteBefore(line: number, column: number): Reached {
    const notes = this.#notes!;
    let [from, to] = [0, notes.length / NOTE];
    while (from < to) {
      const middle = (from + to) >> 1;
      const [there, at] = [notes[middle * NOTE + 1]!, notes[middle * NOTE + 2]!];
      if (there < line || there === line && at <= column) from = middle + 1;
      else to = middle;
    }
    if (from === 0) return { ...START };
    const note = notes.subarray((from - 1) * NOTE, from * NOTE);
    const [at, there, begin, source, sourceLine, sourceColumn, hasSource] = [...note] as Numbers;
    return {
      at,
      line: there,
      column: begin,
      source,
      sourceLine,
      sourceColumn,
      hasSource: hasSource === 1,
    };
  }

  /** On to the last place that is not behind this one. */
  #walk(reached: Reached, line: number, column: number): Reached {
    while (reached.at < this.#text.length) {
      if (reached.line === line && this.#isBehind(reached, column)) break;
      this.#step(reached);
    }
    return reached;
  }

  /** Whether the next step leaves the line, or leads behind `column` in it. */
  #isBehind(reached: Reached, column: number): boolean {
    const { at } = reached;
    if (!this.#isInSegment(at)) return this.#text.charCodeAt(at) === SEMICOLON;
    const next = reached.column + this.#number(reached);
    reached.at = at;
    return next > column;
  }

  /** Takes in one segment, or what separates two. */
  #step(reached: Reached): void {
    const char = this.#text.charCodeAt(reached.at);
    if (char === SEMICOLON || char === COMMA) {
      reached.at++;
      if (char === COMMA) return;
      reached.line++;
      reached.column = 0;
      reached.hasSource = false;
      return;
    }
    reached.column += this.#number(reached);
    reached.hasSource = this.#isInSegment(reached.at);
    if (!reached.hasSource) return;
    reached.source += this.#number(reached);
    reached.sourceLine += this.#number(reached);
    reached.sourceColumn += this.#number(reached);
    // What it was called there.
    if (this.#isInSegment(reached.at)) this.#number(reached);
  }

  #isInSegment(at: number): boolean {
    if (at >= this.#text.length) return false;
    const char = this.#text.charCodeAt(at);
    return char !== COMMA && char !== SEMICOLON;
  }

  /** A number in base 64, five bits a digit, the lowest first; the lowest bit of all is its sign. */
  #number(reached: Reached): number {
    let value = 0;
    let shift = 0;
    let digit: number;
    do {
      digit = VALUES[this.#text.charCodeAt(reached.at++)]!;
      value |= (digit & 31) << shift;
      shift += 5;
    } while ((digit & 32) !== 0);
    return (value & 1) === 0 ? value >>> 1 : -(value >>> 1);
  }
}
