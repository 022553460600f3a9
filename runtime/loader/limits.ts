/** Bounds of the loader's own work, with their reasons; those that a script meets are in runtime/limits.ts. */

/** esbuild compiled, kept for the next save: with it a bundle takes 0.1 s, without it 1 s, for 50 MB. Half a workday. */
export const ESBUILD_KEPT_SECONDS = 4 * 3600;

/**
 * One that has built is kept for the next save up to this size, for a worker that starts holds the kernel's thread up
 * for 10 to 20 ms. It has 12 MB after small scripts, 120 MB after one of 1.4 MB.
 */
export const ESBUILD_KEPT_MB = 64;

/** After a bundle for which it grew larger, until another stands by: the process that was saved starts in that time. */
export const STAND_BY_AFTER_SECONDS = 0.4;

/** And as long, for it takes 40 MB: whoever saves, saves again soon. A save that finds it there waits 0.1 s less. */
export const STAND_BY_SECONDS = 600;

/** What a bundle may take, as a part of what the node may hold, and at least: hono and zod take 40 MB. */
export const BUNDLE_MEMORY_PART = 0.25;
export const BUNDLE_MEMORY_MB_MIN = 96;

/** A build for which the node has grown less is not to blame when it holds too much. */
export const BUILD_GREEDY_MB = 64;

/** A bundle that takes longer is made beside the others: one of 1 MB takes a second, a small one 0.1 s. */
export const PATIENCE_SECONDS = 5;

/** Children of whom is known what they are made of; others are looked at again after each change of the folder. */
export const CHILDREN_MAX = 1_000;

/** Children that could not be built, and for how long one that took too much is not tried again. */
export const FAILURES_MAX = 64;
export const FAILURE_SECONDS = 60;

/** After a boot that built nothing esbuild is compiled for the next save, a second of a core; not while others boot. */
export const WARM_AFTER_SECONDS = 2;

/** Bundles kept on disk; the oldest go first. Twice what one folder may hold. */
export const BUNDLE_CACHE_ENTRIES_MAX = 4_000;

/** A change is acted on when the folder was quiet this long: editors save in several steps. */
export const WATCH_QUIET_MS = 50;

/** And after this long even if it never was quiet. */
export const WATCH_BURST_MS_MAX = 500;

/** After more events at once the watch is opened anew: Linux drops what is beyond 16,384, Deno 2.4 without a word. */
export const WATCH_BURST_EVENTS_MAX = 2_000;

/** Between two looks whether the processes folder is still the one that is watched. */
export const WATCH_ROOT_SECONDS = 1;

/** Between two looks at the time of grants.json: cheaper than a watch of the home, where the store writes. */
export const GRANTS_LOOK_SECONDS = 1;
