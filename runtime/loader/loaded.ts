/** What the loader hands to the kernel: code, name, rights. */
import type { ProcessId } from "../protocol/address.ts";
import { Config } from "../protocol/config.ts";
import type { Output } from "./bundle.ts";
import type { Grants } from "./grants.ts";
import type { Script } from "./packages.ts";
import { type Problem, problemOf } from "./problem.ts";
import { type Rights, rightsOf } from "./rights.ts";
import { StackMapper } from "./source_map.ts";

export interface LoadedScript {
  id: ProcessId;
  /** Path of the file inside the folder, for messages. */
  file: string;
  /** One ES module without any import. */
  code: string;
  /** What it says of itself, or its package's manifest of it. */
  config: Config;
  /** What it may do from its first statement on. */
  rights: Rights;
  /** `error.stack` of the worker, with the user's own files and lines. */
  mapStack(stack: string): string;
}

export interface Decided {
  loaded: LoadedScript;
  /** What it asks for and does not get. */
  refused: Rights;
}

/** What becomes of a script and its bundle, on a node with these rules. */
export function decide(
  script: Script,
  output: Output,
  { strict, grants }: { strict: boolean; grants: Grants },
): Decided {
  const { file } = script;
  const config = script.config ?? configOf(output);
  const id = config.id ?? script.id;
  const packaged = script.config !== null;
  const { given, refused } = rightsOf(config, { packaged, strict, grant: grants.of(id) });
  return { loaded: { id, file, config, rights: given, ...programOf(file, output) }, refused };
}

/** What the script itself says. */
export function configOf(output: Output): Config {
  return Config(output.config ?? {}, "config");
}

export function programOf(file: string, { code, map }: Output) {
  const mapper = new StackMapper(file, code, map);
  return { code, mapStack: (stack: string) => mapper.map(stack) };
}

/** Why `script` may not have the name `id`; `owners`: who has which name, by the key of a script. */
export function findObjection(
  { key, file }: Script,
  id: ProcessId,
  owners: Iterable<{ id: ProcessId; script: Script }>,
): Problem | null {
  if (id.endsWith(":sys")) {
    const hint = 'choose another publisher, such as "template.os"';
    return problemOf(file, `cannot be ${id}: the publisher "sys" is the node itself`, hint);
  }
  for (const owner of owners) {
    if (owner.id !== id || owner.script.key === key) continue;
    const hint = "choose another name, or delete one of them";
    return problemOf(file, `cannot be ${id}: that is the process of ${owner.script.file}`, hint);
  }
  return null;
}

/** A package's script that says what nobody reads. */
export function warningOf({ file, config }: Script, output: Output | null): Problem | null {
  const fields = Object.keys(output?.config ?? {}).filter((field) => field !== "schedule");
  if (config === null || fields.length === 0) return null;
  const text = `its config.${fields[0]} means nothing: it is a part of a package`;
  return { ...problemOf(file, text, "write it into manifest.json"), severity: "warning" };
}
