/** Bounds of what processes keep, with their reasons. */

/** Saved state of one process, which is whole in memory while it is saved: as the largest message. */
export const STATE_BYTES_MAX = 64 * 1024 * 1024;

/** Saves of one process, and of all, that wait for the disk; beyond it they are refused. */
export const STATE_WAITING_BYTES_PER_PROCESS_MAX = 128 * 1024 * 1024;
export const STATE_WAITING_BYTES_MAX = 256 * 1024 * 1024;

/** The same in calls, as small ones cost more than their bytes: 1,000 take about 10 ms. */
export const STATE_WAITING_CALLS_PER_PROCESS_MAX = 1_000;
export const STATE_WAITING_CALLS_MAX = 100_000;

/** Left free on the disk by saves: SQLite's log grows to 4 MB, and removing something takes room, too. */
export const STATE_FREE_BYTES_MIN = 8 * 1024 * 1024;

/** A transaction is closed when it holds this much: all in it wait for its end. */
export const STATE_BATCH_BYTES = 16 * 1024 * 1024;
export const STATE_BATCH_CALLS_MAX = 1_000;
