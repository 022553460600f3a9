// As std.d.ts, for what it has no room for.

declare module "@std/jsonc" {
  /** Parses JSON with comments and trailing commas; throws a SyntaxError. */
  export function parse(text: string): unknown;
}

declare module "@jspm/core/empty" {
  const empty: unknown;
  export default empty;
}
