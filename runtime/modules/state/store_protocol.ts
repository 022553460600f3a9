/** What the kernel's thread and the store's worker say to each other: one question, one answer, in turn. */

export const TABLES = ["state", "process", "capability"] as const;
export type Table = typeof TABLES[number];

export interface Row {
  key: string;
  bytes: Uint8Array<ArrayBuffer>;
}

export type Call =
  | { verb: "read"; table: Table; key: string }
  | { verb: "remove"; table: Table; key: string }
  | { verb: "write"; table: Table; key: string; bytes: Uint8Array<ArrayBuffer> }
  | { verb: "list"; table: Table };

/** `rows`: what was read or listed, none for the others. */
export type Outcome = { rows: Row[] } | { failed: string };

export type ToWorker =
  | { type: "open"; home: string; pagesMax: number | null }
  | { type: "run"; calls: Call[] }
  | { type: "close" };

export type FromWorker =
  | { type: "opened" }
  | { type: "unusable"; reason: string }
  /** One outcome for each call, when all of them are on the disk. */
  | { type: "ran"; outcomes: Outcome[] }
  | { type: "closed" };

/** The saved state cannot be used, and was not changed. The message is for the person at the terminal. */
export class StoreUnusable extends Error {
  override name = "StoreUnusable";
}
