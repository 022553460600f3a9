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
import { GRANTS_LOOK_SECONDS } from "./limits.ts";
import type { Bundle } from "./bundle.ts";
import { Builder, digestOf, type Entry } from "./builder.ts";
import { type Child, Children } from "./child.ts";
import { isOwned, type Known, mayHave, ownersOf } from "./known.ts";
import { Grants } from "./grants.ts";
import type { LoaderOptions } from "./options.ts";
import { decide, type Decided, findObjection, warningOf } from "./loaded.ts";
import type { Script } from "./packages.ts";
import { report } from "./problem.ts";
import type { Scan } from "./scan.ts";
import { sha256Of, Sources } from "./sources.ts";
import { Survey } from "./survey.ts";
import { type Changed, FolderWatcher, touches } from "./watch.ts";
import { Announcer } from "./words.ts";

/** Scripts looked up at the same time: more gains nothing, and macOS allows 256 open files. */
const LOOKUPS = 16;

export class Loader {
  readonly #options: LoaderOptions;
  readonly #sources: Sources;
  readonly #survey: Survey;
  readonly #builder: Builder;
  readonly #children: Children;
  readonly #grants: Grants;
  readonly #announcer: Announcer;
  readonly #known = new Map<string, Known>();
  #scan: Scan | null = null;
  #watcher: FolderWatcher | null = null;
  /** Where no watcher tells of what took long: looks, one after the other. */
  #looks: Promise<void> | null = null;
  #grantsTimer: ReturnType<typeof setInterval> | undefined;
  #closed = false;

  constructor(options: LoaderOptions) {
    const { folder, grantsFile, strict, log } = options;
    this.#options = options;
    this.#sources = new Sources(folder);
    this.#survey = new Survey(folder, this.#sources, log);
    const onLate = (entry: Entry) => this.#lookAtLate(entry);
    this.#builder = new Builder({ ...options, sources: this.#sources, onLate });
    this.#children = new Children(this.#sources, this.#builder);
    this.#grants = new Grants(grantsFile);
    this.#announcer = new Announcer(log, strict ? grantsFile : null);
  }

  /** Loads and starts every script of the folder, each as soon as it is ready. */
  async loadAll(): Promise<void> {
    const { strict, grantsFile, log } = this.#options;
    if (strict) log.info(`--strict: processes may do what ${grantsFile} grants, and nothing else`);
    await this.#refreshGrants();
    await this.#look(null);
  }

