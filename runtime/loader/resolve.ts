/**
 * What an import means, for one bundle:
 *
 *     @kinode/process ─► the library          ./x.ts    ─► a file of the folder, or of the package
 *     zod, #internal  ─► npm.ts                node:path ─► node_names.ts
 *
 * Everything else is refused, with what to do.
 */
import { SOURCE_BYTES_MAX } from "../limits.ts";
import type { Inputs } from "./bundle.ts";
import type { Answer, Question } from "./bundle_protocol.ts";
import { nodeModule, nodeNameOf, packagePathOf } from "./node_names.ts";
import { NpmPackages } from "./npm.ts";
import { isOfPackage, rootOf } from "./npm_path.ts";
import {
  joinImport,
  loaderOf,
  placeOf,
  type Refusal,
  refusalOf,
  sha256Of,
  type Sources,
  tooLarge,
} from "./sources.ts";
import { notUtf8 } from "./utf8.ts";

export const LIBRARY = "@kinode/process";

export interface ResolverOptions {
  sources: Sources;
  /** The module behind `@kinode/process`. */
  library: string;
  entry: string;
  /** What the script may import of: "" for the whole folder. */
  root: string;
  inputs: Inputs;
  /** Where the packages of this program lie. */
  packages(): URL;
}

export class Resolver {
  readonly npm: NpmPackages;
  readonly #options: ResolverOptions;
  #bytesLeft = SOURCE_BYTES_MAX;

  constructor(options: ResolverOptions) {
    const { sources, root, inputs } = options;
    this.#options = options;
    this.npm = new NpmPackages(sources, root, inputs);
  }

  async answer(question: Question): Promise<Answer> {
    const answer = await this.#resolve(question);
    if (!("found" in answer)) return answer;
    this.#bytesLeft -= answer.found.bytes.length;
    return this.#bytesLeft < 0 ? { refused: tooLarge(this.#options.entry) } : answer;
  }

  async #resolve(question: Question): Promise<Answer> {
    const { specifier, importer, kind } = question;
    if (kind === "entry-point") return await this.#entry(specifier);
    if (specifier === LIBRARY) return { module: { name: LIBRARY, code: this.#options.library } };
    if (/^(?:node|noble):/.test(importer)) return await this.#within(specifier, importer);
    if (/^\.\.?(?:\/|$)/.test(specifier)) return await this.#relative(question);
    return await this.#bare(question);
  }

  async #entry(path: string): Promise<Answer> {
    if (/\.[cm]?[jt]sx?$/i.test(path)) return await this.#read(path, null);
    const hint = "a script has a name that ends in .ts, .tsx, .mts, .js, .mjs or .jsx";
    return { refused: { text: `${path} is no script`, hint } };
  }

