/**
 * From files to processes (design.md §5):
 *
 *     folder ─► scan ─► for each script: cache? ── whole and current ──► start(script)
 *       ▲                      └─ bundle ─► store ─┬─ ok ─────────────────▲
 *       └── watch: what changed                    └─ error: reported, the running version stays
 *
 * A script that cannot be loaded never stops the others. The same road serves the first load and every save.
 */
import type { ProcessId } from "../protocol/address.ts";
import { Config } from "../protocol/config.ts";
import type { Log } from "../log.ts";
import { Bundler, type Inputs, type Output } from "./bundle.ts";
import { BundleCache } from "./cache.ts";
import { type Problem, problemOf, report } from "./problem.ts";
import { type Rights, rightsOf } from "./rights.ts";
import { type Scan, scanFolder, type Script } from "./scan.ts";
import { joinImport, sha256Of, Sources } from "./sources.ts";
import { StackMapper } from "./source_map.ts";
import { type Changed, FolderWatcher } from "./watch.ts";
import { Announcer } from "./words.ts";

export interface LoadedScript {
  id: ProcessId;
  /** Name of the file inside the folder, for messages. */
  file: string;
  /** One ES module without any import. */
  code: string;
  /** What it says of itself. */
  config: Config;
  /** What it may do from its first statement on. */
  rights: Rights;
  /** `error.stack` of the worker, with the user's own files and lines. */
  mapStack(stack: string): string;
}

export interface LoaderOptions {
  /** The processes folder; it exists (`prepareFolder`). */
  folder: string;
  /** For finished bundles: `<home>/cache/bundles`. */
  cacheFolder: string;
  /** What `@kinode/process` exports. */
  libraryNames: readonly string[];
  /** Scripts get no rights. */
  strict: boolean;
  log: Log;
  /** A new script, or a new version of one that runs, which it replaces. */
  start(script: LoadedScript): void;
  /** Its file is gone. */
  stop(id: ProcessId): void;
}

/** What is known of a script since it was last looked at. */
interface Known {
  file: string;
  /** Of the last attempt, good or bad: a change of any of them is a reason for the next. */
  inputs: Inputs;
  digest: string;
  /** Digest of the version that runs. */
  running: string | null;
}

interface Attempt {
  inputs: Inputs;
  output: Output | null;
  problems: Problem[];
}

/** Scripts looked up at the same time: more gains nothing, and macOS allows 256 open files. */
const LOOKUPS = 16;

export class Loader {
  readonly #options: LoaderOptions;
  readonly #sources: Sources;
  readonly #bundler: Bundler;
  readonly #cache: BundleCache;
  readonly #known = new Map<ProcessId, Known>();
  readonly #announcer: Announcer;
  /** Problems of the folder that were printed and still stand. */
  #reported = new Set<string>();
  #cacheWorks = true;
  #turn: Promise<unknown> = Promise.resolve();
  #watcher: FolderWatcher | null = null;
  #closed = false;

  constructor(options: LoaderOptions) {
    this.#options = options;
    this.#sources = new Sources(options.folder);
    this.#bundler = new Bundler(this.#sources, options.libraryNames);
    this.#cache = new BundleCache(options.cacheFolder, options.libraryNames);
    this.#announcer = new Announcer(options.log);
  }

  /** Loads and starts every script of the folder, each as soon as it is ready. */
  async loadAll(): Promise<void> {
    await this.#look(null);
  }

  /** From now on a saved file is started anew, a deleted one stopped. Call it after `loadAll`. */
  watch(): void {
    const { folder, log } = this.#options;
    try {
      this.#watcher = new FolderWatcher(folder, (changed) => this.#lookSafely(changed));
      // For what changed since loadAll looked.
      this.#watcher.touchAll();
    } catch (error) {
      const reason = (error as Error).message;
      log.warn(`changes in ${folder} go unnoticed, restart the node after a change: ${reason}`);
    }
  }

  /**
   * The program of a file that a process starts by itself; `path` is relative to the folder. Rejects with
   * what is wrong: no such file, outside of the folder, does not compile.
   */
  async loadChild(path: string): Promise<Pick<LoadedScript, "code" | "mapStack" | "config">> {
    const file = joinImport("parent.ts", path.startsWith("/") ? `.${path}` : path);
    if (file === null) throw new Error(`${path} is outside of the folder`);
    const source = await this.#sources.read(file);
    if ("text" in source) throw new Error(`${file}: ${source.text}`);
    const { inputs, output, problems } = await this.#findCached(file) ??
      await this.#inTurn(() => this.#bundler.bundle(file));
    await this.#inTurn(() => this.#bundler.rest());
    if (output === null) throw new Error(`${file}: ${problems[0]?.text ?? "does not compile"}`);
    await this.#store(file, inputs, output);
    const mapper = new StackMapper(file, output.code, output.map);
    const config = Config(output.config ?? {}, "config");
    return { code: output.code, mapStack: (stack) => mapper.map(stack), config };
  }

  /** Nothing is started or stopped any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#bundler.close();
    await this.#watcher?.close();
  }

  /** The door for events: what goes wrong here must not end the node. */
  async #lookSafely(changed: Changed): Promise<void> {
    try {
      await this.#look(changed);
    } catch (error) {
      if (!this.#closed) this.#options.log.warn(`reloading failed: ${error}`);
    }
  }

