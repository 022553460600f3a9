/**
 * One script and what it imports become one ES module that imports nothing:
 *
 *     hello.ts ──► Esbuild (worker), which seals ──► is it sealed? ──► { code, map }
 *                    │ every import is asked for
 *                    ▼
 *                  Resolver: files of the folder · npm packages in it · @kinode/process · some of Node's modules
 */
import { assert } from "../assert.ts";
import {
  BUNDLE_BYTES_MAX,
  BUNDLE_MAP_BYTES_MAX,
  BUNDLE_MEMORY_MB_MAX,
  BUNDLE_SECONDS_MAX,
} from "../limits.ts";
import { type Built, NO_MAP, type Question } from "./bundle_protocol.ts";
import { compilerOptions, installedJsx } from "./compiler_options.ts";
import { problemsOfConfig } from "./config.ts";
import { type BuildBounds, type Crash, Esbuild } from "./esbuild.ts";
import { foremost, type Problem, problemOf } from "./problem.ts";
import { Resolver } from "./resolve.ts";
import { isSealed } from "./seal.ts";
import { placeOf, type Sources } from "./sources.ts";

export interface Output {
  code: string;
  /** Source map, as JSON text. */
  map: string;
  /** Names that the script exports. */
  exports: string[];
  /** The script's `config` as it is written, checked; `null` without one. */
  config: unknown;
}

export type Inputs = Map<string, string | null>;

export interface Bundle {
  /** `null` when there is an error among the problems. */
  output: Output | null;
  problems: Problem[];
  /** SHA-256 of every file that was asked for, by its path relative to the folder; `null`: not to be had. */
  inputs: Inputs;
  /** Why esbuild gave nothing. */
  crash: Crash | null;
}

/** The module behind `@kinode/process`: a name that is not exported here is an error with file and line. */
export function libraryModule(names: readonly string[]): string {
  for (const name of names) {
    assert(/^[A-Za-z_$][\w$]*$/.test(name) && name !== "default", `the library exports "${name}"`);
  }
  return `const library = globalThis[Symbol.for("kinode.process")];\n` +
    `export const { ${names.join(", ")} } = library;\n`;
}

const BOUNDS: BuildBounds = {
  seconds: BUNDLE_SECONDS_MAX,
  memoryMb: BUNDLE_MEMORY_MB_MAX,
  quiet: false,
};

export class Bundler {
  readonly #sources: Sources;
  readonly #library: string;
  readonly #esbuild: Esbuild;
  readonly #seconds: number;

  constructor(
    sources: Sources,
    libraryNames: readonly string[],
    bounds: Partial<BuildBounds> = {},
  ) {
    this.#sources = sources;
    const all = { ...BOUNDS, ...bounds };
    this.#esbuild = new Esbuild(all);
    this.#seconds = all.seconds;
    this.#library = libraryModule(libraryNames);
  }

