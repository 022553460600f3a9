/** The file that a process starts as another process, by a path of its own package. */
import { packageOf, type ProcessId } from "../protocol/address.ts";
import { AtATime } from "../protocol/at_a_time.ts";
import { Newest } from "../protocol/newest.ts";
import type { Bundle, Inputs } from "./bundle.ts";
import type { Builder, Entry } from "./builder.ts";
import { ChildBuilds } from "./child_builds.ts";
import { configOf, type LoadedScript, programOf } from "./loaded.ts";
import { CHILDREN_MAX } from "./limits.ts";
import type { Problem } from "./problem.ts";
import { findScript, type Layout } from "./packages.ts";
import { joinImport, placeOf, type Sources } from "./sources.ts";
import { type Changed, touches } from "./watch.ts";

export type Child = Pick<LoadedScript, "code" | "mapStack" | "config">;

/** Packages, by `package:publisher`. */
type Layouts = ReadonlyMap<string, Layout>;

export class Children {
  readonly #sources: Sources;
  readonly #builds: ChildBuilds;
  /** Files are read for one child of the node at a time, the packages by turns: a script may have 16 MB. */
  readonly #reading = new AtATime(1);
  /** What each was made of when it was loaded last, by package and path. */
  readonly #inputs = new Newest<string, Inputs>(CHILDREN_MAX);

  constructor(sources: Sources, builder: Builder) {
    this.#sources = sources;
    this.#builds = new ChildBuilds(builder);
  }

  /** The child's program. Rejects with what is wrong: no such file, outside of the package, does not compile. */
  async load(layouts: Layouts, parent: ProcessId, path: string): Promise<Child> {
    const asker = packageOf(parent);
    const { entry, known } = await this.#reading.take(
      () => this.#look(layouts, parent, path),
      asker,
    );
    const bundle = known ?? await this.#builds.build(entry, asker);
    this.#inputs.set(`${asker} ${path}`, bundle.inputs);
    const { file } = entry;
    const { output, problems } = bundle;
    if (output === null) {
      throw new Error(`${file}: ${problems.find(isError)?.text ?? "does not compile"}`);
    }
    return { ...programOf(file, output), config: configOf(output) };
  }

  /** Whether `load` may give something else than it did. */
  mayHaveChanged(parent: ProcessId, path: string, changed: Changed): boolean {
    const inputs = this.#inputs.get(`${packageOf(parent)} ${path}`);
    return inputs === undefined ||
      [...inputs.keys()].some((input) => touches(changed, input));
  }

  /** Where it is, and what is known of it as it is now. */
  async #look(
    layouts: Layouts,
    parent: ProcessId,
    path: string,
  ): Promise<{ entry: Entry; known: Bundle | null }> {
    const entry = await findChild(this.#sources, layouts, parent, path);
    const known = await this.#builds.find(entry);
    const source = known === null ? await this.#sources.read(entry.file, entry.root) : null;
    if (source !== null && "text" in source) throw new Error(`${entry.file}: ${source.text}`);
    return { entry, known };
  }
}

function isError({ severity }: Problem): boolean {
  return severity === "error";
}

async function findChild(
  sources: Sources,
  layouts: Layouts,
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
  return { file: found ?? file, root };
}
