/**
 * What a script threw, as text for the terminal: its stack, what is behind it (`cause`, the errors of an
 * AggregateError), and what to write instead of a name that is another runtime's.
 */
import { PRINT_CHARS_MAX } from "../limits.ts";
import { hintFor } from "./absent.ts";
import { SendError } from "./message.ts";

/** Deno's own printer of values, before a script can lay hands on it. */
const inspect = Deno.inspect;
const { includes, slice } = String.prototype;
const { apply } = Reflect;

/** Never throws, though to look at what a script throws may run its code. `before` stands before what is no error. */
export function describe(error: unknown, before = ""): string {
  try {
    if (!(error instanceof Error)) {
      return cut(`${before}${inspect(error)}`);
    }
    const text = stackOf(error) ?? inspect(error);
    const hint = hintFor(error);
    return cut(
      hint === null ? text : `${text}
${hint}`,
    );
  } catch {
    return "Uncaught: what was thrown cannot be shown";
  }
}

/**
 * The stack where that says all. Behind it, of a request that came back, the sentence that says why, and not its bytes.
 */
function stackOf(error: Error): string | null {
  const { cause } = error;
  if (error instanceof AggregateError) return null;
  const stack = `${error.stack ?? error}`;
  if (cause === undefined) return stack;
  if (!(cause instanceof SendError)) return null;
  const isSaid = apply(includes, error.message, [cause.message]);
  return isSaid ? stack : `${stack}\nCaused by SendError: ${cause.message}`;
}

/** Text whatever the script has made of `slice`: else its end would not cross, and nobody would hear of it. */
function cut(text: string): string {
  return apply(slice, text, [0, PRINT_CHARS_MAX]);
}
