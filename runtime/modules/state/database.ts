/**
 * kernel.sqlite, opened: runs calls in transactions. In the store's worker, since every COMMIT waits for the disk.
 *
 *   open: lock ─► inspect (changes nothing) ─► create if there is none ─► open for writing
 *
 * WAL with synchronous=FULL: COMMIT returns when the log is on the disk. locking_mode=EXCLUSIVE: no other
 * program writes into it meanwhile, and no shared memory is needed.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { statfsSync } from "node:fs";
import { assert } from "../../assert.ts";
import { STATE_FREE_BYTES_MIN } from "./limits.ts";
import { StoreFiles } from "./files.ts";
import { inspect } from "./inspection.ts";
import { checksumOf, SCHEMA } from "./schema.ts";
import { type Call, type Outcome, type Row, type Table, TABLES } from "./store_protocol.ts";

/** A node that was just killed may need a moment to be gone. */
const LOCK_WAIT_MS = 1_000;
/** The log is cut back to this when SQLite starts it anew after a large save. */
const LOG_BYTES_KEPT = 16 * 1024 * 1024;

/** For tests. */
export interface DatabaseOptions {
  /** So many pages, and the disk is full. */
  pagesMax?: number | null;
  /** What is left on the disk of `home`. */
  freeBytes?(home: string): number;
}

interface Statements {
  read: StatementSync;
  write: StatementSync;
  remove: StatementSync;
  list: StatementSync;
}

interface StoredRow {
  key: string;
  bytes: Uint8Array<ArrayBuffer>;
  checksum: Uint8Array;
}

export class Database {
  readonly #files: StoreFiles;
  readonly #identity: string;
  readonly #lock: DatabaseSync;
  readonly #database: DatabaseSync;
  readonly #freeBytes: () => number;
  readonly #statements: Record<Table, Statements>;

