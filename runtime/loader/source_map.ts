/**
 * Stack traces from a worker, mapped back to the user's file. A bundle is imported as a data: URL, which
 * Deno abbreviates: `at Module.init (data:text/javascript;base64,Y2xh......IH0=:2:121)` becomes
 * `at init (hello.ts:3:9)`. Frames of the node's own code are left out, messages stay as they are.
 */
import { Lines } from "./lines.ts";
import { Mappings } from "./mappings.ts";
import { SealedLine } from "./seal.ts";

const POSITION = /data:(?:text|application)\/javascript[^\s()]*?:(\d+):(\d+)/g;
const FRAME = /^\s+at /;
/** A frame is shorter without its code. What a script writes there may be made to keep these expressions busy. */
const LINE_CHARS_MAX = 2_000;
const CODE = /(?<=data:(?:text|application)\/javascript[;=\w-]{0,40};base64,)[A-Za-z0-9+/=]+/g;
/** Boot code, Deno's own, Node's compatibility layer. */
const OWN_FRAME = /(?:^\s+at |\(|\s)(?:file:\/\/|ext:|node:|https?:\/\/)[^()]*\)?$/;
/** What Deno's printer puts behind the last frame of an error that is a part of something, or has parts. */
const MORE = /(?: \{|,)$/;

function partsOf(line: string): { frame: string; more: string } {
  const more = FRAME.test(line) ? MORE.exec(line)?.[0] ?? "" : "";
  return { frame: line.slice(0, line.length - more.length), more };
}

/** Of one text: no trace has as many, but a process prints what it likes, and this is the thread that serves everybody. */
const PLACES_MAX = 1_000;

/** Lines that are kept for the next trace. */
const SEALED_LINES_MAX = 1_000;

/** `at Array.map (<anonymous>)`. */
const NATIVE_FRAME = /^\s+at .*\(<anonymous>\)$/;

export class StackMapper {
  readonly #file: string;
  readonly #lines: Lines;
  #json: string;
  #placesLeft = PLACES_MAX;
  #mappings: Mappings | null = null;
  readonly #sealed = new Map<number, SealedLine>();

  /** `code` as it is in the worker (sealed), `map` as esbuild wrote it, `file` to name when a position is lost. */
  constructor(file: string, code: string, map: string) {
    this.#file = file;
    this.#lines = new Lines(code);
    this.#json = map;
  }

  /** The text of `error.stack`, in terms of the user's files. */
  map(stack: string): string {
    this.#placesLeft = PLACES_MAX;
    const kept: string[] = [];
    let leftOut = true;
    let ending = "";
    // From the outermost frame in: of the language's own functions those go that a frame of ours has called.
    for (const line of stack.split("\n").reverse()) {
      const { frame, more } = partsOf(line);
      const mapped: string | null = leftOut && NATIVE_FRAME.test(frame)
        ? null
        : this.#mapLine(frame);
      // Behind the last frame of a trace is only how we called it.
      leftOut = mapped === null || !FRAME.test(frame);
      if (mapped === null) ending ||= more;
      else {
        kept.push(mapped + (more || ending));
        ending = "";
      }
    }
    return kept.reverse().join("\n");
  }

  #mapLine(whole: string): string | null {
    const line = whole.length > LINE_CHARS_MAX ? whole.replace(CODE, "") : whole;
    if (line.length > LINE_CHARS_MAX) return whole;
    const frame = FRAME.test(line);
    if (frame && OWN_FRAME.test(line)) return null;
    let lost = false;
    const mapped = line.replace(POSITION, (url, row: string, column: string) => {
      if (this.#placesLeft-- <= 0) {
        lost = true;
        return url;
      }
      const place = this.#place(Number(row), Number(column));
      lost ||= place === null;
      return place ?? this.#file;
    });
    // A frame that no file of the user's explains is esbuild's glue between modules.
    if (frame && lost) return null;
    return frame ? mapped.replace(/^(\s+at (?:async )?)Module\./, "$1") : mapped;
  }

  #place(row: number, column: number): string | null {
    const sealed = this.#sealedLine(row);
    if (sealed === null) return null;
    if (this.#mappings === null) {
      this.#mappings = new Mappings(this.#json);
      this.#json = ""; // It is held once.
    }
    const found = this.#mappings.find(row - 1, sealed.columnBefore(column - 1));
    if (found === null) return null;
    return `${found.source.replace(/^script:/, "")}:${found.line + 1}:${found.column + 1}`;
  }

  #sealedLine(row: number): SealedLine | null {
    const known = this.#sealed.get(row);
    if (known !== undefined) return known;
    const text = this.#lines.at(row - 1);
    if (text === undefined) return null;
    if (this.#sealed.size >= SEALED_LINES_MAX) this.#sealed.clear();
    const sealed = new SealedLine(text);
    this.#sealed.set(row, sealed);
    return sealed;
  }
}
