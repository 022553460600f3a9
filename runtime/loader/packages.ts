/**
 * A package: a folder or zip file with a manifest.json that names its processes (spec/kernel.md §5).
 *
 *     chat/manifest.json   or as Kinode's tools lay it out   chat/metadata.json
 *     chat/metadata.json                                     chat/pkg/manifest.json
 *     chat/chat.ts                                           chat/pkg/chat.ts
 *
 * In a zip file it may lie in one folder more: that is what zipping a folder makes.
 */
import { parseProcessId, type ProcessId } from "../protocol/address.ts";
import type { Config } from "../protocol/config.ts";
import type { Decoder, Of } from "../protocol/serde.ts";
import { MANIFEST_BYTES_MAX } from "../limits.ts";
import { Archive } from "./archive.ts";
import { unknownFields } from "./config.ts";
import { JsonFile } from "./json_file.ts";
import { ENTRY_FIELDS, Manifest, type ManifestEntry, Metadata } from "./manifest.ts";
import { foremost, type Problem, problemOf, PROBLEMS_MAX } from "./problem.ts";
import { joinImport, type Sources } from "./sources.ts";

/** Something that is a process, as far as the folder tells before anything is bundled. */
export interface Script {
  /** What it is known by while its content changes. */
  key: string;
  /** Its name; the `config` of a single file may choose another. */
  id: ProcessId;
  /** Where its imports must stay: "" for the processes folder, else its package's folder or zip file. */
  root: string;
  /** Relative to the processes folder, with `/`. */
  file: string;
  /** From its entry in the manifest; `null`: the file itself says it. */
  config: Config | null;
}

export interface Package {
  scripts: Script[];
  /** Keys of processes that it should have, and of itself, when it cannot be told what they are now. */
  unsure: string[];
  problems: Problem[];
}

/** Of a script. */
export const ENDINGS = ["ts", "tsx", "mts", "js", "mjs", "jsx"];
const PUBLISHER = "template.os";
/** What a `config` has and a manifest has not. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ["id", 'it is made of process_name and metadata.json: { "properties": { "package_name": "…" } }'],
  ["schedule", "write it into the script: export const config = { schedule: […] }"],
]);
const NO_LIST = "manifest: expected an array";
const LIST = 'it is a list with one entry per process: [{ "process_name": "chat" }]';

/** Where the files of a package lie. */
export interface Layout {
  /** The folder or zip file. */
  root: string;
  /** Where manifest.json lies; paths in it are relative to this. */
  base: string;
}

/** The layout of what lies at `root`; `null` if that has no manifest.json. */
export async function findLayout(sources: Sources, root: string): Promise<Layout | null> {
  for (const inner of [[], ["pkg"]]) {
    const base = [root, ...inner].join("/");
    if (await sources.has(`${base}/manifest.json`, root)) return { root, base };
  }
  if (!/\.zip$/i.test(root)) return null;
  const archive = await sources.archive(root);
  if (!(archive instanceof Archive)) return null;
  const tops = [...archive.names].map((name) => name.split("/"))
    .filter(([top]) => top !== "__MACOSX" && !top!.startsWith("."));
  const top = tops[0]?.[0] ?? "";
  if (tops.some((parts) => parts.length < 2 || parts[0] !== top)) return null;
  for (const base of [`${root}/${top}`, `${root}/${top}/pkg`]) {
    if (await sources.has(`${base}/manifest.json`, root)) return { root, base };
  }
  return null;
}

/** The script that `path` of a manifest, or of a call of `spawn`, means; `null` if it is not there. */
export async function findScript(
  sources: Sources,
  { root, base }: Layout,
  path: string,
): Promise<string | null> {
  const file = joinImport(`${base}/manifest.json`, `./${path}`, root);
  if (file === null || path.includes("\\")) return null;
  if (!/\.wasm$/i.test(file) && await sources.has(file, root)) return file;
  const stem = file.replace(/\.wasm$/i, "");
  for (const ending of ENDINGS) {
    if (await sources.has(`${stem}.${ending}`, root)) return `${stem}.${ending}`;
  }
  return null;
}

