/** The file that a process starts as another process, by a path of its own package. */
import { packageOf, type ProcessId } from "../protocol/address.ts";
import type { Builder, Entry } from "./builder.ts";
import { configOf, type LoadedScript, programOf } from "./loaded.ts";
import type { Problem } from "./problem.ts";
import { findScript, type Layout } from "./packages.ts";
import { joinImport, placeOf, type Sources } from "./sources.ts";

export interface ChildOptions {
  sources: Sources;
  builder: Builder;
  /** Packages, by `package:publisher`. */
  layouts: ReadonlyMap<string, Layout>;
}

/** The child's program. Rejects with what is wrong: no such file, outside of the package, does not compile. */
export async function loadChild(
  { sources, builder, layouts }: ChildOptions,
  parent: ProcessId,
  path: string,
): Promise<Pick<LoadedScript, "code" | "mapStack" | "config">> {
  const entry = await findChild(sources, layouts, parent, path);
  const { file } = entry;
  const bundle = await builder.find(entry) ?? await builder.buildWhole(entry);
  const { output, problems } = bundle;
  await builder.rest(false);
  if (output === null) {
    throw new Error(`${file}: ${problems.find(isError)?.text ?? "does not compile"}`);
  }
  await builder.store(entry, bundle);
  return { ...programOf(file, output), config: configOf(output) };
}

function isError({ severity }: Problem): boolean {
  return severity === "error";
}

async function findChild(
  sources: Sources,
  layouts: ReadonlyMap<string, Layout>,
  parent: ProcessId,
  path: string,
): Promise<Entry> {
  const owner = packageOf(parent);
  const layout = layouts.get(owner) ?? null;
  // Kinode's own form, /package:publisher/pkg/child.wasm, or a path relative to the package.
  const inner = path.replace(new RegExp(`^/?${owner.replaceAll(".", "\\.")}/pkg/`), "")
    .replace(/^\/+/, "");
  const { root, base } = layout ?? { root: "", base: "" };
  const file = joinImport(base === "" ? "parent.ts" : `${base}/parent.ts`, `./${inner}`, root);
  if (file === null) {
    throw new Error(`${path} is outside of the ${layout === null ? "folder" : placeOf(root)}`);
  }
  const found = layout === null ? null : await findScript(sources, layout, inner);
  const source = await sources.read(found ?? file, root);
  if ("text" in source) throw new Error(`${file}: ${source.text}`);
  return { file: found ?? file, root };
}
