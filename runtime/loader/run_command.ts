/** What `kinode types`, `new` and `check` do. */
import type { Log } from "../log.ts";
import { checkFolder } from "./check.ts";
import { writeEditorFiles } from "./editor.ts";
import { makeNew, type Template } from "./new.ts";

export type Command =
  | { types: { folder: string } }
  | { new: { folder: string; name: string; template: Template } }
  | { check: { folder: string } };

/** Does it; returns the exit code. Rejects with an Error for the person. */
export async function runCommand(
  command: Command,
  { libraryNames, log }: { libraryNames: readonly string[]; log: Log },
): Promise<number> {
  if ("types" in command) {
    const { folder } = command.types;
    await existing(folder);
    await writeEditorFiles(folder, log);
    log.info(`wrote kinode.d.ts into ${folder}: editors and deno check know @kinode/process`);
    return 0;
  }
  if ("new" in command) {
    const { folder, name, template } = command.new;
    const paths = await makeNew(folder, name, template);
    await writeEditorFiles(folder, log);
    for (const path of paths) log.info(`made ${path}`);
    return 0;
  }
  const { folder } = command.check;
  await existing(folder);
  const { good, errors } = await checkFolder({ folder, libraryNames, log });
  log.info(`${good} processes are good, ${errors} errors`);
  return errors === 0 ? 0 : 1;
}

async function existing(folder: string): Promise<void> {
  const info = await Deno.stat(folder).catch(() => null);
  if (!info?.isDirectory) throw new Error(`there is no folder ${folder}: name it with --processes`);
}