  /** From now on a saved file is started anew, a deleted one stopped. Call it after `loadAll`. */
  watch(): void {
    const { folder, log } = this.#options;
    try {
      this.#watcher = new FolderWatcher(folder, (changed) => this.#lookSafely(changed));
      for (const path of this.#watcher.unwatched) {
        log.warn(`changes in ${path} go unnoticed, restart the node after one`);
      }
      // For what changed since loadAll looked.
      this.#watcher.touchAll();
      // A save is to be quick from the first one on; nobody waits for this.
      this.#builder.warmLater();
      this.#grantsTimer = setInterval(async () => {
        if (await this.#refreshGrants()) this.#watcher?.touchAll();
      }, GRANTS_LOOK_SECONDS * 1000);
    } catch (error) {
      const reason = (error as Error).message;
      log.warn(`changes in ${folder} go unnoticed, restart the node after a change: ${reason}`);
      this.#looks = this.#lookSafely(null);
    }
  }

  /**
   * The program of a file that a process starts by itself; `path` is relative to its package, or to the folder.
   * Rejects with what is wrong: no such file, outside of the folder, does not compile.
   */
  loadChild(parent: ProcessId, path: string): Promise<Child> {
    return this.#children.load(this.#scan?.layouts ?? new Map(), parent, path);
  }

  /** Whether a script of the folder has this name, as far as anybody can say. */
  mayHave(id: ProcessId): boolean {
    return mayHave(id, this.#known, this.#scan);
  }

  /** Ends what is being read if the node has grown by much for it: it holds too much. Whether there was something. */
  relieve(): boolean {
    return this.#builder.relieve();
  }

  /** Nothing is started or stopped any more. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#grantsTimer);
    this.#builder.close();
    await this.#watcher?.close();
    await this.#looks;
  }

  /** Before `watch` there is nothing to do: it has everything looked at. */
  #lookAtLate({ file }: Entry): void {
    this.#watcher?.touch(file);
    this.#looks = this.#looks?.then(() => this.#lookSafely(new Set([file]))) ?? null;
  }

  /** The door for events: what goes wrong here must not end the node. */
  async #lookSafely(changed: Changed): Promise<void> {
    try {
      await this.#look(changed);
    } catch (error) {
      if (!this.#closed) this.#options.log.warn(`reloading failed: ${error}`);
    }
  }

  /** Whether the owner grants something else than before. */
  async #refreshGrants(): Promise<boolean> {
    const { changed, problem } = await this.#grants.refresh();
    if (problem !== null) report(this.#options.log, problem);
    return changed;
  }

  /** Compares the folder with what runs, and acts on the difference. */
  async #look(changed: Changed): Promise<void> {
    this.#sources.forgetArchives();
    const scan = await this.#survey.look(changed);
    if (scan === null || this.#closed) return;
    this.#scan = scan;
    this.#stopMissing(scan);
    this.#builder.forgetAllBut(scan.scripts);
    await this.#loadSome(scan.scripts.filter((script) => this.#mayHaveChanged(script, changed)));
    // A name may have become free meanwhile. Without a cache they would be built again, and again.
    const objected = scan.scripts.filter(({ key }) => this.#known.get(key)?.objection);
    if (this.#builder.keeps) await this.#loadSome(objected);
    this.#survey.tellLoose(scan.loose.filter((name) => !this.#isImported(name)));
    this.#sources.forgetArchives();
    // Who has saved will save again. A node that nobody works on keeps no esbuild.
    await this.#builder.rest(changed !== null);
    this.#options.looked?.((parent, path) => this.#children.mayHaveChanged(parent, path, changed));
  }

  #isImported(folder: string): boolean {
    return [...this.#known.values()].some(({ inputs }) =>
      [...inputs.keys()].some((input) => input.startsWith(`${folder}/`))
    );
  }

  async #loadSome(scripts: Script[]): Promise<void> {
    const stale: Script[] = [];
    for (let at = 0; at < scripts.length; at += LOOKUPS) {
      const some = scripts.slice(at, at + LOOKUPS);
      const misses = await Promise.all(some.map((script) => this.#tryCached(script)));
      stale.push(...misses.filter((script) => script !== null));
    }
    for (const script of stale) {
      if (this.#closed) return;
      await this.#build(script);
    }
  }

  #stopMissing(scan: Scan): void {
    const { scripts, contested, unsure } = scan;
    const present = new Set(scripts.map(({ key }) => key));
    for (const [key, known] of this.#known) {
      const { script, running } = known;
      const kept = contested.has(script.id) || unsure.has(key) || unsure.has(script.root);
      if (present.has(key) || kept) continue;
      this.#known.delete(key);
      // It may have run, and made children, before the node was started, under the name that it had then.
      const id = running?.id ?? script.id;
      // hello.ts became hello.js: that is a new version.
      const heir = scripts.find((other) => other.id === id && !this.#known.has(other.key));
      if (heir !== undefined && running !== null) this.#known.set(heir.key, known);
      else if (heir === undefined && !isOwned(id, this.#known, scan)) this.#options.stop(id);
    }
  }

  #mayHaveChanged(script: Script, changed: Changed): boolean {
    const known = this.#known.get(script.key);
    if (known === undefined || JSON.stringify(known.script) !== JSON.stringify(script)) return true;
    return changed === null || [...known.inputs.keys()].some((input) => touches(changed, input));
  }

  /** Starts `script` from the cache if it must be started; gives it back when it has to be built. */
  async #tryCached(script: Script): Promise<Script | null> {
    const known = this.#known.get(script.key);
    if (known !== undefined) {
      const now = await this.#builder.read(known.inputs.keys(), script.root);
      const same = await digestOf(now) === known.digest && known.script.file === script.file;
      // What failed would fail again.
      if (same && known.failed && !this.#builder.hasLate(script)) return null;
    }
    const cached = await this.#builder.find(script);
    if (cached === null) return script;
    // Of a version that was saved before this one.
    this.#builder.forget(script);
    await this.#settle(script, cached);
    return null;
  }

  async #build(script: Script): Promise<void> {
    const { waits } = this.#options;
    const bundle = await (waits ? this.#builder.buildWhole(script) : this.#builder.build(script));
    if (this.#closed) return;
    const warning = warningOf(script, bundle.output);
    if (warning !== null) bundle.problems.push(warning);
    await this.#settle(script, bundle);
    await this.#builder.store(script, bundle);
  }

  /** The end of every attempt: started anew, left alone, or reported. */
  async #settle(script: Script, { inputs, output, problems, crash }: Bundle): Promise<void> {
    const { log, strict } = this.#options;
    const digest = await digestOf(inputs);
    // Somebody is writing: the next look sees the whole of it.
    if (output === null && this.#watcher?.willTell(inputs.keys())) return;
    const decided = output && decide(script, output, { strict, grants: this.#grants });
    const { config, rights } = decided?.loaded ?? {};
    const version = await sha256Of(JSON.stringify([digest, config, rights]));
    if (this.#closed) return;
    const before = this.#known.get(script.key);
    const known: Known = {
      script,
      inputs,
      digest,
      // What esbuild broke on by chance is tried again at the next look at it.
      failed: decided === null && (crash === null || crash.lacked !== null),
      objection: null,
      running: before?.running ?? null,
    };
    this.#known.set(script.key, known);
    for (const problem of problems) report(log, problem);
    if (decided === null) return this.#sayThatTheOldRuns(known);
    const objection = findObjection(script, decided.loaded.id, ownersOf(this.#known, this.#scan));
    if (objection === null) return this.#start(known, decided, version);
    known.objection = objection.text;
    if (before?.objection === objection.text) return;
    report(log, objection);
    this.#sayThatTheOldRuns(known);
  }

  #start(known: Known, { loaded, refused }: Decided, version: string): void {
    const { running, script } = known;
    const { id, rights, config: limits } = loaded;
    if (running?.id === id && running.version === version) return;
    known.running = { id, version };
    if (running !== null && running.id !== id) this.#options.stop(running.id);
    const asksIn = script.config === null ? "config" : "manifest";
    this.#announcer.say({ id, asksIn, given: rights, refused, limits });
    this.#options.start(loaded);
  }

  #sayThatTheOldRuns({ running, script }: Known): void {
    if (running === null) return;
    this.#options.log.warn(`${script.file}: the version before this one goes on running`);
  }
}
