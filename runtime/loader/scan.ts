/**
 * Which entries of the processes folder are processes: scripts at its top level, `hello.ts` being
 * `hello:hello:template.os`, and packages: folders and zip files with a manifest.json. Helpers (`_x.ts`), hidden
 * files, tests and declarations are not; any other folder counts only as target of relative imports. What cannot
 * be a process is reported and stops nothing else.
 */
import { join } from "@std/path";
import { parseProcessId, type ProcessId } from "../protocol/address.ts";
import { SCRIPTS_MAX } from "../limits.ts";
import { ArchiveRefused } from "./archive.ts";
import { findLayout, type Layout, type Package, readPackage, type Script } from "./packages.ts";
import { relativeInside } from "./plain_file.ts";
import { type Problem, problemOf } from "./problem.ts";
import type { Sources } from "./sources.ts";
import { type Changed, touches } from "./watch.ts";

export interface Scan {
  /** In the order of their names. */
  scripts: Script[];
  /** Ids that more than one file claims: no version of them is started, one that runs goes on. */
  contested: Set<ProcessId>;
  /** Keys and roots of what cannot be told now: what runs of them goes on. */
  unsure: Set<string>;
  /** Packages, by `package:publisher`. */
  layouts: Map<string, Layout>;
  problems: Problem[];
}

const SCRIPT = /^(.+)\.(?:ts|js|mts|mjs|tsx|jsx)$/i;
const ZIP = /\.zip$/i;
const NOT_A_PROCESS = /^[._]|[._]test\.[a-z]+$|\.d\.m?ts$/i;

interface Read {
  layout: Layout | null;
  found: Package;
}

export class Scanner {
  readonly #folder: string;
  readonly #sources: Sources;
  /** Packages as they were when they changed last. */
  #read = new Map<string, Read>();

  constructor(folder: string, sources: Sources) {
    this.#folder = folder;
    this.#sources = sources;
  }

  /** Looks through the top level; throws what Deno throws when it cannot be read. */
  async scan(changed: Changed): Promise<Scan> {
    const root = await Deno.realPath(this.#folder);
    const problems: Problem[] = [];
    const names = await namesIn(root, problems);
    const scripts = names.scripts.flatMap((file) => scriptOf(file, problems));
    const unsure = new Set<string>();
    const layouts = new Map<string, Layout>();
    const read = new Map<string, Read>();
    for (const name of names.packages) {
      const known = touches(changed, name) ? undefined : this.#read.get(name);
      const now = known ?? await this.#readPackage(name);
      read.set(name, now);
      scripts.push(...now.found.scripts);
      for (const key of now.found.unsure) unsure.add(key);
      problems.push(...now.found.problems);
      for (const { id } of now.found.scripts) layouts.set(packageOf(id), now.layout!);
    }
    this.#read = read;
    return { ...settled(scripts, problems), unsure, layouts, problems };
  }

  async #readPackage(name: string): Promise<Read> {
    const nothing = { scripts: [], unsure: [], problems: [] };
    if (ZIP.test(name)) {
      const archive = await this.#sources.archive(name);
      if (archive instanceof ArchiveRefused) {
        const problems = [problemOf(name, archive.message, archive.hint)];
        return { layout: null, found: { ...nothing, unsure: [name], problems } };
      }
    }
    const layout = await findLayout(this.#sources, name);
    if (layout !== null) return { layout, found: await readPackage(this.#sources, layout) };
    if (!ZIP.test(name)) return { layout, found: nothing };
    const hint = 'put one into it, such as [{ "process_name": "chat" }], beside chat.ts';
    const problems = [problemOf(name, "there is no manifest.json in this zip file", hint)];
    return { layout, found: { ...nothing, unsure: [name], problems } };
  }
}

function packageOf(id: ProcessId): string {
  return id.slice(id.indexOf(":") + 1);
}

/** Of those that claim one id none is taken, and of too many the last are not. */
function settled(found: Script[], problems: Problem[]) {
  const claims = new Map<ProcessId, Script[]>();
  for (const script of found) claims.set(script.id, [...(claims.get(script.id) ?? []), script]);
  const scripts: Script[] = [];
  const contested = new Set<ProcessId>();
  for (const [id, claimants] of claims) {
    if (claimants.length === 1) scripts.push(claimants[0]!);
    else {
      contested.add(id);
      problems.push(sameId(id, claimants.map(({ file }) => file)));
    }
  }
  for (const { file } of scripts.splice(SCRIPTS_MAX)) {
    problems.push(problemOf(file, `not started: the folder has more than ${SCRIPTS_MAX} scripts`));
  }
  return { scripts, contested };
}

function scriptOf(file: string, problems: Problem[]): Script[] {
  const stem = SCRIPT.exec(file)![1]!;
  try {
    const id = parseProcessId(`${stem}:${stem}:template.os`);
    return [{ key: file, id, root: "", file, config: null }];
  } catch {
    problems.push(badName(file, stem));
    return [];
  }
}

async function namesIn(root: string, problems: Problem[]) {
  const scripts: string[] = [];
  const packages: string[] = [];
  for await (const { name, isFile, isDirectory, isSymlink } of Deno.readDir(root)) {
    if (NOT_A_PROCESS.test(name) || name === "node_modules") continue;
    const isScript = SCRIPT.test(name);
    if (isDirectory) packages.push(name);
    else if (!isScript && !ZIP.test(name)) {
      if (isSymlink) await refusePackageLink(root, name, problems);
    } else if (isFile || (isSymlink && await linkStaysInside(root, name, problems))) {
      (isScript ? scripts : packages).push(name);
    }
  }
  return { scripts: scripts.sort(), packages: packages.sort() };
}

/** A folder that is a link is not watched, and may lie anywhere. */
async function refusePackageLink(root: string, name: string, problems: Problem[]): Promise<void> {
  for (const inner of ["manifest.json", join("pkg", "manifest.json")]) {
    const info = await Deno.stat(join(root, name, inner)).catch(() => null);
    if (info === null) continue;
    const hint = "move the folder itself here, or name its parent with --processes";
    problems.push(problemOf(name, "a package cannot be a link to a folder", hint));
    return;
  }
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

function sameId(id: ProcessId, files: string[]): Problem {
  const [first, ...others] = files;
  const text = `${first} and ${others.join(", ")} would both be the process ${id}`;
  return problemOf(first!, text, "rename or delete all but one of them");
}
