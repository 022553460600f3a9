/** How a script is compiled: what `deno.json` or `tsconfig.json` beside it says of JSX and decorators. */
import { parse as parseJsonc } from "@std/jsonc";
import { MANIFEST_BYTES_MAX } from "../limits.ts";
import { textOf } from "../protocol/message.ts";
import type { Inputs } from "./bundle.ts";
import type { NpmPackages } from "./npm.ts";
import { sha256Of, type Sources } from "./sources.ts";

/** The fields of `compilerOptions` that decide what a script means; all others are the editor's. */
const FIELDS = [
  "jsx",
  "jsxFactory",
  "jsxFragmentFactory",
  "jsxImportSource",
  "experimentalDecorators",
  "useDefineForClassFields",
] as const;

const FILES = ["deno.json", "deno.jsonc", "tsconfig.json"];

/** What stands in a `tsconfig.json`, of it. */
export type CompilerOptions = Partial<Record<typeof FIELDS[number], unknown>>;

/**
 * Of the files beside the script, then of those in the processes folder, the first that is there counts. What they say
 * of JSX goes before `installedJsx`.
 */
export async function compilerOptions(
  root: string,
  { sources, inputs }: { sources: Sources; inputs: Inputs },
): Promise<CompilerOptions> {
  const found = await firstOf(root, sources, inputs) ??
    (root === "" || /\.zip$/i.test(root) ? null : await firstOf("", sources, inputs)) ?? {};
  const options: CompilerOptions = {};
  for (const field of FIELDS) if (found[field] !== undefined) options[field] = found[field];
  // Deno's own word for a form that esbuild does not have.
  if (options.jsx === "precompile") options.jsx = "react-jsx";
  return options;
}

/** JSX for preact or react, whichever `entry` finds installed. */
export async function installedJsx(entry: string, npm: NpmPackages): Promise<CompilerOptions> {
  for (const name of ["preact", "react"]) {
    if (await npm.versionOf(name, entry) === null) continue;
    return { jsx: "react-jsx", jsxImportSource: name };
  }
  return {};
}

async function firstOf(
  root: string,
  sources: Sources,
  inputs: Inputs,
): Promise<Record<string, unknown> | null> {
  for (const name of FILES) {
    const path = root === "" ? name : `${root}/${name}`;
    const source = await sources.read(path, root);
    inputs.set(path, "text" in source ? null : await sha256Of(source.bytes));
    if ("text" in source) continue;
    return source.bytes.length > MANIFEST_BYTES_MAX ? {} : optionsIn(textOf(source.bytes));
  }
  return null;
}

/** A file that cannot be read, or takes seconds to read, says nothing of compiling: its editor shows what is wrong with it. */
function optionsIn(text: string): Record<string, unknown> {
  try {
    const json = parseJsonc(text) as { compilerOptions?: Record<string, unknown> } | null;
    return json?.compilerOptions ?? {};
  } catch {
    return {};
  }
}
