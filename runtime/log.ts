/**
 * The node's own lines. Processes do not print here: their lines go through the terminal module,
 * which prefixes them. A module gets its `Log` through the constructor.
 */
export interface Log {
  /** One line for the person at the terminal. `by`: the id of the process that causes it, as often as it likes. */
  info(text: string, by?: string): void;
  /** A line that asks for action; goes to stderr. */
  warn(text: string, by?: string): void;
}

/**
 * Everything below space, DEL and C1, except tab: an escape sequence in a log line could redraw the terminal. And
 * what turns the direction of writing, with which a line could seem to be another, and breaks lines elsewhere.
 */
const CONTROL =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** `text` with control characters written as `\x1b` or `\u202e`; newlines are the caller's to split first. */
export function escapeControl(text: string): string {
  return text.replace(CONTROL, (char) => {
    const code = char.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
  });
}
