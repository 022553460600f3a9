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
import { isMissing, relativeInside } from "./plain_file.ts";
import { type Problem, problemOf } from "./problem.ts";
import { hintOf, type Sources } from "./sources.ts";
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
  /** Folders that look like packages and have no manifest.json. */
  loose: string[];
}

const SCRIPT = /^(.+)\.(?:ts|js|mts|mjs|tsx|jsx)$/i;
const ZIP = /\.zip$/i;
/** What somebody may call the script that a folder is for. */
const MAIN: ReadonlySet<string> = new Set(["app", "index", "main", "mod", "server"]);
const PACKED = /\.(?:tgz|tar|tar\.\w+|7z|rar)$/i;
/** Names of helpers, hidden files, tests and declarations. */
export const NOT_A_PROCESS = /^[._]|[._]test\.[a-z]+$|\.d\.m?ts$|^node_modules$/i;

interface Read {
  layout: Layout | null;
  found: Package;
  loose?: boolean;
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
    const loose = names.packages.filter((name) => read.get(name)!.loose);
    return { ...settled(scripts, problems), unsure, layouts, problems, loose };
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
    const problem = ZIP.test(name) ? await this.#noManifest(name) : await this.#unreadable(name);
    if (problem === null) return { layout, found: nothing, loose: await this.#isLoose(name) };
    return { layout, found: { ...nothing, unsure: [name], problems: [problem] } };
  }

  /** A zip file that is no package. */
  async #noManifest(name: string): Promise<Problem> {
    const text = "there is no manifest.json in this zip file";
    const archive = await this.#sources.archive(name);
    const names = archive instanceof ArchiveRefused ? [] : [...archive.names];
    const deep = names.find((one) => one.endsWith("/manifest.json"));
    if (deep === undefined) {
      const hint = 'put one into it, such as [{ "process_name": "chat" }], beside chat.ts';
      return problemOf(name, text, hint);
    }
    const folder = deep.slice(0, deep.lastIndexOf("/"));
    return problemOf(name, `${text}, where it belongs`, `zip the folder ${folder} by itself`);
  }

  /** Whether somebody may have meant it as a package: for files to import a folder needs none of these. */
  async #isLoose(name: string): Promise<boolean> {
    const entries = await Array.fromAsync(Deno.readDir(join(this.#folder, name))).catch(() => []);
    const names = entries.map((entry) => entry.name.toLowerCase());
    const stems = names.map((name) => SCRIPT.exec(name)?.[1]).filter((stem) => stem !== undefined);
    return names.some((name) => /^(?:metadata|manifest)\.json$/.test(name)) ||
      stems.some((stem) => stem === name || MAIN.has(stem));
  }

  /** A folder may be a package that only cannot be seen now. */
  async #unreadable(name: string): Promise<Problem | null> {
    try {
      await Deno.stat(join(this.#folder, name, "manifest.json"));
    } catch (error) {
      if (isMissing(error)) return null;
      return problemOf(name, `cannot be read: ${(error as Error).message}`, hintOf(error));
    }
    return null;
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
  const [first, ...others] = scripts.splice(SCRIPTS_MAX);
  if (first !== undefined) {
    const text =
      `not started, nor ${others.length} more: a folder has at most ${SCRIPTS_MAX} processes`;
    problems.push(problemOf(first.file, text, "start another node for them, with --processes"));
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
    if (NOT_A_PROCESS.test(name)) continue;
    const isScript = SCRIPT.test(name);
    if (isDirectory) packages.push(name);
    else if (!isScript && !ZIP.test(name)) {
      if (isSymlink) await refusePackageLink(root, name, problems);
      else if (PACKED.test(name)) problems.push(packedOtherwise(name));
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

function packedOtherwise(name: string): Problem {
  const hint = "unpack it here, or pack it as a zip file";
  return { ...problemOf(name, "packages are folders or zip files", hint), severity: "warning" };
}

function sameId(id: ProcessId, files: string[]): Problem {
  const [first, ...others] = files;
  const text = `${first} and ${others.join(", ")} would both be the process ${id}`;
  return problemOf(first!, text, "rename or delete all but one of them");
}
