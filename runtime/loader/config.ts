/** The `config` of a script, checked: what is wrong is said with the place where it stands. */
import { closestString } from "@std/text/closest-string";
import { Cron } from "croner";
import { Config, configFields } from "../protocol/config.ts";
import { Faults } from "../protocol/serde.ts";
import type { ConfigRead, Place } from "./config_export.ts";
import { type Problem, problemOf } from "./problem.ts";

/** What is wrong with the `config` of `file`; an error among them means that there is none. */
export function problemsOfConfig(file: string, read: ConfigRead): Problem[] {
  if ("fault" in read) return [located(file, read.fault, read.place, read.hint)];
  const { json, places } = read;
  const unknown = unknownFields(json, "config", Object.keys(configFields));
  return [
    ...unknown.map(({ path, text, hint }): Problem => ({
      ...located(file, text, places[path] ?? null, hint),
      severity: "warning",
    })),
    ...faultsOf(() => checkSchedule(Config(json, "config"))).map(({ path, text }) =>
      located(file, text, nearest(path, places))
    ),
  ];
}

/** Throws a TypeError for an expression that means nothing, or a time that never comes. */
function checkSchedule({ schedule }: Config): void {
  for (const [i, cron] of (schedule ?? []).entries()) {
    let next: Date | null;
    try {
      next = new Cron(cron, { timezone: "UTC", paused: true }).nextRun();
    } catch (error) {
      const why = (error as Error).message.replace(/^CronPattern: /, "");
      throw new TypeError(`Cannot decode config.schedule[${i}]: "${cron}": ${why}`);
    }
    if (next === null) {
      throw new TypeError(`Cannot decode config.schedule[${i}]: "${cron}" never comes`);
    }
  }
}

export interface UnknownField {
  path: string;
  text: string;
  hint: string;
}

/** Fields that nobody reads, most likely misspelt. */
export function unknownFields(json: unknown, at: string, known: string[]): UnknownField[] {
  if (typeof json !== "object" || json === null) return [];
  return Object.keys(json).filter((key) => !known.includes(key)).map((key) => ({
    path: `${at}.${key}`,
    text: `${at}.${key} means nothing`,
    hint: `did you mean "${closestString(key, known)}"? There are: ${known.join(", ")}`,
  }));
}

/** Runs a decoder: what it threw, with the paths that it names. */
export function faultsOf(decode: () => unknown): { path: string; text: string }[] {
  try {
    decode();
    return [];
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return (error instanceof Faults ? error.all : [error]).map(({ message }) => {
      const text = message.replace(/^Cannot decode /, "");
      return { path: text.split(": ", 1)[0]!, text };
    });
  }
}

function located(file: string, text: string, place: Place | null, hint: string | null = null) {
  return { ...problemOf(file, text, hint), ...place };
}

/** Of the value, or of what it is missing from. */
function nearest(path: string, places: Record<string, Place>): Place | null {
  let at = path;
  while (places[at] === undefined && at !== "") at = at.replace(/(?:^|[.[])[^.[]*$/, "");
  return places[at] ?? null;
}
