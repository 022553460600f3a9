/**
 * From a script's files to its bundle: out of the cache, or made anew. The folder's scripts and the children of
 * processes want the one bundler at the same time; they take turns, and who takes long goes on beside the others.
 */
import { type Bundle, Bundler, type Inputs } from "./bundle.ts";
import type { Crash } from "./esbuild.ts";
import { BundleCache } from "./cache.ts";
import { BUNDLE_MEMORY_MB_MAX } from "../limits.ts";
import {
  BUNDLE_MEMORY_MB_MIN,
  BUNDLE_MEMORY_PART,
  PATIENCE_SECONDS,
  WARM_AFTER_SECONDS,
} from "./limits.ts";
import type { Log } from "../log.ts";
import { AtATime } from "../protocol/at_a_time.ts";
import { rootOf } from "./npm_path.ts";
import { problemOf } from "./problem.ts";
import { SlowLane } from "./slow_lane.ts";
import { sha256Of, type Sources } from "./sources.ts";

export interface BuilderOptions {
  sources: Sources;
  /** For finished bundles: `<home>/cache/bundles`. */
  cacheFolder: string;
  /** What `@kinode/process` exports. */
  libraryNames: readonly string[];
  log: Log;
  /** For one bundle, before the others go first; default: `PATIENCE_SECONDS`. */
  patienceSeconds?: number;
  /** What the node may hold as a whole. */
  nodeMemoryMb?: number;
  /** What took longer than that is done: the next `build` of it gives it. */
  onLate(entry: Entry): void;
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

/** Of a child that is saved while it is being read. */
const ATTEMPTS_MAX = 3;

function hintFor(code: string): string {
  return BEGINNINGS.find(([beginning]) => beginning.test(code))?.[1] ?? NOTHING_HINT;
}

export class Builder {
  readonly #options: BuilderOptions;
  readonly #bundler: Bundler;
  readonly #cache: BundleCache;
  readonly #slowLane: SlowLane;
  /** Came out of the slow lane, until they are asked for. */
  readonly #late = new Map<string, Bundle>();
  /** Scripts of the folder that were given to it, by name. */
  readonly #slow = new Map<string, Entry>();
  /** Whether what was built need not be built again. */
  #cacheWorks = true;
  /** One bundle at a time: the folder's scripts before children, those of one package after those of another. */
  readonly #lane = new AtATime(1);
  #warmTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: BuilderOptions) {
    const { sources, cacheFolder, libraryNames, nodeMemoryMb = Infinity } = options;
    this.#options = options;
    const seconds = options.patienceSeconds ?? PATIENCE_SECONDS;
    const memoryMb = bundleMemoryMb(nodeMemoryMb);
    this.#bundler = new Bundler(sources, libraryNames, { seconds, memoryMb });
    this.#slowLane = new SlowLane((quiet) =>
      new Bundler(sources, libraryNames, { memoryMb, quiet })
    );
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
    if (stale) return null;
    return { inputs, output: cached.output, problems: cached.warnings, crash: null };
  }

  /** Bundles `entry`. What takes long is given without an output for now, and `onLate` says when to ask again. */
  async build(entry: Entry): Promise<Bundle> {
    const late = this.#late.get(nameOf(entry));
    this.forget(entry);
    if (late !== undefined && await this.isCurrent(late, entry)) return late;
    const bundle = await this.#buildQuickly(entry);
    const lacked = bundle.crash?.lacked ?? null;
    if (lacked === null) return bundle;
    this.#buildSlowly(entry, lacked);
    return { ...bundle, problems: [] };
  }

  /** Bundles `entry`, however long it takes. `asker`: the package whose turn it takes. */
  async buildWhole(entry: Entry, asker?: string): Promise<Bundle> {
    const name = nameOf(entry);
    for (let attempt = 0;; attempt++) {
      let bundle = await this.#slowLane.find(name) ?? null;
      if (bundle === null) {
        const quick = await this.#buildQuickly(entry, asker);
        const lacked = quick.crash?.lacked ?? null;
        if (lacked === null) return quick;
        bundle = await this.#slowLane.build(name, { ...entry, lacked, asker });
        if (bundle === null && attempt === ATTEMPTS_MAX) return quick;
      }
      // It may have been saved meanwhile.
      if (bundle === null || attempt < ATTEMPTS_MAX && !await this.isCurrent(bundle, entry)) {
        continue;
      }
      return withEntry(entry, bundle);
    }
  }

  /** Whether `build` has it already. */
  hasLate(entry: Entry): boolean {
    return this.#late.has(nameOf(entry));
  }

  /** Nobody waits for it any more. */
  forget(entry: Entry): void {
    this.#slowLane.cancel(nameOf(entry));
    this.#late.delete(nameOf(entry));
    this.#slow.delete(nameOf(entry));
  }

  /** Nobody waits for any but these. */
  forgetAllBut(entries: Iterable<Entry>): void {
    const names = new Set([...entries].map(nameOf));
    for (const [name, entry] of this.#slow) if (!names.has(name)) this.forget(entry);
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
    const warm = () => this.#lane.take(() => this.#bundler.warm());
    this.#warmTimer = setTimeout(warm, WARM_AFTER_SECONDS * 1000);
  }

  /** As Esbuild's. */
  relieve(): boolean {
    return this.#slowLane.relieve() || this.#bundler.relieve();
  }

  get keeps(): boolean {
    return this.#cacheWorks;
  }

  /** Frees what bundling needs, when nothing else wants it; makes ready for the next if more is to come. */
  async rest(moreToCome: boolean, asker?: string): Promise<void> {
    await this.#lane.take(() => this.#bundler.rest(moreToCome), asker);
  }

  close(): void {
    clearTimeout(this.#warmTimer);
    this.#bundler.close();
    this.#slowLane.close();
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

  async #buildQuickly(entry: Entry, asker?: string): Promise<Bundle> {
    const { file, root } = entry;
    const bundle = await this.#lane.take(() => this.#bundler.bundle(file, root), asker);
    return withEntry(entry, bundle);
  }

  async #buildSlowly(entry: Entry, lacked: Crash["lacked"]): Promise<void> {
    const { file } = entry;
    const name = nameOf(entry);
    const { log, onLate } = this.#options;
    log.info(`${file} takes long, or much memory, to read; the others go on meanwhile`);
    this.#slow.set(name, entry);
    try {
      const bundle = await this.#slowLane.build(name, { ...entry, lacked });
      if (bundle === null) return;
      this.#late.set(name, withEntry(entry, bundle));
      onLate(entry);
    } catch (error) {
      log.warn(`${file} cannot be read: ${(error as Error).message}`);
    }
  }

  /** Whether it is of `entry` as it is now. */
  async isCurrent({ inputs, crash }: Bundle, { file, root }: Entry): Promise<boolean> {
    // It was given up before it was read.
    if (crash !== null && inputs.get(file) === null) return true;
    return await this.areCurrent(inputs, root);
  }

  /** Whether these files are as they were. */
  async areCurrent(inputs: Inputs, root: string): Promise<boolean> {
    return await digestOf(await this.read(inputs.keys(), root)) === await digestOf(inputs);
  }
}

/** A part of what the node may hold: two are bundled at a time at most. */
function bundleMemoryMb(nodeMemoryMb: number): number {
  const part = Math.floor(nodeMemoryMb * BUNDLE_MEMORY_PART);
  return Math.max(BUNDLE_MEMORY_MB_MIN, Math.min(BUNDLE_MEMORY_MB_MAX, part));
}

/** Without anything to run in it that is an error, too. */
function withEntry({ file }: Entry, bundle: Bundle): Bundle {
  const { output, problems } = bundle;
  if (output === null || output.exports.some((name) => ENTRIES.has(name))) return bundle;
  return {
    ...bundle,
    output: null,
    problems: [...problems, problemOf(file, NOTHING, hintFor(output.code))],
  };
}

/** The same file as part of a package may import less. */
export function nameOf({ root, file }: Entry): string {
  return root === "" ? file : `${root}//${file.slice(root.length + 1)}`;
}

export function digestOf(inputs: Inputs): Promise<string> {
  return sha256Of(JSON.stringify([...inputs].sort(([a], [b]) => a < b ? -1 : 1)));
}
