/**
 * Says when the processes folder changed. Editors save in several steps (truncate and write, or a temporary
 * file and a rename) and tools write many files at once: what happens within 50 ms of each other is one
 * burst, and the next one is not told before the last was acted on.
 */
import { relativeInside } from "./plain_file.ts";
import { openWatcher } from "./watch_folders.ts";
import {
  WATCH_BURST_EVENTS_MAX,
  WATCH_BURST_MS_MAX,
  WATCH_QUIET_MS,
  WATCH_ROOT_SECONDS,
} from "./limits.ts";

/** What changed, relative to the folder; `null`: look at everything. */
export type Changed = Set<string> | null;

/** Whether `path`, something in it or a folder that it lies in is among what changed. */
export function touches(changed: Changed, path: string): boolean {
  if (changed === null || changed.has(path)) return true;
  for (const one of changed) {
    if (path.startsWith(`${one}/`) || one.startsWith(`${path}/`)) return true;
  }
  return false;
}

export class FolderWatcher {
  readonly #folder: string;
  readonly #watchFs: typeof Deno.watchFs;
  readonly #act: (changed: Changed) => Promise<void>;
  readonly #rootTimer: ReturnType<typeof setInterval>;
  #root: string;
  #watcher: Deno.FsWatcher | null;
  /** Folders are watched one by one. */
  #partial: boolean;
  /** Paths of folders in which changes go unnoticed. */
  readonly unwatched: string[];
  #ended: Promise<void>;
  /** Which folder is watched: another may come to lie in its place. */
  #identity: string | null;
  #changed: Changed | "nothing" = "nothing";
  /** To be told as if they had changed. */
  readonly #touched = new Set<string>();
  #burstBegan = 0;
  /** Without a moment of quiet between them, however often we act meanwhile. */
  #events = 0;
  #eventAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #acting: Promise<void> | null = null;
  #closed = false;

  /** Watches `folder`; throws what Deno throws when it cannot. `act` must not throw. */
  constructor(
    folder: string,
    act: (changed: Changed) => Promise<void>,
    watchFs: typeof Deno.watchFs = Deno.watchFs,
  ) {
    this.#watchFs = watchFs;
    this.#folder = folder;
    this.#act = act;
    this.#root = Deno.realPathSync(folder);
    this.#identity = identityOf(this.#root);
    const { watcher, partial, unwatched } = openWatcher(this.#root, watchFs);
    this.#watcher = watcher;
    this.#partial = partial;
    this.unwatched = unwatched;
    this.#ended = this.#listen(this.#watcher);
    this.#rootTimer = setInterval(() => this.#checkRoot(), WATCH_ROOT_SECONDS * 1000);
  }

  /** Asks for a look at everything, as if every file had changed. */
  touchAll(): void {
    this.#changed = null;
    this.#schedule();
  }

  /** Tells of `path`, relative to the folder, as if it had changed. */
  touch(path: string): void {
    this.#touched.add(path);
    this.#schedule();
  }

  /** Whether one of these has changed again since it was told: what was read of it may be half of a save. */
  willTell(paths: Iterable<string>): boolean {
    const changed = this.#changed;
    return changed !== "nothing" && [...paths].some((path) => touches(changed, path));
  }

  /** Resolves when nothing is going on any more. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#rootTimer);
    this.#closeWatcher();
    await this.#ended;
    await this.#acting;
  }

  /** A watch ends with its folder: one that comes back, or takes its place, is watched anew. */
  #checkRoot(): void {
    const identity = identityOf(this.#folder);
    if (identity !== this.#identity) {
      this.#identity = identity;
      // The new one is for the next time: Deno ends a watch later, and with it any other on the same path.
      this.#closeWatcher();
    } else if (this.#watcher === null && identity !== null) this.#openWatcher();
    else return;
    this.touchAll();
  }

  #openWatcher(): void {
    try {
      this.#root = Deno.realPathSync(this.#folder);
      const { watcher, partial } = openWatcher(this.#root, this.#watchFs);
      this.#watcher = watcher;
      this.#partial = partial;
      this.#ended = Promise.all([this.#ended, this.#listen(watcher)]).then(() => {});
    } catch {
      // Gone again already: the next look sees it.
      this.#identity = null;
    }
  }

  #closeWatcher(): void {
    this.#watcher?.close();
    this.#watcher = null;
  }

  async #listen(watcher: Deno.FsWatcher): Promise<void> {
    for await (const event of watcher) {
      // Reading a file is no change of it, and our own reading would wake us for ever.
      if (event.kind === "access") continue;
      for (const path of event.paths) this.#note(relativeInside(this.#root, path));
      const missed = event.flag === "rescan" || this.#isFlood();
      // Or one that is new, or may be read now: the next look at the root opens the watch anew.
      if (missed || this.#partial && event.paths.some(isFolder)) this.#identity = "another";
      this.#schedule();
    }
  }

  #isFlood(): boolean {
    const now = performance.now();
    if (now - this.#eventAt > WATCH_QUIET_MS) this.#events = 0;
    this.#eventAt = now;
    if (++this.#events <= WATCH_BURST_EVENTS_MAX) return false;
    this.#events = 0;
    return true;
  }

  /** `null`: the folder itself, or a spelling of it that we do not know. */
  #note(path: string | null): void {
    if (this.#changed === "nothing") this.#changed = new Set();
    if (path === null) this.#changed = null;
    else this.#changed?.add(path);
  }

  #schedule(): void {
    if (this.#closed || this.#acting !== null) return;
    const now = performance.now();
    if (this.#timer === undefined) this.#burstBegan = now;
    clearTimeout(this.#timer);
    const left = this.#burstBegan + WATCH_BURST_MS_MAX - now;
    this.#timer = setTimeout(() => this.#tell(), Math.max(0, Math.min(WATCH_QUIET_MS, left)));
  }

  #tell(): void {
    this.#timer = undefined;
    if (this.#touched.size > 0 && this.#changed === "nothing") this.#changed = new Set();
    const changed = this.#changed;
    if (changed === "nothing") return;
    for (const path of this.#touched) changed?.add(path);
    this.#touched.clear();
    this.#changed = "nothing";
    this.#acting = this.#act(changed).finally(() => {
      this.#acting = null;
      if (this.#changed !== "nothing" || this.#touched.size > 0) this.#schedule();
    });
  }
}

function isFolder(path: string): boolean {
  try {
    return Deno.lstatSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** `null` while there is no such folder. */
function identityOf(folder: string): string | null {
  try {
    const { dev, ino, birthtime } = Deno.statSync(folder);
    return `${dev} ${ino ?? birthtime?.getTime()}`;
  } catch {
    return null;
  }
}
