/**
 * From a script's files to its bundle: out of the cache, or made anew. The folder's scripts and the children of
 * processes want the one bundler at the same time; they take turns.
 */
import { type Bundle, Bundler, type Inputs } from "./bundle.ts";
import { BundleCache } from "./cache.ts";
import { WARM_AFTER_SECONDS } from "./limits.ts";
import type { Log } from "../log.ts";
import { rootOf } from "./npm.ts";
import { problemOf } from "./problem.ts";
import { sha256Of, type Sources } from "./sources.ts";

export interface BuilderOptions {
  sources: Sources;
  /** For finished bundles: `<home>/cache/bundles`. */
  cacheFolder: string;
  /** What `@kinode/process` exports. */
  libraryNames: readonly string[];
  log: Log;
}

/** A script, as far as its bundle is concerned. */
export interface Entry {
  root: string;
  file: string;
}

/** What makes a file a process (process/run.ts); whether it is what it should be shows when it runs. */
const ENTRIES: ReadonlySet<string> = new Set(["init", "default"]);
const NOTHING = "there is nothing to run: it exports neither `init(our)` nor a default";
const NOTHING_HINT =
  "write `export default { fetch(request) { … } }`; a helper that others import has a name with `_` before it";

/** How programs for other runtimes begin, and what they begin with here. */
const BEGINNINGS: readonly (readonly [RegExp, string])[] = [
  [/\bDeno\.serve\(/, "write `export default { fetch: handler }` instead of `Deno.serve(handler)`"],
  [/\bBun\.serve\(/, "write `export default { fetch }` instead of `Bun.serve({ fetch })`"],
  [
    /\baddEventListener\("fetch"/,
    'write `export default { fetch(request) { … } }` instead of `addEventListener("fetch", …)`',
  ],
];

function hintFor(code: string): string {
  return BEGINNINGS.find(([beginning]) => beginning.test(code))?.[1] ?? NOTHING_HINT;
}

export class Builder {
  readonly #options: BuilderOptions;
  readonly #bundler: Bundler;
  readonly #cache: BundleCache;
  #cacheWorks = true;
  #turn: Promise<unknown> = Promise.resolve();
  #warmTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: BuilderOptions) {
    const { sources, cacheFolder, libraryNames } = options;
    this.#options = options;
    this.#bundler = new Bundler(sources, libraryNames);
    this.#cache = new BundleCache(cacheFolder, libraryNames);
  }

  /** The bundle of `entry` from the cache, if every file in it is still what it was. */
  async find(entry: Entry): Promise<Bundle | null> {
    const { root, file } = entry;
    const sha256 = (await this.read([file], root)).get(file) ?? null;
    const cached = sha256 === null ? null : await this.#cache.find(nameOf(entry), sha256);
    if (cached === null) return null;
    const inputs = await this.read(cached.inputs.map(({ path }) => path), root);
    // What was not there then must not be there now.
    const stale = cached.inputs.some(({ path, sha256 }) => (inputs.get(path) ?? "") !== sha256);
    return stale ? null : { inputs, output: cached.output, problems: cached.warnings };
  }

  /** Bundles `entry`; without anything to run in it that is an error, too. */
  async build({ file, root }: Entry): Promise<Bundle> {
    const bundle = await this.#inTurn(() => this.#bundler.bundle(file, root));
    const { output, problems } = bundle;
    if (output === null || output.exports.some((name) => ENTRIES.has(name))) return bundle;
    return {
      ...bundle,
      output: null,
      problems: [...problems, problemOf(file, NOTHING, hintFor(output.code))],
    };
  }

  /** Keeps what `build` made, if it made something, for the next time. */
  async store(entry: Entry, { inputs, output, problems }: Bundle): Promise<void> {
    if (output === null) return;
    const hashes = [...inputs].map(([path, sha256]) => ({ path, sha256: sha256 ?? "" }));
    const sha256 = inputs.get(entry.file) ?? "";
    try {
      await this.#cache.store(nameOf(entry), sha256, {
        inputs: hashes,
        output,
        warnings: problems,
      });
    } catch (error) {
      if (!this.#cacheWorks) return;
      this.#cacheWorks = false;
      const { cacheFolder, log } = this.#options;
      log.warn(`bundles cannot be kept in ${cacheFolder}: ${(error as Error).message}`);
    }
  }

  /** Makes ready for what is saved next, once the boot is over: whoever asks the node at once comes first. */
  warmLater(): void {
    const warm = () => this.#inTurn(() => this.#bundler.warm());
    this.#warmTimer = setTimeout(warm, WARM_AFTER_SECONDS * 1000);
  }

  /** Frees what bundling needs, when nothing else wants it. */
  async rest(): Promise<void> {
    await this.#inTurn(() => this.#bundler.rest());
  }

  close(): void {
    clearTimeout(this.#warmTimer);
    this.#bundler.close();
  }

  /** What these files are now. */
  async read(paths: Iterable<string>, root: string): Promise<Inputs> {
    const inputs: Inputs = new Map();
    for (const path of paths) {
      const source = await this.#options.sources.read(path, rootOf(path, root));
      inputs.set(path, "text" in source ? null : await sha256Of(source.bytes));
    }
    return inputs;
  }

  #inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}

/** The same file as part of a package may import less. */
function nameOf({ root, file }: Entry): string {
  return root === "" ? file : `${root}//${file.slice(root.length + 1)}`;
}

export function digestOf(inputs: Inputs): Promise<string> {
  return sha256Of(JSON.stringify([...inputs].sort(([a], [b]) => a < b ? -1 : 1)));
}
