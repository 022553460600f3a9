/** `kinode types | new | check`: from words to a typed `Command`. Pure, as flags.ts. */

import { parseArgs } from "@std/cli/parse-args";
import { join } from "@std/path";

/** `null`: the words are none of these commands, but flags of a node. */
export type ParsedCommand = { command: Command } | { show: string } | { fail: string } | null;

import { TEMPLATES } from "./new.ts";
import type { Command } from "./run_command.ts";

const FOLDERS = `  --processes DIR   The folder of your scripts         (default: <home>/processes)
  --home DIR        Where the node keeps its data      (default: ./kinode-home)`;

const HELP: Record<string, string> = {
  types: `Usage: kinode types [flags]

Writes kinode.d.ts and deno.json into the folder of your scripts: editors and deno check know
@kinode/process then.

${FOLDERS}`,
  new: `Usage: kinode new NAME [--template ${TEMPLATES.join("|")}] [flags]

Makes a script, or a package, that runs at once. What is there is never overwritten.

  --template WHICH  web (default), kinode, websocket, package
${FOLDERS}`,
  check: `Usage: kinode check [flags]

Loads every script and package of the folder, reports what is wrong, starts nothing. Exits with 1 if
there was an error.

${FOLDERS}`,
};

/** Reads the arguments (`Deno.args`). */
export function parseCommand(args: readonly string[]): ParsedCommand {
  const [word = "", ...rest] = args;
  if (!Object.hasOwn(HELP, word)) return null;
  const strangers: string[] = [];
  const parsed = parseArgs(rest, {
    boolean: ["help"],
    string: ["home", "processes", "template", "_"],
    alias: { help: "h" },
    unknown(arg, flag) {
      if (flag !== undefined) strangers.push(arg);
      return flag === undefined;
    },
  });
  const usage = HELP[word]!;
  if (parsed.help) return { show: usage };
  if (strangers.length > 0) return { fail: `kinode ${word} has no ${strangers[0]}.\n\n${usage}` };
  const { home, processes, template = "web" } = parsed as Record<string, string | undefined>;
  if ([home, processes, template].includes("")) return { fail: `A flag has no value.\n\n${usage}` };
  const folder = processes ?? join(home ?? "./kinode-home", "processes");
  const names = parsed._.map(String);
  const wanted = word === "new" ? 1 : 0;
  if (names.length !== wanted) {
    const what = wanted === 0 ? `takes no "${names[0]}"` : "takes one NAME";
    return { fail: `kinode ${word} ${what}.\n\n${usage}` };
  }
  if (word === "types") return { command: { types: { folder } } };
  if (word === "check") return { command: { check: { folder } } };
  const known = TEMPLATES.find((one) => one === template);
  if (known === undefined) {
    return { fail: `There is no template ${template}: it is one of ${TEMPLATES.join(", ")}.` };
  }
  return { command: { new: { folder, name: names[0]!, template: known } } };
}