  /** Bundles the script `entry`, which imports files of `root` ("": of the whole folder). One at a time. */
  async bundle(entry: string, root = ""): Promise<Bundle> {
    const inputs: Inputs = new Map();
    const resolver = () =>
      new Resolver({
        sources: this.#sources,
        library: this.#library,
        entry,
        root,
        inputs,
        packages: () => this.#esbuild.packages,
      });
    const options = await compilerOptions(root, { sources: this.#sources, inputs });
    let left = this.#seconds;
    const build = async (lowerTemplates: boolean) => {
      const files = resolver();
      const answer = (question: Question) => files.answer(question);
      const tsconfig = JSON.stringify({ compilerOptions: options });
      const begun = performance.now();
      const built = await this.#esbuild.build({ entry, tsconfig, lowerTemplates, answer }, left);
      left = Math.max(0, left - (performance.now() - begun) / 1000);
      return built;
    };
    const chooseJsx = async () => Object.assign(options, await installedJsx(entry, resolver().npm));
    const isOpen = options.jsx === undefined && options.jsxFactory === undefined;
    if (isOpen && isJsx(entry)) await chooseJsx();
    let built = await build(false);
    // That a script in .ts imports one in .tsx is known only now.
    const isCrash = "crashed" in built;
    if (!isCrash && isOpen && !isJsx(entry) && [...inputs.keys()].some(isJsx)) {
      await chooseJsx();
      built = await build(false);
    }
    // `String.raw` sees escapes: with templates turned into strings, sealing changes no value.
    if (!("crashed" in built) && built.output?.touchesTemplates) built = await build(true);
    // It was given up before it was read; a change of it matters all the same.
    if (!inputs.has(entry)) inputs.set(entry, null);
    const { output, problems } = finish(entry, built);
    const lacksReact = isOpen && options.jsx === undefined && wantsReact(codeOf(built));
    return {
      output,
      problems: lacksReact ? [...problems, noReact(entry, root)] : problems,
      inputs,
      crash: "crashed" in built ? built : null,
    };
  }

  /** Compiles esbuild, which is most of what the first bundle waits for. */
  async warm(): Promise<void> {
    await this.#esbuild.warm();
  }

  /** As Esbuild's. */
  relieve(): boolean {
    return this.#esbuild.relieve();
  }

  /** Frees what bundling took, and makes ready for the next if more is to come. */
  rest(moreToCome: boolean): void {
    this.#esbuild.rest(moreToCome);
  }

  close(): void {
    this.#esbuild.close();
  }
}

function isJsx(path: string): boolean {
  return /\.[jt]sx$/i.test(path);
}

function codeOf(built: Built | Crash): string {
  return "crashed" in built ? "" : built.output?.code ?? "";
}

/** What JSX becomes without a word on it, in a bundle that has no such thing. */
function wantsReact(code: string): boolean {
  return code.includes("React.createElement(") && !/\b(?:var|let|const|class) React\b/.test(code);
}

function noReact(entry: string, root: string): Problem {
  const hint = `run "npm install preact" in the ${placeOf(root)}, or say in deno.json what JSX is`;
  return { ...problemOf(entry, "its JSX needs a package", hint), severity: "warning" };
}

function withoutPlaces(entry: string): Problem {
  const text = `its source map is larger than ${BUNDLE_MAP_BYTES_MAX >> 20} MB: ` +
    "errors will not say where in the script they happened";
  return { ...problemOf(entry, text), severity: "warning" };
}

const TOO_LARGE = `the finished bundle is larger than ${BUNDLE_BYTES_MAX >> 20} MB`;

function finish(entry: string, built: Built | Crash): Pick<Bundle, "output" | "problems"> {
  if ("crashed" in built) {
    const text = `esbuild could not read this script: ${built.crashed}`;
    return { output: null, problems: [problemOf(entry, text)] };
  }
  const { left } = built;
  const problems = [...built.problems];
  if (built.config !== null) problems.push(...problemsOfConfig(entry, built.config));
  const refuse = (text: string) => ({
    output: null,
    problems: foremost([...problems, problemOf(entry, text)], left),
  });
  if (built.isTooLarge) return refuse(TOO_LARGE);
  if (built.output === null || problems.some(({ severity }) => severity === "error")) {
    return { output: null, problems: foremost(problems, left) };
  }
  const { code } = built.output;
  // Neither can happen as far as we know; a script that finds a way must not run, nor stop the node.
  if (built.imports.length > 0) return refuse(`still imports ${built.imports.join(", ")}`);
  if (!isSealed(code)) return refuse("cannot be sealed against import()");
  // Sealing may have made it longer.
  if (code.length > BUNDLE_BYTES_MAX) return refuse(TOO_LARGE);
  if (built.output.map === NO_MAP) problems.push(withoutPlaces(entry));
  const config = built.config !== null && "json" in built.config ? built.config.json : null;
  return { output: { ...built.output, code, config }, problems: foremost(problems, left) };
}
