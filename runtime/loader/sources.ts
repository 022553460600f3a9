/**
 * The files that scripts are made of, in the folder or in a zip file there. Every read passes through here:
 * nothing outside of the script's root (its package, or the processes folder) is ever read, neither by `..`
 * nor through a link, and every refusal says what to do instead.
 */
import { join } from "@std/path";
import { ARCHIVE_BYTES_MAX, SOURCE_BYTES_MAX } from "../limits.ts";
import { Archive, ArchiveRefused } from "./archive.ts";
import { type PlainFile, readInside } from "./plain_file.ts";

type Fault = Extract<PlainFile, { fault: unknown }>["fault"];

export interface Source {
  /** Relative to the folder, with `/`: one file, one path, whatever link or spelling led to it. */
  path: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Why an import or a file was refused. */
export interface Refusal {
  text: string;
  hint: string | null;
}

/** How esbuild reads a file. */
export type SourceLoader = "ts" | "tsx" | "js" | "jsx" | "json" | "text" | "binary";

const LOADERS: ReadonlyMap<string, SourceLoader> = new Map([
  ["ts", "ts"],
  ["mts", "ts"],
  ["tsx", "tsx"],
  ["js", "js"],
  ["mjs", "js"],
  ["cjs", "js"],
  ["cts", "ts"],
  ["jsx", "jsx"],
  ["json", "json"],
  ["txt", "text"],
  ["md", "text"],
  ["html", "text"],
  ["css", "text"],
  ["svg", "text"],
]);

/** What stands for a fault of a file, and what to do. */
const FAULTS: Record<Fault, (path: string, where: string) => Refusal> = {
  missing: (path) => ({ text: `there is no file ${path}`, hint: null }),
  outside: (path, where) => ({
    text: `${path} is a link that leaves the ${where}`,
    hint: `copy the file into the ${where} instead of linking to it`,
  }),
  folder: (path) => ({
    text: `${path} is a folder`,
    hint: `import a file of it, such as "./${path}/mod.ts"`,
  }),
  special: (path) => ({ text: `${path} is not a plain file`, hint: null }),
  large: (path) => tooLarge(path),
  changing: (path) => ({ text: `${path} changes all the time`, hint: "save it once more" }),
};

export class Sources {
  readonly #folder: string;
  /** Opened since `forgetArchives`, or why they could not be. */
  readonly #archives = new Map<string, Promise<Archive | ArchiveRefused>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Reads a file by its path relative to the folder. It must lie in `root`, which is "" for the folder itself,
   * or a folder or zip file in it.
   */
  async read(path: string, root = ""): Promise<Source | Refusal> {
    try {
      return isArchive(root)
        ? await this.#readArchived(path, root)
        : await this.#readPlain(path, root);
    } catch (error) {
      return { text: `cannot read ${path}: ${(error as Error).message}`, hint: hintOf(error) };
    }
  }

