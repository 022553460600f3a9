/** For the tests beside this file: a folder that disappears again, and a loader whose deeds are recorded. */
import { dirname, join } from "@std/path";
import { assert } from "../assert.ts";
import { type Bundle, Bundler } from "./bundle.ts";
import type { BuildBounds } from "./esbuild.ts";
import type { LoadedScript } from "./loaded.ts";
import { Loader } from "./loader.ts";
import type { LoaderOptions } from "./options.ts";
import { linesOf } from "./problem.ts";
import { isSealed } from "./seal.ts";
import { Sources } from "./sources.ts";

export const LIBRARY_NAMES = ["awaitMessage", "http", "println"];

/** Long enough for a cold esbuild on a busy machine. */
const PATIENCE_MS = 30_000;

/** A temporary folder; `await using` removes it. */
export class TempFolder implements AsyncDisposable {
  readonly path: string;

  constructor(files: Record<string, string | Uint8Array> = {}) {
    this.path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "kinode-loader-" }));
    for (const [name, content] of Object.entries(files)) this.write(name, content);
  }

  at(name: string): string {
    return join(this.path, name);
  }

  write(name: string, content: string | Uint8Array): void {
    Deno.mkdirSync(dirname(this.at(name)), { recursive: true });
    if (typeof content === "string") Deno.writeTextFileSync(this.at(name), content);
    else Deno.writeFileSync(this.at(name), content);
  }

  remove(name: string): void {
    Deno.removeSync(this.at(name), { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true }).catch(() => {});
  }
}

/** A loader over `<home>/processes` that writes down `start hello.ts`, `stop hello:…` and what it warns of. */
export class RecordedLoader implements AsyncDisposable {
  readonly lines: string[] = [];
  /** What needs no action. */
  readonly said: string[] = [];
  /** The newest version of each, by file. */
  readonly scripts = new Map<string, LoadedScript>();
  readonly loader: Loader;
  #happened = Promise.withResolvers<void>();

  constructor(home: TempFolder, options: Partial<LoaderOptions> = {}) {
    this.loader = new Loader({
      folder: home.at("processes"),
      cacheFolder: home.at("cache"),
      grantsFile: home.at("grants.json"),
      libraryNames: LIBRARY_NAMES,
      strict: false,
      ...options,
      log: { info: (text) => void this.said.push(text), warn: (text) => this.#add(text) },
      start: (script) => {
        this.scripts.set(script.file, script);
        this.#add(`start ${script.file}`);
      },
      stop: (id) => this.#add(`stop ${id}`),
    });
  }

  /** Waits until a line has `text` in it; gives the lines so far, that one last, and forgets them. */
  async until(text: string): Promise<string[]> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`never said: ${text}; said: ${this.lines.join(" | ")}`)),
      PATIENCE_MS,
    );
    try {
      while (!this.lines.some((line) => line.includes(text))) {
        await Promise.race([this.#happened.promise, late.promise]);
      }
    } finally {
      clearTimeout(timer);
    }
    return this.lines.splice(0, this.lines.findIndex((line) => line.includes(text)) + 1);
  }

  /** Waits until these have happened, in any order, and nothing else; forgets them. */
  async untilAll(...expected: string[]): Promise<void> {
    const happened: string[] = [];
    while (happened.length < expected.length) {
      const lines = await this.until("");
      happened.push(...lines.filter((line) => /^(?:start|stop) /.test(line)));
    }
    const [did, should] = [happened.sort().join(), expected.sort().join()];
    if (did !== should) throw new Error(`not ${should}, but ${did}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.loader.close();
  }

  #add(text: string): void {
    this.lines.push(...text.split("\n"));
    this.#happened.resolve();
    this.#happened = Promise.withResolvers();
  }
}

/** Loads the folder once, and says what happened. */
export async function load(files: Record<string, string | Uint8Array>, options = {}) {
  const inside = Object.entries(files).map(([name, text]) => [`processes/${name}`, text]);
  await using home = new TempFolder(Object.fromEntries(inside));
  await using recorded = new RecordedLoader(home, options);
  await recorded.loader.loadAll();
  return recorded;
}

/** Bundles `hello.ts` of these files. */
export async function bundle(
  files: Record<string, string>,
  entry = "hello.ts",
  bounds: Partial<BuildBounds> = {},
): Promise<Bundle> {
  await using folder = new TempFolder(files);
  const bundler = new Bundler(new Sources(folder.path), LIBRARY_NAMES, bounds);
  try {
    return await bundler.bundle(entry);
  } finally {
    bundler.close();
  }
}

/** Runs a bundle as a worker does, as a data: URL; `library` stands in for `@kinode/process`. */
export async function run(
  code: string,
  library: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const globals = globalThis as unknown as Record<symbol, unknown>;
  globals[Symbol.for("kinode.process")] = library;
  const bytes = new TextEncoder().encode(code);
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  try {
    return await import(`data:text/javascript;base64,${btoa(binary)}`);
  } finally {
    delete globals[Symbol.for("kinode.process")];
  }
}

export type Files = Record<string, string>;

/** What `hello.ts` exports as `seen`, or the lines of what is wrong. */
export async function seenBy(files: Files, { entry = "hello.ts", root = "", link = [""] } = {}) {
  await using folder = new TempFolder(files);
  if (link.length === 2) Deno.symlinkSync(link[0]!, folder.at(link[1]!));
  const bundler = new Bundler(new Sources(folder.path), LIBRARY_NAMES);
  try {
    const { output, problems } = await bundler.bundle(entry, root);
    if (output === null) return problems.flatMap(linesOf).join("\n");
    assert(problems.length === 0, problems.flatMap(linesOf).join("\n"));
    assert(isSealed(output.code), "it is not sealed");
    return (await run(output.code, {})).seen;
  } finally {
    bundler.close();
  }
}

/** How many workers are started: bundling, and reading a config, needs one. */
export class CountedWorkers implements Disposable {
  count = 0;
  readonly #original = globalThis.Worker;
  #counted = Promise.withResolvers<void>();

  constructor() {
    const counted = () => {
      this.count++;
      this.#counted.resolve();
      this.#counted = Promise.withResolvers();
    };
    globalThis.Worker = class extends this.#original {
      constructor(url: string | URL, options?: WorkerOptions) {
        counted();
        super(url, options);
      }
    };
  }

  /** Resolves when there were so many. */
  async until(count: number): Promise<void> {
    while (this.count < count) await this.#counted.promise;
  }

  [Symbol.dispose](): void {
    globalThis.Worker = this.#original;
  }
}

/** A package's own. */
export function manifest(name: string, more: object = {}): string {
  return JSON.stringify({ name, version: "1.2.3", ...more });
}

/** A script that exports what it imports. */
export const hello = (specifier: string) => `import x from "${specifier}"; export const seen = x;`;
