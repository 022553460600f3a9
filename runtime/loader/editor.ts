/** What an editor needs in the processes folder to know `@kinode/process`: its declarations, and where they are. */
import { join } from "@std/path";
import { parse as parseJsonc } from "@std/jsonc";
import type { Log } from "../log.ts";
import types from "./library_types.json" with { type: "json" };

const DECLARATIONS = "kinode.d.ts";
const LIBRARY = "@kinode/process";
const HEAD = "// Written by kinode: what `@kinode/process` has. `kinode types` writes it anew.\n";

/** A fresh deno.json: the library's place, and the web's types as a process has them. */
const SETTINGS = {
  imports: { [LIBRARY]: `./${DECLARATIONS}` },
  compilerOptions: { lib: ["esnext", "dom", "dom.iterable", "dom.asynciterable"] },
};

/** Writes both into `folder`, which exists. A deno.json that is there gets the one line that it lacks, or a hint. */
export async function writeEditorFiles(folder: string, log: Log): Promise<void> {
  await Deno.writeTextFile(join(folder, DECLARATIONS), `${HEAD}${types.lines.join("\n")}\n`);
  const path = join(folder, "deno.json");
  const known = await tryRead(path) ?? await tryRead(`${path}c`);
  if (known === null) {
    return await Deno.writeTextFile(path, `${JSON.stringify(SETTINGS, null, 2)}\n`);
  }
  const merged = withLibrary(known);
  if (merged === "there") return;
  if (merged !== null && await tryRead(`${path}c`) === null) {
    return await Deno.writeTextFile(path, merged);
  }
  log.warn(
    `deno.json in ${folder} is left as it is: add "${LIBRARY}": "./${DECLARATIONS}" to its "imports"`,
  );
}

async function tryRead(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** The file with the library among its imports; `null` where only its owner can write that (comments, or no JSON). */
function withLibrary(text: string): string | "there" | null {
  try {
    const settings = parseJsonc(text) as { imports?: Record<string, string> } | null;
    if (settings?.imports?.[LIBRARY] !== undefined) return "there";
    const plain = JSON.parse(text);
    const imports = { ...plain.imports, [LIBRARY]: `./${DECLARATIONS}` };
    return `${JSON.stringify({ ...plain, imports }, null, 2)}\n`;
  } catch {
    return null;
  }
}