  async #relative({ specifier, importer, type }: Question): Promise<Answer> {
    const { root } = this.#options;
    if (specifier.includes("\\")) {
      return { refused: { text: `cannot import "${specifier}"`, hint: 'write "/", not "\\"' } };
    }
    if (isOfPackage(importer)) {
      return await this.#ofPackage(await this.npm.relative(specifier, importer), type);
    }
    const path = joinImport(importer, specifier, root);
    if (path !== null) return await this.#read(path, type);
    return {
      refused: {
        text: `"${specifier}" leaves the ${placeOf(root)}`,
        hint: `copy the file into the ${placeOf(root)} and import it as "./name.ts"`,
      },
    };
  }

  /** A package's name, or that of one of Node's modules. An installed package goes before a module without `node:`. */
  async #bare({ specifier, importer, kind, type }: Question): Promise<Answer> {
    const wanted = await this.#withoutVersion(specifier, importer);
    if (typeof wanted === "object") return { refused: wanted };
    if (!wanted.includes(":") && !wanted.startsWith("/")) {
      const found = await this.npm.resolve(wanted.replace(/\/$/, ""), importer, kind);
      if (found !== null) return await this.#ofPackage(found, type);
    }
    const name = nodeNameOf(wanted);
    if (name === null) {
      return { refused: await this.#meantAsFile(wanted, importer) ?? this.#notInstalled(wanted) };
    }
    const module = nodeModule(name);
    if ("text" in module) return { refused: module };
    if ("code" in module) return { module: { name: `node:${name}`, code: module.code } };
    return await this.#ofProgram(module.file);
  }

  /** `lib/util.ts` for `./lib/util.ts`. */
  async #meantAsFile(specifier: string, importer: string): Promise<Refusal | null> {
    const { root, sources } = this.#options;
    if (isOfPackage(importer) || /^[^/]*:|^\/|kinode/.test(specifier)) return null;
    const path = joinImport(importer, specifier, root);
    if (path === null || !await sources.has(path, root)) return null;
    return {
      text: `cannot import "${specifier}": without "./" it is a package`,
      hint: `write "./${specifier}", if you mean the file`,
    };
  }

  #notInstalled(specifier: string): Refusal {
    const { root } = this.#options;
    const name = /^((?:@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*)(?:\/.*)?$/i.exec(specifier)?.[1];
    if (name === undefined || specifier.includes("kinode")) return refusalOf(specifier);
    const install = /\.zip$/i.test(root)
      ? `put its node_modules into ${root}`
      : `run "npm install ${name}" in the ${placeOf(root)}`;
    return {
      text: `cannot import "${specifier}": the package ${name} is not installed`,
      hint: /\.\w+$/.test(specifier) ? `${install}, or write "./${specifier}" for a file` : install,
    };
  }

  /** `npm:zod@4/mini` means the package that is installed, if its version fits. */
  async #withoutVersion(specifier: string, importer: string): Promise<string | Refusal> {
    const parts = /^npm:\/?((?:@[^/@]+\/)?[^/@]+)(?:@([^/]+))?(\/.*)?$/.exec(specifier);
    if (parts === null) return specifier;
    const [, name, wanted, path = ""] = parts as unknown as [string, string, string?, string?];
    const installed = await this.npm.versionOf(name, importer);
    const major = /\d+/.exec(wanted ?? "")?.[0];
    if (installed === null || major === undefined || installed.startsWith(`${major}.`)) {
      return name + path;
    }
    return {
      text: `"${specifier}" is not what is installed: ${name} is there in version ${installed}`,
      hint: `run "npm install ${name}@${wanted}" in the ${placeOf(this.#options.root)}`,
    };
  }

  async #ofPackage(
    resolution: Awaited<ReturnType<NpmPackages["relative"]>>,
    type: string | null,
  ): Promise<Answer> {
    if (resolution === "empty") return { module: { name: "(empty)", code: "" } };
    if ("text" in resolution) return { refused: resolution };
    return await this.#read(resolution.path, type, resolution.pure);
  }

  /** A file of Node's modules, as they come with this program, imports others beside it. */
  async #within(specifier: string, importer: string): Promise<Answer> {
    const [scheme, path] = importer.split(":") as [string, string];
    if (specifier.startsWith(".")) {
      return await this.#ofProgram(`${scheme}:/${joinImport(path.slice(1), specifier)}`);
    }
    if (specifier.startsWith("noble:")) return await this.#ofProgram(specifier);
    const module = nodeModule(specifier.replace(/^node:/, ""));
    if ("file" in module) return await this.#ofProgram(module.file);
    return { refused: { text: `cannot import "${specifier}"`, hint: null } };
  }

  async #ofProgram(path: string): Promise<Answer> {
    const file = packagePathOf(path);
    if (file === null) return { refused: { text: `there is no ${path}`, hint: null } };
    const text = await Deno.readTextFile(new URL(file, this.#options.packages()));
    // A process has no navigator; what these files want of it is the language.
    const bytes = new TextEncoder().encode(
      text.includes("navigator.") ? `const navigator = { language: "en-US" }; ${text}` : text,
    );
    return { found: { path, bytes, loader: "js", pure: false } };
  }

  async #read(path: string, type: string | null, pure = false): Promise<Answer> {
    const { sources, root, inputs } = this.#options;
    const source = await sources.read(path, rootOf(path, root));
    const sha256 = "text" in source ? null : await sha256Of(source.bytes);
    inputs.set(path, sha256);
    if ("text" in source) {
      const hint = source.hint ?? await sources.nearest(path, root);
      return { refused: { ...source, hint } };
    }
    inputs.set(source.path, sha256);
    const loader = loaderOf(source.path, type);
    if (typeof loader === "object") return { refused: loader };
    // Of a package that is not ours to mend, esbuild takes what it can.
    const fault = loader === "binary" || isOfPackage(path) ? null : notUtf8(source);
    return fault === null ? { found: { ...source, loader, pure } } : { refused: fault };
  }
}
