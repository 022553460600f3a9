/** What a script threw, as text for the terminal: its stack, and what is behind it (`cause`, the errors of an AggregateError). */
import { PRINT_CHARS_MAX } from "../limits.ts";

/** Deno's own printer of values, before a script can lay hands on it. */
const inspect = Deno.inspect;

/** Never throws, though to look at what a script throws may run its code. `before` stands before what is no error. */
export function describe(error: unknown, before = ""): string {
  try {
    if (!(error instanceof Error)) {
      return `${before}${inspect(error)}`.slice(0, PRINT_CHARS_MAX);
    }
    const isPlain = error.cause === undefined && !(error instanceof AggregateError);
    const text = isPlain ? String(error.stack ?? error) : inspect(error);
    return text.slice(0, PRINT_CHARS_MAX);
  } catch {
    return "Uncaught: what was thrown cannot be shown";
  }
}
