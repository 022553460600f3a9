/** For our own bugs only (style.md, "Errors"): bad input throws a TypeError, an outcome is a value. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
