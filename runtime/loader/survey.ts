/** Looks through the folder, and says what is wrong with it: once, as long as it stays so. */
import type { Log } from "../log.ts";
import { type Problem, problemOf, report } from "./problem.ts";
import { type Scan, Scanner } from "./scan.ts";
import type { Sources } from "./sources.ts";
import type { Changed } from "./watch.ts";

const LOOSE = "this folder has no manifest.json, so nothing of it runs";
const LOOSE_HINT =
  'a package has one: [{ "process_name": "chat" }] for the script chat.ts beside it';

export class Survey {
  readonly #folder: string;
  readonly #log: Log;
  readonly #scanner: Scanner;
  /** Problems that were printed and still stand. */
  #reported = new Set<string>();
  #loose = new Set<string>();

  constructor(folder: string, sources: Sources, log: Log) {
    this.#folder = folder;
    this.#log = log;
    this.#scanner = new Scanner(folder, sources);
  }

  /** Says so of folders that look like packages, are none, and of which nothing is imported. */
  tellLoose(names: string[]): void {
    for (const name of names) {
      if (this.#loose.has(name)) continue;
      report(this.#log, { ...problemOf(name, LOOSE, LOOSE_HINT), severity: "warning" });
    }
    this.#loose = new Set(names);
  }

  /** `null` when the folder is gone: what runs goes on, for it may be a moved disk or a `git checkout`. */
  async look(changed: Changed): Promise<Scan | null> {
    const before = this.#reported;
    let scan: Scan | null = null;
    const problems: Problem[] = [];
    try {
      scan = await this.#scanner.scan(changed);
      problems.push(...scan.problems);
    } catch (error) {
      const hint = "its processes go on running until it is back";
      const text = `cannot be read: ${(error as Error).message}`;
      problems.push(problemOf(this.#folder, text, hint));
    }
    this.#reported = new Set(problems.map(keyOf));
    for (const problem of problems) if (!before.has(keyOf(problem))) report(this.#log, problem);
    return scan;
  }
}

function keyOf({ file, text, line }: Problem): string {
  return `${file}:${line}: ${text}`;
}
