/**
 * Looks over what lies in the home folder before it is opened for writing, and changes none of it. A connection
 * that may write is no place for that: closing it copies the log into the database and deletes the log, over
 * whatever damage there is. So: first our own look at the log, then a read-only connection, which sees the log's
 * transactions but has no right to move them.
 */
import { DatabaseSync } from "node:sqlite";
import { APPLICATION_ID, checksumOf, SCHEMA_VERSION } from "./schema.ts";
import type { StoreFiles } from "./files.ts";
import { StoreUnusable, TABLES } from "./store_protocol.ts";
import { findWalDamage } from "./wal.ts";

/** True: there is a database, and all of it can be read. False: there is none yet. Else a StoreUnusable. */
export function inspect(files: StoreFiles): boolean {
  const databaseBytes = files.size(files.database);
  const logBytes = files.size(files.log);
  if (databaseBytes === null) {
    if (!logBytes) return false;
    throw files.damaged(files.log, "its kernel.sqlite is missing");
  }
  // One of ours is never empty: it gets its name when it is complete.
  if (databaseBytes === 0) throw files.damaged(files.database, "it is empty");
  // SQLite would take it for the undo log of this database and roll it back.
  if (files.size(files.journal) !== null) {
    throw new StoreUnusable(
      `Cannot tell what "${files.journal}" is: no node writes it. Move it away.`,
    );
  }
  const logDamage = attempt(files, files.log, () => logBytes ? findWalDamage(files.log) : null);
  if (logDamage !== null) throw files.damaged(files.log, logDamage);
  const scratch = [files.shared, files.log].filter((path) => files.size(path) === null);
  try {
    attempt(files, files.database, () => readAll(files));
  } finally {
    for (const path of scratch) files.remove(path);
  }
  return true;
}

function readAll(files: StoreFiles): void {
  const database = new DatabaseSync(files.database, { readOnly: true });
  try {
    // exec() tells what is wrong with the file; prepare() does not always, on Deno 2.4.
    database.exec("SELECT count(*) FROM sqlite_schema");
    identify(files, database);
    const found = database.prepare("PRAGMA integrity_check(1)").get()!.integrity_check;
    if (found !== "ok") throw files.damaged(files.database, `it is damaged (${found})`);
    for (const table of TABLES) checkRows(files, database, table);
  } finally {
    database.close();
  }
}

function identify(files: StoreFiles, database: DatabaseSync): void {
  const { application_id } = database.prepare("PRAGMA application_id").get()!;
  if (application_id !== APPLICATION_ID) {
    throw files.damaged(files.database, "it is a database of another program");
  }
  const { user_version } = database.prepare("PRAGMA user_version").get()!;
  if (user_version === SCHEMA_VERSION) return;
  if (Number(user_version) > SCHEMA_VERSION) {
    throw new StoreUnusable(
      `Cannot open "${files.database}": a newer kinode wrote it (format ${user_version}; this one knows ` +
        `${SCHEMA_VERSION}). Start the newer one.`,
    );
  }
  throw files.damaged(files.database, `its format is ${user_version}, which never was`);
}

/** SQLite checks how its pages hang together, not what is in them. */
function checkRows(files: StoreFiles, database: DatabaseSync, table: string): void {
  const keys = database.prepare(`SELECT key FROM ${table}`).all() as { key: string }[];
  const select = database.prepare(`SELECT bytes, checksum FROM ${table} WHERE key = ?`);
  for (const { key } of keys) {
    const row = select.get(key) as { bytes: Uint8Array; checksum: Uint8Array } | undefined;
    if (row === undefined || !checksumOf(table, key, row.bytes).equals(row.checksum)) {
      throw files.damaged(files.database, `it is damaged (${table} of ${key})`);
    }
  }
}

function attempt<T>(files: StoreFiles, path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw files.unusable(path, error);
  }
}
