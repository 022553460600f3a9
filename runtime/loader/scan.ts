/**
 * Which files of the processes folder are processes: scripts at its top level, `hello.ts` being
 * `hello:hello:template.os`. Helpers (`_x.ts`), hidden files, tests and declarations are not; sub-folders
 * count only as targets of relative imports. What cannot be a process is reported and stops nothing else.
 */
import { join } from "@std/path";
import { parseProcessId, type ProcessId } from "../protocol/address.ts";
import { SCRIPTS_MAX } from "../limits.ts";
import { type Problem, problemOf } from "./problem.ts";
import { relativeInside } from "./plain_file.ts";

export interface Script {
  id: ProcessId;
  /** Name inside the folder. */
  file: string;
}

export interface Scan {
  /** In the order of their names. */
  scripts: Script[];
  /** Ids that more than one file claims: no version of them is started, one that runs goes on. */
  contested: Set<ProcessId>;
  problems: Problem[];
}

const SCRIPT = /^(.+)\.(?:ts|js|mts|mjs|tsx|jsx)$/i;
const NOT_A_PROCESS = /^[._]|[._]test\.[a-z]+$|\.d\.m?ts$/i;

/** Looks through the top level of `folder`; throws what Deno throws when it cannot be read. */
export async function scanFolder(folder: string): Promise<Scan> {
  const root = await Deno.realPath(folder);
  const problems: Problem[] = [];
  const claims = new Map<ProcessId, string[]>();
  for (const file of await scriptNames(root, problems)) {
    const stem = SCRIPT.exec(file)![1]!;
    const id = idOf(stem);
    if (id === null) problems.push(badName(file, stem));
    else claims.set(id, [...(claims.get(id) ?? []), file]);
  }
  const scripts: Script[] = [];
  const contested = new Set<ProcessId>();
  for (const [id, files] of claims) {
    if (files.length === 1) scripts.push({ id, file: files[0]! });
    else {
      contested.add(id);
      problems.push(sameStem(id, files));
    }
  }
  for (const { file } of scripts.splice(SCRIPTS_MAX)) {
    problems.push(problemOf(file, `not started: the folder has more than ${SCRIPTS_MAX} scripts`));
  }
  return { scripts, contested, problems };
}

/** The process id of a script called `stem`; `null` when that is no valid name. */
function idOf(stem: string): ProcessId | null {
  try {
    return parseProcessId(`${stem}:${stem}:template.os`);
  } catch {
    return null;
  }
}

async function scriptNames(root: string, problems: Problem[]): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(root)) {
    if (!SCRIPT.test(entry.name) || NOT_A_PROCESS.test(entry.name)) continue;
    if (!entry.isFile && !entry.isSymlink) continue;
    if (entry.isSymlink && !await linkStaysInside(root, entry.name, problems)) continue;
    names.push(entry.name);
  }
  return names.sort();
}

async function linkStaysInside(root: string, file: string, problems: Problem[]): Promise<boolean> {
  let target: string;
  try {
    target = await Deno.realPath(join(root, file));
  } catch {
    problems.push(problemOf(file, "this link leads nowhere", "delete it, or copy the script here"));
    return false;
  }
  if (relativeInside(root, target) === null) {
    const text = `this link leaves the processes folder (to ${target})`;
    problems.push(problemOf(file, text, "copy the script here instead of linking to it"));
    return false;
  }
  return await Deno.stat(target).then((info) => info.isFile, () => false);
}

function badName(file: string, stem: string): Problem {
  const better = stem.normalize("NFKD").toLowerCase().replace(/[\u0300-\u036f]/g, "")
    .replace(/[^a-z0-9_-]+/g, "-").replace(/^[-_]+|-+$/g, "").slice(0, 64);
  const allowed = "a-z, 0-9, `-` and `_`";
  const hint = better === ""
    ? `give it a name of ${allowed}`
    : `rename it to ${better}${file.slice(stem.length).toLowerCase()}`;
  return problemOf(file, `"${stem}" cannot name a process: it may have ${allowed}`, hint);
}

function sameStem(id: ProcessId, files: string[]): Problem {
  const [first, ...others] = files;
  const text = `${first} and ${others.join(", ")} would both be the process ${id}`;
  return problemOf(first!, text, "rename or delete all but one of them");
}
