/**
 * npm packages, from a `node_modules` beside the script or above it, up to the processes folder (in a zip file: up to
 * the file's top). Found as Node finds them, read as a browser's bundler reads them: what a package has for the web
 * comes first.
 */
import { exports, imports } from "resolve.exports";
import { isOfPackage } from "./npm_path.ts";
import { isRecord, type PackageJson, parsePackageJson } from "./package_json.ts";
import type { Inputs } from "./bundle.ts";
import { joinImport, type Refusal, sha256Of, type Sources } from "./sources.ts";

/** A file of a package, by its path relative to the folder. */
export interface PackageFile {
  path: string;
  /** Its package says that it may be left out when nothing of it is used. */
  pure: boolean;
}

/** `"empty"`: the package has nothing there for the web. */
export type Resolution = PackageFile | "empty" | Refusal;

/** In each package the first of its own list that is among these counts. */
const CONDITIONS = ["worker", "browser", "module", "production"];
const ENDINGS = [
  "",
  ".js",
  ".mjs",
  ".cjs",
  ".json",
  ".ts",
  "/index.js",
  "/index.mjs",
  "/index.cjs",
];

export class NpmPackages {
  readonly #sources: Sources;
  readonly #root: string;
  readonly #inputs: Inputs;
  readonly #manifests = new Map<string, Promise<PackageJson | null>>();

  /** For one bundle of `root`; every package.json that was looked for is noted in `inputs`. */
  constructor(sources: Sources, root: string, inputs: Inputs) {
    this.#sources = sources;
    this.#root = /\.zip$/i.test(root) ? root : "";
    this.#inputs = inputs;
  }

  /** What `zod`, `@scope/name/sub` or `#internal` is in `importer`; `null`: there is no package of that name. */
  async resolve(specifier: string, importer: string, kind: string): Promise<Resolution | null> {
    const isRequire = kind.startsWith("require");
    if (specifier.startsWith("#")) return await this.#internal(specifier, importer, isRequire);
    const [, name, rest] = /^((?:@[^/]+\/)?[^/]+)(.*)$/.exec(specifier) ?? [];
    if (name === undefined) return null;
    const own = await this.#packageOf(importer);
    if (own !== null && isSwitchedOff(own, specifier)) return "empty";
    const folder = own?.manifest.name === name && own.manifest.exports !== undefined
      ? own.folder
      : await this.#find(name, importer);
    if (folder === null) return null;
    const manifest = (await this.#manifest(folder))!;
    return await this.#file({ folder, manifest }, `.${rest}`, isRequire);
  }

  /** A relative import within a package, where an ending may be left out. */
  async relative(specifier: string, importer: string): Promise<Resolution> {
    const own = await this.#packageOf(importer);
    const path = joinImport(importer, specifier, this.#root);
    const missing = {
      text: `"${specifier}" is not in the package of ${importer}`,
      hint: REINSTALL,
    };
    if (path === null || own === null || !isOfPackage(path)) return missing;
    return await this.#probe(own, path) ?? missing;
  }

  /** The version of an installed package; `null` if it is not there. */
  async versionOf(name: string, importer: string): Promise<string | null> {
    const folder = await this.#find(name, importer);
    const version = folder === null ? null : (await this.#manifest(folder))?.version;
    return typeof version === "string" ? version : null;
  }

  /** The folder of `name` in the nearest node_modules. */
  async #find(name: string, importer: string): Promise<string | null> {
    for (let at = folderOf(importer); at !== null; at = at === this.#root ? null : folderOf(at)) {
      if (/(?:^|\/)node_modules$/.test(at)) continue;
      const folder = join(join(at, "node_modules"), name);
      if (await this.#manifest(folder) !== null) return folder;
    }
    return null;
  }

  async #packageOf(path: string): Promise<Package | null> {
    if (!isOfPackage(path)) return null;
    for (let at = folderOf(path); at !== null && at !== ""; at = folderOf(at)) {
      if (/(?:^|\/)node_modules$/.test(at)) return null;
      const manifest = await this.#manifest(at);
      // A package.json without a name only says how to read the files beside it.
      if (manifest !== null && manifest.name !== undefined) return { folder: at, manifest };
    }
    return null;
  }

  async #internal(
    specifier: string,
    importer: string,
    require: boolean,
  ): Promise<Resolution | null> {
    const own = await this.#packageOf(importer);
    if (own === null) return null;
    const [found] = entriesOf(() => imports(own.manifest as never, specifier, options(require)));
    if (found === undefined) return notExported(specifier, own);
    if (!found.startsWith("./")) {
      return await this.resolve(found, importer, require ? "require-call" : "");
    }
    return await this.#probe(own, join(own.folder, found)) ?? notExported(specifier, own);
  }

  async #file(own: Package, subpath: string, require: boolean): Promise<Resolution> {
    const { folder, manifest } = own;
    let target: string | undefined;
    if (manifest.exports !== undefined && manifest.exports !== null) {
      [target] = entriesOf(() => exports(manifest as never, subpath, options(require)));
      if (target === undefined) return notExported(subpath, own);
    } else {
      target = subpath === "." ? mainOf(manifest) : subpath;
    }
    return await this.#probe(own, join(folder, target)) ?? notExported(subpath, own);
  }

