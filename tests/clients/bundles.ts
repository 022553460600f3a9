// One cache of bundles for all nodes of a test run: to compile esbuild costs each node that builds one a second of a
// core, a third of what all tests took. What the bundler makes is looked at by the first that needs it.

import { join } from "@std/path";

const FOLDER = join(Deno.env.get("TMPDIR") ?? "/tmp", "kinode-test-bundles");
const OLD_MS = 24 * 3600 * 1000;

/** Made by the first node of a test file. */
let shared: Promise<string> | undefined;

/** Makes the cache of a new `home` the one that is shared. */
export async function shareBundles(home: string): Promise<void> {
  shared ??= begin();
  await Deno.mkdir(join(home, "cache"), { recursive: true });
  await Deno.symlink(await shared, join(home, "cache", "bundles"));
}

async function begin(): Promise<string> {
  const folder = join(FOLDER, await nameOfRun());
  await Deno.mkdir(folder, { recursive: true });
  await removeOld();
  return folder;
}

/** This run's only: a bundler that has changed since the last may not have changed its version yet. */
async function nameOfRun(): Promise<string> {
  const stat = await Deno.readTextFile("/proc/self/stat").catch(() => "");
  const started = stat.split(") ")[1]?.split(" ")[19] ?? "";
  return `${Deno.pid}-${started}`;
}

/** Runs that have ended leave theirs behind: no test file knows that it is the last. */
async function removeOld(): Promise<void> {
  for await (const { name } of Deno.readDir(FOLDER)) {
    const path = join(FOLDER, name);
    // Others clear up at the same time.
    const mtime = (await Deno.stat(path).catch(() => null))?.mtime?.getTime() ?? Date.now();
    if (Date.now() - mtime > OLD_MS) await Deno.remove(path, { recursive: true }).catch(() => {});
  }
}
