/** The files in the node's home folder that belong to the store, and how it refuses to use them. */
import { join } from "@std/path";
import { StoreUnusable } from "./store_protocol.ts";

/** Why SQLite, or the system, refused. */
const LOCKED = /database is locked/;
const FULL = /database or disk is full|os error 28/;
const NO_ACCESS = /unable to open|readonly|attempt to write|disk I\/O|NotCapable|os error/;
/** More than SQLite needs to open anything. */
const PROBE_BYTES = 64 * 1024;

export class StoreFiles {
  readonly home: string;
  readonly database: string;
  /** What has been committed and is not in the database itself yet. */
  readonly log: string;
  /** SQLite's scratch for several readers of the log. Holds nothing. */
  readonly shared: string;
  /** Written by other journal modes than ours. */
  readonly journal: string;
  /** Becomes `database` when it is complete. */
  readonly unborn: string;
  /** Empty; whoever holds SQLite's exclusive lock on it is the only node on this folder. */
  readonly lock: string;

  constructor(home: string) {
    this.home = home;
    this.database = join(home, "kernel.sqlite");
    this.log = `${this.database}-wal`;
    this.shared = `${this.database}-shm`;
    this.journal = `${this.database}-journal`;
    this.unborn = `${this.database}.new`;
    this.lock = join(home, "kernel.lock");
  }

  /** Bytes in the file at `path`; null if there is none. */
  size(path: string): number | null {
    try {
      const info = Deno.statSync(path);
      if (info.isFile) return info.size;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw this.unusable(path, error);
    }
    throw new StoreUnusable(`Cannot open "${path}": it is not a file. Move it away.`);
  }

  /** Which files lie under the names of the database and of its log: whoever has them open does not notice. */
  identity(): string {
    const parts = [this.database, this.log].map((path) => {
      const { dev, ino } = Deno.statSync(path);
      return `${dev}/${ino}`;
    });
    return parts.join(" ");
  }

  remove(path: string): void {
    try {
      Deno.removeSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw this.unusable(path, error);
    }
  }

  damaged(path: string, how: string): StoreUnusable {
    return new StoreUnusable(
      `Cannot open "${path}": ${how}. What your processes saved is kept there; nothing was changed. ` +
        `Put a copy of kernel.sqlite and kernel.sqlite-wal back into "${this.home}", or move both out of ` +
        "it to start with nothing saved.",
    );
  }

  /** What an attempt to use `path` ended with, in words that say what to do. */
  unusable(path: string, error: unknown): StoreUnusable {
    if (error instanceof StoreUnusable) return error;
    const text = error instanceof Error ? error.message : String(error);
    if (LOCKED.test(text)) return this.#inUse(path);
    if (FULL.test(text)) return this.#full(path);
    if (NO_ACCESS.test(text)) {
      return new StoreUnusable(
        `Cannot open "${path}": ${
          this.#reasonOfSystem(path) ?? text
        }. The node must be able to read and ` +
          `write in "${this.home}"; another folder can be given with --home DIR.`,
      );
    }
    if (path === this.lock) {
      return new StoreUnusable(`Cannot use "${path}": ${text}. It holds nothing: delete it.`);
    }
    return this.damaged(path, text);
  }

  #full(path: string): StoreUnusable {
    return new StoreUnusable(`Cannot open "${path}": no room is left on its disk. Make some.`);
  }

  #inUse(path: string): StoreUnusable {
    if (path !== this.lock) {
      return new StoreUnusable(
        `Cannot open "${path}": another program has it open. Close it there.`,
      );
    }
    return new StoreUnusable(
      `Cannot use "${this.home}": another node runs on it. Stop that one, or give this one a folder of ` +
        "its own with --home DIR.",
    );
  }

  /** SQLite says "unable to open" or "disk I/O error"; the system knows why. */
  #reasonOfSystem(path: string): string | null {
    try {
      if (path !== this.lock) Deno.openSync(path, { read: true, write: true }).close();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) return (error as Error).message;
    }
    return this.#tryToWrite();
  }

  #tryToWrite(): string | null {
    try {
      Deno.writeFileSync(this.unborn, new Uint8Array(PROBE_BYTES));
      Deno.removeSync(this.unborn);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  }
}
