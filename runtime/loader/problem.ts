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
  /** The source line that the caret stands under, or what of it is around the caret. */
  lineText: string | null;
  /** Characters of the line before `lineText`. */
  cut: number;
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
    cut: 0,
    length: 0,
    hint,
  };
}

/** Of one script: what a tool has written may have thousands. */
export const PROBLEMS_MAX = 50;

/** A minified source has lines of megabytes; around the column is enough. */
const LINE_CHARS_MAX = 160;

/** What of a line `problem.lineText` keeps; `column` from 0. */
export function around(line: string, column: number): Pick<Problem, "lineText" | "cut"> {
  const cut = line.length > LINE_CHARS_MAX ? Math.max(0, column - LINE_CHARS_MAX / 2) : 0;
  return { lineText: line.slice(cut, cut + LINE_CHARS_MAX), cut };
}

/** All of them, or if these are many the most important, errors first, and how many there are more. `left`: that nobody has even listed. */
export function foremost(
  problems: Problem[],
  left: { errors: number; warnings: number },
): Problem[] {
  const more = Math.max(0, problems.length - PROBLEMS_MAX) + left.errors + left.warnings;
  if (more === 0) return problems;
  const isError = ({ severity }: Problem) => severity === "error";
  const sorted = [...problems.filter(isError), ...problems.filter((one) => !isError(one))];
  const rest = sorted.slice(PROBLEMS_MAX);
  const severity = left.errors > 0 || rest.some(isError) ? "error" : "warning";
  const last = { ...problemOf(sorted[0]!.file, `and ${more} more`), severity } as const;
  return [...sorted.slice(0, PROBLEMS_MAX), last];
}

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

function excerpt({ line, column, lineText, cut, length }: Problem): string[] {
  if (line === null || column === null || lineText === null) return [];
  const shown = around(lineText, column - 1 - cut);
  const text = shown.lineText!;
  const from = cut + shown.cut;
  // A tab stays a tab under a tab, so that the caret stands where the eye looks for it.
  const indent = text.slice(0, column - 1 - from).replace(/[^\t]/g, " ");
  const carets = "^".repeat(Math.max(1, Math.min(length, text.length - indent.length)));
  const gutter = `  ${line} | `;
  return [`${gutter}${text}`, `${" ".repeat(gutter.length - 2)}| ${indent}${carets}`];
}
