/** What is in kernel.sqlite. Three tables of one form: the store knows keys and bytes, not what they mean. */
import { createHash } from "node:crypto";
import type { Buffer } from "node:buffer";
import { TABLES } from "./store_protocol.ts";

/** "knod": tells our files from those of other programs. */
export const APPLICATION_ID = 0x6b6e6f64;

/** Raise it with every change of the tables or of what is in them, and write the way up from the one before. */
export const SCHEMA_VERSION = 1;

/**
 * Not WITHOUT ROWID: there SQLite reads whole rows to compare keys, and a small save took 130 ms beside large
 * ones. `bytes` is a BLOB also where it holds text: node:sqlite ends a TEXT at its first NUL.
 */
export const SCHEMA = `
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
  ${
  TABLES.map((table) =>
    `CREATE TABLE ${table} (
      key TEXT PRIMARY KEY NOT NULL,
      bytes BLOB NOT NULL,
      checksum BLOB NOT NULL
    ) STRICT;`
  ).join("\n")
}`;

/** With the key in it, so that bytes under a wrong key are wrong too. */
export function checksumOf(table: string, key: string, bytes: Uint8Array): Buffer {
  return createHash("sha256").update(`${table}\0${key}\0`).update(bytes).digest();
}
