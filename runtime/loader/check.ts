/** `kinode check`: everything of the folder is loaded as a node would, and nothing is started. */
import { join } from "@std/path";
import type { Log } from "../log.ts";
import { Loader } from "./loader.ts";

export interface CheckOptions {
  folder: string;
  libraryNames: readonly string[];
  log: Log;
}

/** How many scripts are good, and how many lines of errors there were. */
export interface Checked {
  good: number;
  errors: number;
}

/** Reports what is wrong as the node does. */
export async function checkFolder({ folder, libraryNames, log }: CheckOptions): Promise<Checked> {
  const home = await Deno.makeTempDir({ prefix: "kinode-check-" });
  const checked: Checked = { good: 0, errors: 0 };
  const loader = new Loader({
    folder,
    cacheFolder: join(home, "bundles"),
    libraryNames,
    grantsFile: join(home, "grants.json"),
    strict: false,
    waits: true,
    log: {
      info: () => {},
      warn(text) {
        // Every fault begins with its place and its kind (problem.ts).
        if (/^[^\n]*: error: /.test(text)) checked.errors++;
        log.warn(text);
      },
    },
    start: () => void checked.good++,
    stop: () => {},
  });
  try {
    await loader.loadAll();
  } finally {
    await loader.close();
    await Deno.remove(home, { recursive: true });
  }
  return checked;
}
