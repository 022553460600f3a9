/**
 * The proof that a bundle imports nothing. In a compiled binary the module loader asks for no permission
 * (design.md §4, fact 1), so a single `import` that got through would read any file. esbuild already
 * refuses or rewrites every form; this does not trust it, nor any scan that would have to tell code from
 * strings, templates, regular expressions and comments.
 *
 * ECMAScript forbids escapes in keywords and allows them everywhere else where a word can stand: in strings,
 * templates, regular expressions, property and variable names. So every `import` and `export` in the text
 * becomes `\u0069mport` and `\u0065xport`. As data it means the same; as a keyword it is a SyntaxError. What
 * is left to check is one plain fact: the word does not occur. The bundle's own last statement,
 * `export { … };`, may stay; it has no `from`.
 *
 * `sourceURL` and `sourceMappingURL` go the same way: in a comment that survives bundling they would rename
 * the script's stack frames, or have a file read as its source map.
 */

const WORDS = "import|export|sourceURL|sourceMappingURL";
/**
 * Between two word characters it is a part of a longer word: a keyword starts where no word character precedes. One
 * backslash of those before it: to look for all of them would take a script of nothing but backslashes for ever.
 */
const WORD = new RegExp(String.raw`(\\?)(?<![\w$])(${WORDS})(?![\w$])`, "g");
const SEALED_WORD = /\\u00(?:69mport|65xport|73ourceURL|73ourceMappingURL)(?![\w$])/g;

/**
 * The statement that esbuild ends a module with: names and `as`, or the exports of a CommonJS script. One class of
 * characters, for V8 keeps a stack of what a choice had before it, and a million names are more than that may hold.
 */
const LAST_EXPORT = /^export (?:\{[^"'`{}]*\}|default [\w$]+\(\));\s*$/;
/** In such a name; its braces are no others'. */
const ESCAPED_CHARACTER = /\\u\{[0-9A-Fa-f]+\}/g;
/** Stands for one: allowed among the names, and nowhere else. */
const IN_BRACES = "-";

/** How much longer a word is with its escape, so that columns can be counted back. */
const ESCAPE_CHARS = "\\u0069".length - "i".length;

/** Whether sealing would change the text inside of what may be a template, whose raw form has no escapes. */
export function touchesTemplates(code: string): boolean {
  return code.includes("`") && !isSealed(code);
}

/** The same program without a single `import`, and without `export` but its last statement. Takes seconds for the worst. */
export function seal(code: string): string {
  const { before, names } = partsOf(code);
  return escapeWords(before) + (names === null ? "" : "export" + escapeWords(names));
}

/** The check itself; also made of what comes from the cache. Takes milliseconds for a megabyte. */
export function isSealed(code: string): boolean {
  const { before, names } = partsOf(code);
  return before.search(WORD) < 0 && (names ?? "").search(WORD) < 0;
}

/** Everything before the last statement, and what follows its `export`; `null` if the last statement is no export. */
function partsOf(code: string): { before: string; names: string | null } {
  // A code that is nothing but exports begins with it.
  const at = code.lastIndexOf("\nexport ") + 1;
  const last = code.slice(at);
  const isExport = last.startsWith("export ") &&
    LAST_EXPORT.test(last.replace(ESCAPED_CHARACTER, IN_BRACES));
  return isExport
    ? { before: code.slice(0, at), names: last.slice("export".length) }
    : { before: code, names: null };
}

/** How much longer the words in a sealed line have made it, before each of its columns. */
export class SealedLine {
  /** Where the escapes stand, in order. */
  readonly #escapes: number[];

  constructor(line: string) {
    this.#escapes = Array.from(line.matchAll(SEALED_WORD), ({ index }) => index);
  }

  /** A column (0-based) of the line, as it was before sealing. Looked up: a trace has as many as a script writes. */
  columnBefore(column: number): number {
    let [from, to] = [0, this.#escapes.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#escapes[middle]! + "\\u0069mport".length > column) to = middle;
      else from = middle + 1;
    }
    return Math.max(0, column - from * ESCAPE_CHARS);
  }
}

function escapeWords(text: string): string {
  return text.replace(WORD, (_whole, slash: string, word: string, at: number) => {
    // After an odd number of backslashes the last one belongs to the word: `/\import/` is `/import/`.
    const kept = backslashesBefore(text, at + slash.length) % 2 === 0 ? slash : "";
    return `${kept}\\u00${word.charCodeAt(0).toString(16)}${word.slice(1)}`;
  });
}

function backslashesBefore(text: string, end: number): number {
  let at = end;
  while (text[at - 1] === "\\") at--;
  return end - at;
}
