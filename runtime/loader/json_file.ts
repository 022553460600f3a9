/** JSON that a person wrote: what is wrong with it is said with line and column, and with its JSON path. */
import { parseExpressionAt } from "acorn";
import { decodeJson, type Decoder } from "../protocol/serde.ts";
import { faultsOf, type UnknownField } from "./config.ts";
import { evaluate } from "./literal.ts";
import { type Problem, problemOf } from "./problem.ts";

export class JsonFile {
  readonly #file: string;
  readonly #text: string;
  readonly #name: string;
  #lineOf: ((path: string) => Spot | null) | null = null;

  /** `file` for messages; `name`: what its JSON paths begin with. */
  constructor(file: string, bytes: Uint8Array<ArrayBuffer>, name: string) {
    this.#file = file;
    this.#text = new TextDecoder().decode(bytes);
    this.#name = name;
  }

  /** What `decoder` makes of it, or what is wrong. */
  decode<T>(decoder: Decoder<T>): { value: T } | { problems: Problem[] } {
    let value: T;
    const faults = faultsOf(() => value = decodeJson(this.#text, decoder, this.#name));
    if (faults.length === 0) return { value: value! };
    const reason = reasonIn(this.#text);
    if (reason === null) {
      return { problems: faults.map(({ text, path }) => this.#at(text, this.#spotOf(path))) };
    }
    const text = `${this.#name}: not JSON (${reason.replace(NOISE, "")})`;
    return { problems: [{ ...this.#at(text, brokenAt(this.#text, reason)), hint: JSON_RULES }] };
  }

  /** A fault that no decoder sees, of the value at `path`. */
  problem(path: string, text: string, hint: string | null = null): Problem {
    return { ...this.#at(`${path}: ${text}`, this.#spotOf(path)), hint };
  }

  /** A field that nobody reads. */
  warning({ path, text, hint }: UnknownField): Problem {
    return { ...this.#at(text, this.#spotOf(path)), hint, severity: "warning" };
  }

  #at(text: string, spot: Spot | null): Problem {
    const problem = problemOf(this.#file, text);
    const lineText = spot === null ? undefined : this.#text.split("\n")[spot.line - 1];
    return lineText === undefined ? problem : { ...problem, ...spot, lineText: lineText.trimEnd() };
  }

  /** Where the value stands, or what it is missing from. */
  #spotOf(path: string): Spot | null {
    this.#lineOf ??= spotsOf(this.#text, this.#name);
    let at = path;
    let spot = this.#lineOf(at);
    while (spot === null && at !== "") {
      at = at.replace(/(?:^|[.[])[^.[]*$/, "");
      spot = this.#lineOf(at);
    }
    return spot;
  }
}

const JSON_RULES = 'JSON has texts and names in "…", no comments, no comma before ] or }';
/** Of V8's message what the place, or the excerpt below it, says better. */
const NOISE =
  /, (?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON$|(?: in JSON)? at position \d+ \(line \d+ column \d+\)$/s;

/** Why this is no JSON; `null` if it is. */
function reasonIn(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** V8 names the place, but for what it calls an unexpected token, and for an end that comes too soon. */
function brokenAt(text: string, reason: string): Spot {
  const named = /\(line (\d+) column (\d+)\)$/.exec(reason);
  if (named !== null) return { line: Number(named[1]), column: Number(named[2]), length: 1 };
  const isToken = (length: number) =>
    reasonIn(text.slice(0, length))?.startsWith("Unexpected token") ?? false;
  // Whatever is cut off behind the token does not change what is said of it.
  let [before, after] = [0, text.length];
  while (after - before > 1) {
    const middle = (before + after) >> 1;
    if (isToken(middle)) after = middle;
    else before = middle;
  }
  const lines = text.slice(0, isToken(text.length) ? after - 1 : text.length).split("\n");
  return { line: lines.length, column: lines.at(-1)!.length + 1, length: 1 };
}

interface Spot {
  line: number;
  column: number;
  length: number;
}

/** JSON is JavaScript, nearly: where that parser gives up, messages have the path alone. */
function spotsOf(text: string, name: string): (path: string) => Spot | null {
  try {
    const options = { ecmaVersion: "latest", locations: true } as const;
    const { nodes } = evaluate(parseExpressionAt(text, 0, options), name);
    return (path) => {
      const loc = nodes.get(path)?.loc;
      if (loc === undefined || loc === null) return null;
      const length = loc.start.line === loc.end.line ? loc.end.column - loc.start.column : 1;
      return { line: loc.start.line, column: loc.start.column + 1, length };
    };
  } catch {
    return () => null;
  }
}