  /** The file meant by `path`; where there is none, what was looked for is noted, since a package may be arriving. */
  async #probe(
    own: Package,
    path: string,
    mayFollow = true,
  ): Promise<PackageFile | "empty" | null> {
    for (const ending of ENDINGS) {
      const file = path + ending;
      if (!await this.#sources.has(file, this.#root)) continue;
      const { browser } = own.manifest;
      const replaced = isRecord(browser) ? browser[`.${file.slice(own.folder.length)}`] : undefined;
      if (replaced === false) return "empty";
      const meant = typeof replaced === "string" ? join(own.folder, replaced) : file;
      return { path: meant, pure: own.manifest.sideEffects === false };
    }
    const inner = path === own.folder || !mayFollow ? null : await this.#manifest(path);
    const main = inner === null ? path : join(path, mainOf(inner));
    // Once only, as Node does: two folders may name each other.
    if (main !== path) return await this.#probe(own, main, false);
    for (const ending of ENDINGS) this.#inputs.set(path + ending, null);
    return null;
  }

  #manifest(folder: string): Promise<PackageJson | null> {
    const known = this.#manifests.get(folder);
    if (known !== undefined) return known;
    const read = this.#readManifest(`${folder}/package.json`);
    this.#manifests.set(folder, read);
    return read;
  }

  async #readManifest(path: string): Promise<PackageJson | null> {
    const source = await this.#sources.read(path, this.#root);
    this.#inputs.set(path, "text" in source ? null : await sha256Of(source.bytes));
    return "text" in source ? null : parsePackageJson(source.bytes);
  }
}

interface Package {
  folder: string;
  manifest: PackageJson;
}

/** `"browser": {"fs": false}`: on the web the package does without. */
function isSwitchedOff({ manifest: { browser } }: Package, specifier: string): boolean {
  return isRecord(browser) && browser[specifier] === false;
}

const REINSTALL = 'install its packages anew: "npm install"';

function notExported(subpath: string, { folder, manifest: { version } }: Package): Refusal {
  const what = subpath === "." ? "no file for the web" : `no "${subpath}"`;
  const name = folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
  return {
    text: `the package ${name}${typeof version === "string" ? `@${version}` : ""} has ${what}`,
    hint: `see "exports" in its package.json; or ${REINSTALL}`,
  };
}

function options(require: boolean) {
  return { unsafe: true, conditions: [require ? "require" : "import", ...CONDITIONS, "default"] };
}

/** What the package names for it, best first; nothing where it names nothing, or nothing sensible. */
function entriesOf(ask: () => string[] | void): string[] {
  try {
    return ask() ?? [];
  } catch {
    return [];
  }
}

function mainOf({ browser, module, main }: PackageJson): string {
  const named = [browser, module, main].find((field) => typeof field === "string" && field !== "");
  return (named as string | undefined) ?? "index.js";
}

/** The folder around `path`; `null` around the top. */
function folderOf(path: string): string | null {
  if (path === "") return null;
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** `path` in `folder`, without `.` and `..`: what would leave the top stays there. */
function join(folder: string, path: string): string {
  const parts = folder === "" ? [] : folder.split("/");
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}