  /** Throws a StoreUnusable. */
  static open(home: string, { pagesMax = null, freeBytes = freeOnDisk }: DatabaseOptions = {}) {
    const files = new StoreFiles(home);
    const lock = takeLock(files);
    try {
      if (!inspect(files)) create(files);
      const database = openForWriting(files, pagesMax);
      return new Database(files, lock, database, () => freeBytes(home));
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  private constructor(
    files: StoreFiles,
    lock: DatabaseSync,
    database: DatabaseSync,
    freeBytes: () => number,
  ) {
    this.#files = files;
    this.#identity = files.identity();
    this.#freeBytes = freeBytes;
    this.#lock = lock;
    this.#database = database;
    const entries = TABLES.map((table) => [table, prepare(database, table)]);
    this.#statements = Object.fromEntries(entries) as Record<Table, Statements>;
  }

  /** In their order, in one transaction. When that fails, each gets one of its own and its own reason. */
  run(calls: Call[]): Outcome[] {
    try {
      return this.#transaction(calls);
    } catch (error) {
      if (calls.length === 1) return [{ failed: (error as Error).message }];
      return calls.flatMap((call) => this.run([call]));
    }
  }

  /** Moves the log into the database, so that the one file holds everything while nothing happens. */
  tidy(): void {
    try {
      this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // Not even for that is there room: the log keeps what it has.
    }
  }

  close(): void {
    this.#database.close();
    this.#lock.close();
  }

  #transaction(calls: Call[]): Outcome[] {
    if (calls.some(({ verb }) => verb === "write" || verb === "remove")) {
      this.#requireFiles();
      this.#requireRoom(calls);
    }
    this.#database.exec("BEGIN");
    try {
      const outcomes = calls.map((call) => ({ rows: this.#do(call) }));
      this.#database.exec("COMMIT");
      return outcomes;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** A removed file takes what is written into it, and is gone with the node. */
  #requireFiles(): void {
    let identity: string | null = null;
    try {
      identity = this.#files.identity();
    } catch {
      // Not there, or out of reach: not the same in any case.
    }
    if (identity === this.#identity) return;
    throw new Error("the node's saved state was moved or removed under it: restart the node");
  }

  /**
   * SQLite itself would go on until the disk is full to its last byte, and then could not even remove anything:
   * what is removed is written into the log first.
   */
  #requireRoom(calls: Call[]): void {
    const sizes = calls.map((call) => call.verb === "write" ? call.bytes.length : 0);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    // Once in the log, once in the database.
    const needed = 2 * bytes + STATE_FREE_BYTES_MIN;
    if (!calls.some(({ verb }) => verb === "write") || this.#freeBytes() >= needed) return;
    this.tidy();
    const free = this.#freeBytes();
    if (free >= needed) return;
    throw new Error(
      `the disk is full: ${free} bytes are left, of which ${STATE_FREE_BYTES_MIN} stay free`,
    );
  }

  /** SQLite has done so itself after some errors; then there is nothing to roll back. */
  #rollBack(): void {
    try {
      this.#database.exec("ROLLBACK");
    } catch (error) {
      if (!/no transaction is active/.test((error as Error).message)) throw error;
    }
  }

  #do(call: Call): Row[] {
    const { read, write, remove, list } = this.#statements[call.table];
    if (call.verb === "list") {
      const keys = list.all() as { key: string }[];
      return keys.flatMap(({ key }) => this.#checked(call.table, read.get(key)));
    }
    if (call.verb === "read") return this.#checked(call.table, read.get(call.key));
    if (call.verb === "remove") remove.run(call.key);
    else write.run(call.key, call.bytes, checksumOf(call.table, call.key, call.bytes));
    return [];
  }

  #checked(table: Table, found: unknown): Row[] {
    if (found === undefined) return [];
    const { key, bytes, checksum } = found as StoredRow;
    if (checksumOf(table, key, bytes).equals(checksum)) return [{ key, bytes }];
    throw new Error(`the ${table} of ${key} is damaged`);
  }
}

/** Held as long as the process lives, however it ends. Opened with SQLite, since Deno 2.4 cannot try a lock. */
function takeLock(files: StoreFiles): DatabaseSync {
  let lock: DatabaseSync | null = null;
  try {
    lock = new DatabaseSync(files.lock);
    // In memory: nothing is ever written, and no journal shall lie beside it.
    lock.exec(
      `PRAGMA busy_timeout = ${LOCK_WAIT_MS}; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE`,
    );
    return lock;
  } catch (error) {
    lock?.close();
    throw files.unusable(files.lock, error);
  }
}

/** Under another name until it is complete: an empty or half kernel.sqlite is always a damaged one. */
function create(files: StoreFiles): void {
  for (const ending of ["", "-wal", "-shm", "-journal"]) files.remove(files.unborn + ending);
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(files.unborn);
    // Others on this computer have no business in what processes saved. Its log gets the same rights.
    if (Deno.build.os !== "windows") Deno.chmodSync(files.unborn, 0o600);
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN; ${SCHEMA} COMMIT`);
    database.close();
    database = null;
    // The name is on the disk with the first save: SQLite syncs the folder when it creates the log.
    Deno.renameSync(files.unborn, files.database);
  } catch (error) {
    database?.close();
    throw files.unusable(files.unborn, error);
  }
}

function openForWriting(files: StoreFiles, pagesMax: number | null): DatabaseSync {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(files.database);
    // fullfsync: without it macOS leaves the data in the drive's own cache.
    database.exec(`
      PRAGMA busy_timeout = ${LOCK_WAIT_MS};
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA synchronous = FULL;
      PRAGMA fullfsync = ON;
      PRAGMA checkpoint_fullfsync = ON;
      PRAGMA journal_size_limit = ${LOG_BYTES_KEPT};
      PRAGMA temp_store = MEMORY;
      PRAGMA trusted_schema = OFF;
      PRAGMA cell_size_check = ON;
      SELECT count(*) FROM sqlite_schema;
    `);
    if (pagesMax !== null) database.exec(`PRAGMA max_page_count = ${pagesMax}`);
    const { journal_mode } = database.prepare("PRAGMA journal_mode").get()!;
    const { synchronous } = database.prepare("PRAGMA synchronous").get()!;
    assert(journal_mode === "wal" && synchronous === 2, `${journal_mode}, ${synchronous}`);
    return database;
  } catch (error) {
    database?.close();
    throw files.unusable(files.database, error);
  }
}

function freeOnDisk(home: string): number {
  try {
    const { bavail, bsize } = statfsSync(home);
    return bavail * bsize;
  } catch {
    // Some file systems do not tell.
    return Infinity;
  }
}

function prepare(database: DatabaseSync, table: Table): Statements {
  return {
    read: database.prepare(`SELECT key, bytes, checksum FROM ${table} WHERE key = ?`),
    write: database.prepare(
      `INSERT INTO ${table} (key, bytes, checksum) VALUES (?, ?, ?) ON CONFLICT (key)
       DO UPDATE SET bytes = excluded.bytes, checksum = excluded.checksum`,
    ),
    remove: database.prepare(`DELETE FROM ${table} WHERE key = ?`),
    list: database.prepare(`SELECT key FROM ${table} ORDER BY key`),
  };
}
