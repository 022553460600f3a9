/**
 * `console` as scripts find it: Deno's own, so that objects, `%s`, tables, groups, counts and times read as they do in
 * Deno; every call that prints is one print of the process, bounded and cut like any other (printer.ts).
 */

/** What Deno's own web layer has of it; the same in 2.4 and 2.9. */
interface Internals {
  Console: new (print: (text: string, level: number) => void) => Console;
  inspectArgs(values: unknown[], options: { colors: boolean; indentLevel: number }): string;
}

const { Console: DenoConsole, inspectArgs } = (Deno as unknown as Record<symbol, Internals>)[
  (Deno as unknown as { internal: symbol }).internal
]!;

/** Deno colours its objects where the node's own output is a terminal; other controls stay, and are shown as text. */
// deno-lint-ignore no-control-regex
const COLOUR = /\u001b\[[0-9;]*m/g;

/** A console whose prints go to `print`. */
export function consoleOf(print: (text: string) => void): Console {
  // Deno's second argument is the level, debug to error: it prints all of them, and so does the node.
  const show = (text: string) => print(text.replace(COLOUR, "").replace(/\n$/, ""));
  const own = new DenoConsole(show) as Console & { indentLevel: number };
  return Object.assign(own, {
    /** The terminal is not the process's to clear. */
    clear() {},
    /** Deno 2.9 makes two prints of it, of which the second is an empty line. */
    trace(...values: unknown[]) {
      const { indentLevel } = own;
      const said = inspectArgs(["Trace:", ...values], { colors: false, indentLevel });
      const frames = new Error().stack?.split("\n").slice(2) ?? [];
      show([said, ...frames].join("\n"));
    },
  });
}