/** Reads what a package is made of. */
export async function readPackage(sources: Sources, layout: Layout): Promise<Package> {
  const { root } = layout;
  const broken = (...problems: Problem[]) => ({ scripts: [], unsure: [root], problems });
  const manifest = await readJson(
    sources,
    `${layout.base}/manifest.json`,
    root,
    Manifest,
    warningsOf,
  );
  const owner = await readOwner(sources, layout);
  if ("problems" in manifest || "problems" in owner) {
    return broken(...[manifest, owner].flatMap((read) => "problems" in read ? read.problems : []));
  }
  const { file, value: entries } = manifest;
  const names = entries.map(({ process_name }) => process_name);
  const twice = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (twice !== -1) {
    const path = `manifest[${twice}].process_name`;
    return broken(file.problem(path, `there are two processes called ${names[twice]}`));
  }
  const found: Package = { scripts: [], unsure: [], problems: [] };
  found.problems.push(...manifest.warnings);
  for (const [i, entry] of entries.entries()) {
    const key = `${root}#${entry.process_name}`;
    const script = await findScript(sources, layout, pathOf(entry));
    if (script === null) {
      found.unsure.push(key);
      found.problems.push(noScript(file, i, entry, layout));
      continue;
    }
    const id = parseProcessId(`${entry.process_name}:${owner.value}`);
    found.scripts.push({
      key,
      id,
      root,
      file: script,
      config: { ...entry, id: null, schedule: null },
    });
  }
  return found;
}

/** Kinode's paths begin with `/`, which is the package. */
function pathOf({ process_name, process_wasm_path }: ManifestEntry): string {
  return (process_wasm_path ?? process_name).replace(/^\/+/, "");
}

function noScript(file: JsonFile, i: number, entry: ManifestEntry, { base }: Layout): Problem {
  const stem = pathOf(entry).replace(/\.[a-z]+$/i, "");
  const given = entry.process_wasm_path;
  const wasm = /\.wasm$/i.test(given ?? "");
  const path = given === null ? `manifest[${i}].process_name` : `manifest[${i}].process_wasm_path`;
  const text = wasm
    ? `this node runs scripts, not WASM, and there is no script ${base}/${stem}.ts in its place`
    : `there is no script ${JSON.stringify(given ?? entry.process_name)} in the package`;
  const hint = `put ${stem}.ts beside manifest.json, or name the script in process_wasm_path`;
  return file.problem(path, text, hint);
}

function warningsOf(file: JsonFile, json: unknown): Problem[] {
  if (!Array.isArray(json)) return [];
  const fields = json.flatMap((entry, i) => unknownFields(entry, `manifest[${i}]`, ENTRY_FIELDS));
  // Each is looked for in the text: of ten thousand that takes seconds.
  const told = fields.slice(0, PROBLEMS_MAX).map((field) => {
    const name = field.path.slice(field.path.lastIndexOf(".") + 1);
    return file.warning({ ...field, hint: ELSEWHERE.get(name) ?? field.hint });
  });
  return foremost(told, { errors: 0, warnings: fields.length - told.length });
}

/** `package:publisher`, from metadata.json or from the name of the folder. */
async function readOwner(
  sources: Sources,
  { root, base }: Layout,
): Promise<{ value: string } | { problems: Problem[] }> {
  const top = root.split("/").at(-1)!.replace(/\.zip$/i, "");
  let [name, publisher] = [top, PUBLISHER];
  for (const folder of new Set([base, base.replace(/\/pkg$/, "")])) {
    const path = `${folder}/metadata.json`;
    if (!await sources.has(path, root)) continue;
    const metadata = await readJson(sources, path, root, Metadata);
    if ("problems" in metadata) return metadata;
    name = metadata.value.properties?.package_name ?? name;
    publisher = metadata.value.properties?.publisher ?? publisher;
    break;
  }
  try {
    parseProcessId(`process:${name}:${publisher}`);
  } catch (error) {
    const hint = "rename it, or name the package in metadata.json: " +
      '{ "properties": { "package_name": "…" } }';
    return { problems: [problemOf(root, (error as Error).message, hint)] };
  }
  return { value: `${name}:${publisher}` };
}

async function readJson<D extends Decoder<unknown>>(
  sources: Sources,
  path: string,
  root: string,
  decoder: D,
  warn: (file: JsonFile, json: unknown) => Problem[] = () => [],
): Promise<{ file: JsonFile; value: Of<D>; warnings: Problem[] } | { problems: Problem[] }> {
  const source = await sources.read(path, root);
  if ("text" in source) return { problems: [problemOf(path, source.text, source.hint)] };
  if (source.bytes.length > MANIFEST_BYTES_MAX) {
    return { problems: [problemOf(path, `it has more than ${MANIFEST_BYTES_MAX >> 10} kB`)] };
  }
  const file = new JsonFile(path, source.bytes, path.split("/").at(-1)!.replace(/\.json$/, ""));
  let json: unknown;
  const decoded = file.decode((given, at) => (json = given, decoder(given, at)));
  const warnings = warn(file, json);
  if ("problems" in decoded) {
    const problems = decoded.problems.map((problem) =>
      problem.text === NO_LIST ? { ...problem, hint: LIST } : problem
    );
    return { problems: [...problems, ...warnings] };
  }
  return { file, warnings, value: decoded.value as Of<D> };
}
