/**
 * The node's own lines. Processes do not print here: their lines go through the terminal module,
 * which prefixes them. A module gets its `Log` through the constructor.
 */
export interface Log {
  /** One line for the person at the terminal. */
  info(text: string): void;
  /** A line that asks for action; goes to stderr. */
  warn(text: string): void;
}

/** Everything below space, and DEL and C1, except tab: an escape sequence in a log line could redraw the terminal. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;

/** `text` with control characters written as `\x1b`; newlines are the caller's to split first. */
export function escapeControl(text: string): string {
  return text.replace(CONTROL, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