  /** Compares the folder with what runs, and acts on the difference. */
  async #look(changed: Changed): Promise<void> {
    const scan = await this.#scan();
    if (scan === null || this.#closed) return;
    this.#stopMissing(scan);
    const stale: Script[] = [];
    for (let at = 0; at < scan.scripts.length; at += LOOKUPS) {
      const some = scan.scripts.slice(at, at + LOOKUPS);
      const misses = await Promise.all(some.map((script) => this.#tryCached(script, changed)));
      stale.push(...misses.filter((script) => script !== null));
    }
    for (const script of stale) {
      if (this.#closed) return;
      await this.#build(script);
    }
    await this.#inTurn(() => this.#bundler.rest());
  }

  /** `null` when the folder is gone: what runs goes on, for it may be a moved disk or a `git checkout`. */
  async #scan(): Promise<Scan | null> {
    const { folder, log } = this.#options;
    const before = this.#reported;
    let scan: Scan | null = null;
    const problems: Problem[] = [];
    try {
      scan = await scanFolder(folder);
      problems.push(...scan.problems);
    } catch (error) {
      const hint = "its processes go on running until it is back";
      problems.push(problemOf(folder, `cannot be read: ${(error as Error).message}`, hint));
    }
    this.#reported = new Set(problems.map(({ file, text }) => `${file}: ${text}`));
    for (const problem of problems) {
      if (!before.has(`${problem.file}: ${problem.text}`)) report(log, problem);
    }
    return scan;
  }

  #stopMissing({ scripts, contested }: Scan): void {
    const present = new Set(scripts.map(({ id }) => id));
    for (const [id, { running }] of this.#known) {
      if (present.has(id) || contested.has(id)) continue;
      this.#known.delete(id);
      if (running !== null) this.#options.stop(id);
    }
  }

  /** Starts `script` from the cache if it must be started; gives it back when it has to be built. */
  async #tryCached(script: Script, changed: Changed): Promise<Script | null> {
    const known = this.#known.get(script.id);
    if (known?.file === script.file) {
      if (!concerns(changed, known.inputs)) return null;
      const now = await this.#read(known.inputs.keys());
      if (await digestOf(now) === known.digest) return null;
    }
    const cached = await this.#findCached(script.file);
    if (cached === null) return script;
    await this.#settle(script, cached);
    return null;
  }

  /** The bundle of `file` from the cache, if every file in it is still what it was. */
  async #findCached(file: string): Promise<Attempt | null> {
    const sha256 = (await this.#read([file])).get(file) ?? null;
    const entry = sha256 === null ? null : await this.#cache.find(file, sha256);
    if (entry === null) return null;
    const inputs = await this.#read(entry.inputs.map(({ path }) => path));
    const stale = entry.inputs.some(({ path, sha256 }) => inputs.get(path) !== sha256);
    return stale ? null : { inputs, output: entry.output, problems: [] };
  }

  async #build(script: Script): Promise<void> {
    const bundle = await this.#inTurn(() => this.#bundler.bundle(script.file));
    if (this.#closed) return;
    await this.#settle(script, bundle);
    if (bundle.output !== null) await this.#store(script.file, bundle.inputs, bundle.output);
  }

  /** The end of every attempt: started anew, left alone, or reported. */
  async #settle(script: Script, { inputs, output, problems }: Attempt): Promise<void> {
    const { id, file } = script;
    const { log } = this.#options;
    const digest = await digestOf(inputs);
    if (this.#closed) return;
    const running = this.#known.get(id)?.running ?? null;
    this.#known.set(id, { file, inputs, digest, running: output === null ? running : digest });
    for (const problem of problems) report(log, problem);
    if (output === null) {
      if (running !== null) {
        log.warn(`${file}: the version before this one goes on running`);
      }
    } else if (digest !== running) {
      const mapper = new StackMapper(file, output.code, output.map);
      const mapStack = (stack: string) => mapper.map(stack);
      const config = Config(output.config ?? {}, "config");
      const { given, refused } = rightsOf(config, this.#options);
      this.#announcer.say(id, given, refused);
      this.#options.start({ id, file, code: output.code, config, rights: given, mapStack });
    }
  }

  /** The folder's scripts and the children of processes want the one bundler at the same time. */
  #inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #store(file: string, inputs: Inputs, output: Output): Promise<void> {
    const hashes = [...inputs].map(([path, sha256]) => ({ path, sha256: sha256 ?? "" }));
    try {
      await this.#cache.store(file, inputs.get(file) ?? "", { inputs: hashes, output });
    } catch (error) {
      if (!this.#cacheWorks) return;
      this.#cacheWorks = false;
      const { cacheFolder, log } = this.#options;
      log.warn(`bundles cannot be kept in ${cacheFolder}: ${(error as Error).message}`);
    }
  }

  async #read(paths: Iterable<string>): Promise<Inputs> {
    const inputs: Inputs = new Map();
    for (const path of paths) {
      const source = await this.#sources.read(path);
      inputs.set(path, "text" in source ? null : await sha256Of(source.bytes));
    }
    return inputs;
  }
}

/** Whether one of `inputs`, or a folder that one of them lies in, is among what changed. */
function concerns(changed: Changed, inputs: Inputs): boolean {
  if (changed === null) return true;
  for (const input of inputs.keys()) {
    if (changed.has(input)) return true;
    for (const path of changed) if (input.startsWith(`${path}/`)) return true;
  }
  return false;
}

function digestOf(inputs: Inputs): Promise<string> {
  return sha256Of(JSON.stringify([...inputs].sort(([a], [b]) => a < b ? -1 : 1)));
}
