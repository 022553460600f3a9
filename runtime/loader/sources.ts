/**
 * The files that scripts are made of. Every read passes through here: nothing outside the processes
 * folder is ever opened, neither by `..` nor through a link, and every refusal says what to do instead.
 */
import { isAbsolute, join, relative, SEPARATOR } from "@std/path";
import { SOURCE_BYTES_MAX } from "../limits.ts";

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
export type SourceLoader = "ts" | "tsx" | "js" | "jsx" | "json" | "text";

const LOADERS: ReadonlyMap<string, SourceLoader> = new Map([
  ["ts", "ts"],
  ["mts", "ts"],
  ["tsx", "tsx"],
  ["js", "js"],
  ["mjs", "js"],
  ["jsx", "jsx"],
  ["json", "json"],
  ["txt", "text"],
  ["md", "text"],
  ["html", "text"],
  ["css", "text"],
  ["svg", "text"],
]);

/** `path` below `root` with `/` between its parts; `null` when it is not below. */
export function relativeInside(root: string, path: string): string | null {
  const rest = relative(root, path);
  if (rest === "" || rest === ".." || rest.startsWith(`..${SEPARATOR}`) || isAbsolute(rest)) {
    return null;
  }
  return rest.replaceAll(SEPARATOR, "/");
}

export class Sources {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Reads a file by its path relative to the folder. */
  async read(path: string): Promise<Source | Refusal> {
    const root = await realPath(this.#folder);
    const real = await realPath(join(this.#folder, path));
    if (root === null || real === null) {
      return { text: `there is no file ${path}`, hint: await this.#nearest(path) };
    }
    const inside = relativeInside(root, real);
    if (inside === null) {
      return {
        text: `${path} is a link that leaves the processes folder`,
        hint: "copy the file into the folder instead of linking to it",
      };
    }
    try {
      return await readPlain(real, inside, path);
    } catch (error) {
      // It may have gone since: editors delete and write anew.
      return { text: `cannot read ${path}: ${(error as Error).message}`, hint: null };
    }
  }

  /** TypeScript and bundlers let one write `./x` or `./x.js` for `x.ts`; here the file's own name is meant. */
  async #nearest(path: string): Promise<string | null> {
    const stem = path.replace(/\.[a-z]+$/, "");
    const endings = ["ts", "tsx", "mts", "js", "mjs", "jsx", "json"];
    const guesses = endings.flatMap((e) => [`${path}.${e}`, `${stem}.${e}`, `${path}/mod.${e}`]);
    for (const guess of [...guesses, ...endings.map((e) => `${path}/index.${e}`)]) {
      const info = await Deno.lstat(join(this.#folder, guess)).catch(() => null);
      if (info?.isFile) return `write the whole name of the file: did you mean ${guess}?`;
    }
    return null;
  }
}

async function readPlain(real: string, inside: string, path: string): Promise<Source | Refusal> {
  const info = await Deno.stat(real);
  if (info.isDirectory) {
    return { text: `${path} is a folder`, hint: `import a file of it, such as "./${path}/mod.ts"` };
  }
  // A named pipe would keep us reading for ever.
  if (!info.isFile) return { text: `${path} is not a plain file`, hint: null };
  if (info.size > SOURCE_BYTES_MAX) return tooLarge(path);
  return { path: inside, bytes: await Deno.readFile(real) };
}

async function realPath(path: string): Promise<string | null> {
  try {
    return await Deno.realPath(path);
  } catch {
    return null;
  }
}

/** The refusal of a script that is larger than a script may be. */
export function tooLarge(path: string): Refusal {
  const text = `${path}: the files of a script may have ${SOURCE_BYTES_MAX >> 20} MB together`;
  return { text, hint: "large data belongs in the vfs, or behind a URL" };
}

/** Where a relative import leads, as a path relative to the folder; `null` when it leaves the folder. */
export function joinImport(importer: string, specifier: string): string | null {
  const parts = importer.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "." || part === "") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  return parts.join("/");
}

/** How to read `path`, given `with { type }` (`null` without one). */
export function loaderOf(path: string, type: string | null): SourceLoader | Refusal {
  if (type === "text" || type === "json") return type;
  if (type !== null) {
    return {
      text: `cannot import with { type: "${type}" }`,
      hint: 'the types are "json" and "text"; code needs none',
    };
  }
  const ending = /\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase() ?? "";
  return LOADERS.get(ending) ?? {
    text: `cannot import ${path}: unknown kind of file`,
    hint:
      `code: ts, js, tsx, jsx; data: json, txt, md, html, css, svg, or \`with { type: "text" }\``,
  };
}

/** Why a specifier that is neither relative nor `@kinode/process` cannot be imported. */
export function refusalOf(specifier: string): Refusal {
  const text = `cannot import "${specifier}"`;
  if (specifier.startsWith("node:")) {
    return {
      text: `${text}: a process has no access to the system`,
      hint: "use @kinode/process, or what the web has: fetch, crypto, URL, TextEncoder",
    };
  }
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
  return {
    text: `${text}: packages are not available to a script`,
    hint: 'put the code into a file beside the script and import it as "./name.ts"',
  };
}

/** SHA-256 in hex. */
export async function sha256Of(data: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
