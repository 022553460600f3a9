/**
 * What a script threw, as text for the terminal: its stack, what is behind it (`cause`, the errors of an
 * AggregateError), and what to write instead of a name that is another runtime's.
 */
import { PRINT_CHARS_MAX } from "../limits.ts";
import { hintFor } from "./absent.ts";

/** Deno's own printer of values, before a script can lay hands on it. */
const inspect = Deno.inspect;
const { slice } = String.prototype;
const { apply } = Reflect;

/** Never throws, though to look at what a script throws may run its code. `before` stands before what is no error. */
export function describe(error: unknown, before = ""): string {
  try {
    if (!(error instanceof Error)) {
      return cut(`${before}${inspect(error)}`);
    }
    const isPlain = error.cause === undefined && !(error instanceof AggregateError);
    const text = isPlain ? `${error.stack ?? error}` : inspect(error);
    const hint = hintFor(error);
    return cut(
      hint === null ? text : `${text}
${hint}`,
    );
  } catch {
    return "Uncaught: what was thrown cannot be shown";
  }
}

/** Text whatever the script has made of `slice`: else its end would not cross, and nobody would hear of it. */
function cut(text: string): string {
  return apply(slice, text, [0, PRINT_CHARS_MAX]);
}
