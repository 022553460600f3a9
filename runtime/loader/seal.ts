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
/** Between two word characters it is a part of a longer word: a keyword starts where no word character precedes. */
const WORD = new RegExp(String.raw`(\\*)(?<![\w$])(${WORDS})(?![\w$])`, "g");
const SEALED_WORD = /\\u00(?:69mport|65xport|73ourceURL|73ourceMappingURL)(?![\w$])/g;

/** The statement that esbuild ends a module with: names and `as`, or the exports of a CommonJS script. */
const LAST_EXPORT =
  /(?<=^|\n)export (?:\{(?:[^"'`{}]|\\u\{[0-9A-Fa-f]+\})*\}|default [\w$]+\(\));\s*$/;

/** How much longer a word is with its escape, so that columns can be counted back. */
const ESCAPE_CHARS = "\\u0069".length - "i".length;

/** Whether sealing would change the text inside of what may be a template, whose raw form has no escapes. */
export function touchesTemplates(code: string): boolean {
  return code.includes("`") && seal(code) !== code;
}

/** The same program without a single `import`, and without `export` but its last statement. */
export function seal(code: string): string {
  const last = LAST_EXPORT.exec(code)?.index ?? code.length;
  const tail = code.slice(last);
  const ending = tail === "" ? "" : "export" + escapeWords(tail.slice("export".length));
  return escapeWords(code.slice(0, last)) + ending;
}

/** The check itself; also made of what comes from the cache. */
export function isSealed(code: string): boolean {
  return seal(code) === code;
}

/** A column (0-based) of a sealed line, as it was before sealing. */
export function columnBeforeSeal(line: string, column: number): number {
  const escapes = line.slice(0, column).match(SEALED_WORD)?.length ?? 0;
  return Math.max(0, column - escapes * ESCAPE_CHARS);
}

function escapeWords(text: string): string {
  return text.replace(WORD, (_whole, slashes: string, word: string) => {
    // After an odd number of backslashes the last one belongs to the word: `/\import/` is `/import/`.
    const kept = slashes.length % 2 === 0 ? slashes : slashes.slice(1);
    return `${kept}\\u00${word.charCodeAt(0).toString(16)}${word.slice(1)}`;
  });
}