  /** Whether there is a file that `read` would try to read. */
  async has(path: string, root: string): Promise<boolean> {
    if (!isArchive(root)) {
      const info = await Deno.stat(join(this.#folder, path)).catch(() => null);
      return info?.isFile ?? false;
    }
    const archive = await this.archive(root);
    return archive instanceof Archive && archive.has(path.slice(root.length + 1));
  }

  /** The zip file at `root`. */
  archive(root: string): Promise<Archive | ArchiveRefused> {
    const known = this.#archives.get(root);
    if (known !== undefined) return known;
    const opened = this.#openArchive(root);
    this.#archives.set(root, opened);
    return opened;
  }

  /** Frees what they hold, and reads them anew the next time. */
  forgetArchives(): void {
    this.#archives.clear();
  }

  async #openArchive(root: string): Promise<Archive | ArchiveRefused> {
    try {
      const folder = await Deno.realPath(this.#folder);
      const file = await readInside(folder, join(folder, root), ARCHIVE_BYTES_MAX);
      if ("bytes" in file) return await Archive.open(file.bytes);
      if (file.fault === "large") {
        return new ArchiveRefused(`it has more than ${ARCHIVE_BYTES_MAX >> 20} MB`);
      }
      if (file.fault === "folder") {
        return new ArchiveRefused("this is a folder", "give it a name that does not end in .zip");
      }
      const { text, hint } = FAULTS[file.fault](root, placeOf(""));
      return new ArchiveRefused(text, hint);
    } catch (error) {
      if (error instanceof ArchiveRefused) return error;
      return new ArchiveRefused(`cannot be read: ${(error as Error).message}`, hintOf(error));
    }
  }

  async #readArchived(path: string, root: string): Promise<Source | Refusal> {
    const archive = await this.archive(root);
    if (archive instanceof ArchiveRefused) {
      return { text: `${root}: ${archive.message}`, hint: archive.hint };
    }
    const name = path.slice(root.length + 1);
    if (archive.sizeOf(name) > SOURCE_BYTES_MAX) return tooLarge(path);
    try {
      const bytes = await archive.read(name);
      return bytes === null ? FAULTS.missing(path, "") : { path, bytes };
    } catch (error) {
      if (!(error instanceof ArchiveRefused)) throw error;
      return { text: `${root}: ${error.message}`, hint: error.hint };
    }
  }

  async #readPlain(path: string, root: string): Promise<Source | Refusal> {
    const boundary = await Deno.realPath(join(this.#folder, root)).catch(() => null);
    if (boundary === null) return FAULTS.missing(path, "");
    const file = await readInside(boundary, join(this.#folder, path), SOURCE_BYTES_MAX);
    if ("fault" in file) return FAULTS[file.fault](path, placeOf(root));
    return { path: root === "" ? file.inside : `${root}/${file.inside}`, bytes: file.bytes };
  }

  /**
   * What to do about `path`, which is missing. TypeScript and bundlers let one write `./x` or `./x.js` for `x.ts`, some
   * disks `X.ts`; here the file's own name is meant.
   */
  async nearest(path: string, root: string): Promise<string | null> {
    const stem = path.replace(/\.[a-z]+$/, "");
    const endings = ["ts", "tsx", "mts", "js", "mjs", "jsx", "json"];
    const guesses = endings.flatMap((e) => [`${path}.${e}`, `${stem}.${e}`, `${path}/mod.${e}`]);
    for (const guess of [...guesses, ...endings.map((e) => `${path}/index.${e}`)]) {
      if (guess === path || !await this.has(guess, root)) continue;
      return `write the whole name of the file: did you mean ${guess}?`;
    }
    const spelt = await this.#otherwiseSpelt(path, root);
    return spelt === null ? null : `write it as the file is called: did you mean ${spelt}?`;
  }

  /** The file whose name has other capitals. */
  async #otherwiseSpelt(path: string, root: string): Promise<string | null> {
    if (isArchive(root)) {
      const archive = await this.archive(root);
      if (!(archive instanceof Archive)) return null;
      const inner = path.slice(root.length + 1).toLowerCase();
      const name = [...archive.names].find((name) => name.toLowerCase() === inner);
      return name === undefined ? null : `${root}/${name}`;
    }
    let at = "";
    for (const part of path.split("/")) {
      const names = await namesIn(join(this.#folder, at));
      const name = names.find((one) => one === part) ??
        names.find((one) => one.toLowerCase() === part.toLowerCase());
      if (name === undefined) return null;
      at = at === "" ? name : `${at}/${name}`;
    }
    return await this.has(at, root) ? at : null;
  }
}

/** Nothing for what is no folder, or may not be read. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  } catch {
    return [];
  }
}

/** What to do about an error of Deno's. */
export function hintOf(error: unknown): string | null {
  const denied = error instanceof Deno.errors.PermissionDenied;
  return denied ? "let the user that the node runs as read it" : null;
}

function isArchive(root: string): boolean {
  return /\.zip$/i.test(root);
}

/** What must not be left, in words. */
export function placeOf(root: string): string {
  return root === "" ? "processes folder" : `package ${root}`;
}

/** The refusal of a script that is larger than a script may be. */
export function tooLarge(path: string): Refusal {
  const text = `${path}: the files of a script may have ${SOURCE_BYTES_MAX >> 20} MB together`;
  return { text, hint: "large data belongs in the vfs, or behind a URL" };
}

/** Where a relative import leads, as a path relative to the folder; `null` when it leaves `root`. */
export function joinImport(importer: string, specifier: string, root = ""): string | null {
  const parts = importer.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "." || part === "") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  const path = parts.join("/");
  return root === "" || path.startsWith(`${root}/`) ? path : null;
}

/** How to read `path`, given `with { type }` (`null` without one). */
export function loaderOf(path: string, type: string | null): SourceLoader | Refusal {
  if (type === "text" || type === "json") return type;
  if (type === "bytes") return "binary";
  if (type !== null) {
    return {
      text: `cannot import with { type: "${type}" }`,
      hint: 'the types are "json", "text" and "bytes"; code needs none',
    };
  }
  const ending = /\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase() ?? "";
  return LOADERS.get(ending) ?? {
    text: `cannot import ${path}: unknown kind of file`,
    hint:
      `code: ts, js, tsx, jsx; data: json, txt, md, html, css, svg, or \`with { type: "text" }\`, "bytes"`,
  };
}

/** Why a specifier that names neither a file nor a package cannot be imported. */
export function refusalOf(specifier: string): Refusal {
  const text = `cannot import "${specifier}"`;
  if (/^https?:/i.test(specifier)) {
    return {
      text: `${text}: nothing is downloaded while loading`,
      hint: 'save the file in the processes folder and import it as "./name.ts"',
    };
  }
  if (specifier.startsWith("/") || /^(?:[a-z]:[\\/]|file:|\\)/i.test(specifier)) {
    return {
      text: `${text}: only files of the processes folder can be imported`,
      hint: 'copy the file into the folder and import it as "./name.ts"',
    };
  }
  if (specifier.includes("kinode")) {
    return { text, hint: 'the library of the node is "@kinode/process"' };
  }
  if (/^jsr:/i.test(specifier)) {
    return {
      text: `${text}: only npm packages can be installed`,
      hint: 'jsr has an npm side: "npx jsr add @scope/name", then import "@scope/name"',
    };
  }
  return { text, hint: 'a file is imported as "./name.ts", a package by its name' };
}

/** SHA-256 in hex. */
export async function sha256Of(data: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
