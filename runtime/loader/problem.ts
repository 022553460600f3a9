/**
 * What is wrong with a script, and how it is printed (the terminal puts `kinode: ` before each line):
 *
 *     hello.ts:3:11: error: Expected ";" but found "x"
 *       3 | let a = 5 x
 *         |           ^
 *     hello.ts: what to do about it
 */
import { escapeControl, type Log } from "../log.ts";

export interface Problem {
  severity: "error" | "warning";
  /** Path relative to the processes folder, with `/`. */
  file: string;
  /** 1-based; `null`: the file as a whole. */
  line: number | null;
  /** 1-based, counted as editors do; `null` without a line. */
  column: number | null;
  text: string;
  /** The source line that the caret stands under. */
  lineText: string | null;
  /** Characters to underline. */
  length: number;
  /** What to do. */
  hint: string | null;
}

/** A problem of a whole file. */
export function problemOf(file: string, text: string, hint: string | null = null): Problem {
  return {
    severity: "error",
    file,
    line: null,
    column: null,
    text,
    lineText: null,
    length: 0,
    hint,
  };
}

/** A minified source has lines of megabytes; around the column is enough. */
const LINE_CHARS_MAX = 160;

/** The lines to print, safe for a terminal whatever the script contains. */
export function linesOf(problem: Problem): string[] {
  const { file, line, column } = problem;
  const place = line === null ? file : `${file}:${line}:${column}`;
  const [first, ...rest] = problem.text.split(/\r?\n/);
  const lines = [`${place}: ${problem.severity}: ${first}`, ...rest, ...excerpt(problem)];
  if (problem.hint !== null) lines.push(`${file}: ${problem.hint}`);
  return lines.map(escapeControl);
}

/** Prints it in one piece. */
export function report(log: Log, problem: Problem): void {
  log.warn(linesOf(problem).join("\n"));
}

function excerpt({ line, column, lineText, length }: Problem): string[] {
  if (line === null || column === null || lineText === null) return [];
  const from = lineText.length > LINE_CHARS_MAX ? Math.max(0, column - 1 - LINE_CHARS_MAX / 2) : 0;
  const text = lineText.slice(from, from + LINE_CHARS_MAX);
  // A tab stays a tab under a tab, so that the caret stands where the eye looks for it.
  const indent = text.slice(0, column - 1 - from).replace(/[^\t]/g, " ");
  const carets = "^".repeat(Math.max(1, Math.min(length, text.length - indent.length)));
  const gutter = `  ${line} | `;
  return [`${gutter}${text}`, `${" ".repeat(gutter.length - 2)}| ${indent}${carets}`];
}
