// `deno task types`: writes runtime/loader/library_types.json, the declarations of `@kinode/process` that a node
// puts into its folder for editors. They are made of the library's own types, all in one module; types_test.ts says
// when they are not current. A list of lines, so that a change shows as what it is.

import "typescript"; // The one that rollup-plugin-dts takes.
import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";
import { fromFileUrl, join } from "@std/path";

const ROOT = fromFileUrl(new URL("../", import.meta.url));
export const TYPES_FILE = join(ROOT, "runtime", "loader", "library_types.json");

const COMPILER_OPTIONS = {
  allowImportingTsExtensions: true,
  noEmit: true,
  lib: ["esnext", "dom", "dom.iterable", "dom.asynciterable"],
  target: "esnext",
  module: "esnext",
  moduleResolution: "bundler",
  strict: true,
  skipLibCheck: true,
};

/** The text of `library_types.json`. */
export async function libraryTypes(): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const input = join(ROOT, "runtime", "process", "mod.ts");
    const tsconfig = join(folder, "tsconfig.json");
    const settings = { include: [input], compilerOptions: COMPILER_OPTIONS };
    await Deno.writeTextFile(tsconfig, JSON.stringify(settings));
    const bundle = await rollup({
      input,
      external: [/^@std\//, /^node:/],
      plugins: [dts({ tsconfig })],
    });
    const { output } = await bundle.generate({ format: "es" });
    const code = withBothMeanings(await withOwnPackages(output[0].code));
    return `${JSON.stringify({ lines: code.trimEnd().split("\n") }, null, 2)}\n`;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** An editor in the user's folder knows nothing of our packages: what we declare of them comes along. */
async function withOwnPackages(code: string): Promise<string> {
  const declared = await Deno.readTextFile(join(ROOT, ".ci", "std.d.ts"));
  return code.replace(/^import \{[^}]*\} from '([^']+)';\n/gm, (_line, name: string) => {
    const start = declared.indexOf(`declare module "${name}" {`);
    if (start < 0) throw new Error(`std.d.ts declares nothing of ${name}, which the library shows`);
    const body = declared.slice(declared.indexOf("\n", start) + 1, declared.indexOf("\n}", start));
    return `${
      body.replaceAll(/^ {2}/gm, "").replaceAll(/^export (?!type|interface)/gm, "declare ")
        .replaceAll(/^export /gm, "")
    }\n`;
  });
}

/** In a namespace the bundler keeps of a name that is a type and a value the value alone. */
function withBothMeanings(code: string): string {
  return code.replace(/^(\s*)declare const (\w+): typeof (\w+);$/gm, (line, space, alias, name) => {
    const has = (kinds: string) =>
      new RegExp(`^(?:declare )?(?:${kinds}) ${name}\\b`, "m").test(code);
    if (!has("type|interface") || new RegExp(`type ${alias} =`).test(code)) return line;
    const type = `${space}type ${alias} = ${name};`;
    return has("const|class|function") ? `${line}\n${type}` : type;
  });
}

if (import.meta.main) await Deno.writeTextFile(TYPES_FILE, await libraryTypes());
