// One cache of bundles for all nodes of a test run: to compile esbuild costs each node that builds one a second of a
// core, which was half of what a test took. What the bundler makes is looked at by the first that needs it.

import { join } from "@std/path";

const FOLDER = join(Deno.env.get("TMPDIR") ?? "/tmp", "kinode-test-bundles");
const OLD_MS = 24 * 3600 * 1000;

/** Makes `home`'s cache the one that is shared, unless it has one. */
export async function shareBundles(home: string): Promise<void> {
  // Of this run only: a bundler that has changed may not have changed its version yet.
  const shared = join(FOLDER, `${Deno.pid}`);
  await begin(shared);
  await Deno.mkdir(join(home, "cache"), { recursive: true });
  await Deno.symlink(shared, join(home, "cache", "bundles")).catch((error) => {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  });
}

/** Runs that have ended leave theirs behind: no test file knows that it is the last. */
async function begin(shared: string): Promise<void> {
  await Deno.mkdir(shared, { recursive: true });
  for await (const { name } of Deno.readDir(FOLDER)) {
    const path = join(FOLDER, name);
    const { mtime } = await Deno.stat(path);
    if (Date.now() - mtime!.getTime() > OLD_MS) {
      await Deno.remove(path, { recursive: true }).catch(() => {});
    }
  }
}
