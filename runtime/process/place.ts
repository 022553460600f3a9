/** Where a function of the script stands: for what went wrong in it without a stack that says so. */

const { apply } = Reflect;
const { toString } = Function.prototype;

/**
 * The place in the bundle `code` at which the text of `handler` begins, as a stack trace of the bundle names it, so
 * that the kernel maps it to the user's file. `null` if the text is not there, or twice, or no function's.
 */
export function placeOf(handler: unknown, code: string): string | null {
  if (typeof handler !== "function") return null;
  const text: string = apply(toString, handler, []);
  const at = code.indexOf(text);
  if (at < 0 || code.indexOf(text, at + 1) >= 0) return null;
  const before = code.slice(0, at).split("\n");
  return `data:text/javascript:${before.length}:${before.at(-1)!.length + 1}`;
}
