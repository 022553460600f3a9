/**
 * esbuild, in a worker without any permission: it sees the files that the loader hands it and nothing else.
 * Whatever an import names is asked of the loader (bundle.ts).
 */
import { setImmediate } from "node:timers";
import * as esbuild from "esbuild-wasm";
// Embeds the package in the binary; what is read of it, is read as files (resolve.ts).
import "@jspm/core/empty";
import "@noble/hashes/argon2";
import {
  type Answer,
  BUILD_OPTIONS,
  type Built,
  type FromWorker,
  NO_MAP,
  type Question,
  QUIET,
  REFUSED_MAX,
  type ToWorker,
} from "./bundle_protocol.ts";
import { BUNDLE_BYTES_MAX, BUNDLE_MAP_BYTES_MAX, CONFIG_FILE_BYTES_MAX } from "../limits.ts";
import { type ConfigRead, readConfig } from "./config_export.ts";
import { problemsOf } from "./esbuild_message.ts";
import { seal, touchesTemplates } from "./seal.ts";

interface WorkerScope {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  addEventListener(type: "error", listener: (event: ErrorEvent) => void): void;
}

class BundleWorker {
  readonly #scope: WorkerScope;
  readonly #asked = new Map<number, (answer: Answer) => void>();
  #lastId = 0;

  constructor(scope: WorkerScope) {
    this.#scope = scope;
    scope.onmessage = ({ data }) => this.#receive(data);
    // Not `onerror`, which is given no event in a worker.
    scope.addEventListener("error", (event) => {
      event.preventDefault();
      this.#crash(event.message);
    });
    // Nobody prints here but Go, when it ends: `fatal error: out of memory`, and what every thread was doing.
    console.log = (text: string) => {
      const reason = /^(?:fatal error|panic): (.*)$/m.exec(text)?.[1];
      if (reason !== undefined) this.#crash(reason);
    };
    console.warn = () => {};
    scope.postMessage({ type: "loaded", wasmUrl: wasmUrl() });
  }

  async #receive(message: ToWorker): Promise<void> {
    if (message.type === "answer") {
      this.#asked.get(message.id)?.(message.answer);
      this.#asked.delete(message.id);
      return;
    }
    try {
      if (message.type === "start") {
        await esbuild.initialize({ wasmModule: message.wasm, worker: false });
        this.#scope.postMessage({ type: "started" });
      } else {
        const built = await this.#build(message);
        this.#scope.postMessage({ type: "built", built, memoryBytes: memory!.buffer.byteLength });
      }
    } catch (error) {
      this.#crash(String(error));
    }
  }

  #crash(reason: string): void {
    this.#scope.postMessage({ type: "crashed", reason });
  }

  async #build(
    { entry, tsconfig, lowerTemplates, quiet }: Extract<ToWorker, { type: "build" }>,
  ): Promise<Built> {
    const { supported, ...options } = BUILD_OPTIONS;
    const files = new Map<string, esbuild.OnLoadResult>();
    try {
      const result = await esbuild.build({
        ...options,
        entryPoints: [entry],
        tsconfigRaw: tsconfig,
        supported: lowerTemplates ? { ...supported, "template-literal": false } : supported,
        logOverride: quiet ? QUIET : BUILD_OPTIONS.logOverride,
        plugins: [this.#plugin(files)],
      });
      const told = problemsOf(result, entry);
      const file = (ending: string) =>
        result.outputFiles.find(({ path }) => path.endsWith(ending))!;
      // Before they become text: heaps are smaller than what esbuild can make out of little.
      const isTooLarge = file(".js").contents.length > BUNDLE_BYTES_MAX;
      if (isTooLarge) return { ...NOTHING, ...told, isTooLarge };
      const hasMap = file(".map").contents.length <= BUNDLE_MAP_BYTES_MAX;
      const outputs = Object.values(result.metafile.outputs);
      const code = file(".js").text;
      return {
        ...NOTHING,
        ...told,
        output: {
          // Here and not in the loader's thread, which is the node's: a script of nothing but words takes seconds.
          code: seal(code),
          map: hasMap ? file(".map").text : NO_MAP,
          exports: outputs.flatMap(({ exports }) => exports),
          touchesTemplates: touchesTemplates(code),
        },
        imports: outputs.flatMap((output) => output.imports.map(({ path }) => path)),
        config: outputs.some((output) => output.exports.includes("config"))
          ? await readConfigOf(files.values().next().value!, tsconfig)
          : null,
      };
    } catch (error) {
      const { errors, warnings } = error as Partial<esbuild.BuildFailure>;
      if (errors === undefined || warnings === undefined) throw error;
      return { ...NOTHING, ...problemsOf({ errors, warnings }, entry) };
    }
  }

  /** Everything that esbuild would look for itself is asked of the loader. */
  #plugin(files: Map<string, esbuild.OnLoadResult>): esbuild.Plugin {
    let refused = 0;
    return {
      name: "kinode",
      setup: (build) => {
        build.onResolve({ filter: /.*/ }, async (found) => {
          const answer = await this.#ask({
            specifier: found.path,
            importer: found.importer,
            kind: found.kind,
            type: found.with.type ?? null,
          });
          if ("refused" in answer) {
            // The build has failed anyway.
            if (++refused > REFUSED_MAX) return { path: found.path, external: true };
            const { text, hint } = answer.refused;
            return { errors: [{ text, notes: hint === null ? [] : [{ text: hint }] }] };
          }
          if ("module" in answer) {
            const { name, code } = answer.module;
            files.set(name, { contents: code, loader: "js" });
            return { path: name, namespace: "runtime", sideEffects: false };
          }
          const { path, bytes, loader, pure } = answer.found;
          // The same file may be asked for as text and as code: two modules.
          const suffix = DATA.has(loader) ? `?${loader}` : "";
          files.set(path + suffix, { contents: bytes, loader });
          return { path, suffix, namespace: "script", sideEffects: !pure };
        });
        build.onLoad(
          { filter: /.*/ },
          ({ path, suffix }) =>
            files.get(path + suffix) ?? { errors: [{ text: `not handed over: ${path}` }] },
        );
      },
    };
  }

  #ask(question: Question): Promise<Answer> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#asked.set(id, resolve);
      this.#scope.postMessage({ type: "ask", id, question });
    });
  }
}

const NOTHING: Built = {
  problems: [],
  left: { errors: 0, warnings: 0 },
  output: null,
  isTooLarge: false,
  imports: [],
  config: null,
};

/** Kinds of files that may be meant as data or as code. */
const DATA: ReadonlySet<string> = new Set(["text", "json", "binary"]);

const CONFIG_ELSEWHERE =
  "give this one a name with `_` before it, and write a script beside it with the `config` " +
  'and `export { default } from "./_….js"`';

/** The first file of a build is the script itself. */
async function readConfigOf(
  { contents, loader }: esbuild.OnLoadResult,
  tsconfigRaw: string,
): Promise<ConfigRead> {
  const bytes = contents as Uint8Array;
  if (bytes.length > CONFIG_FILE_BYTES_MAX) {
    const fault = `a file with a \`config\` may have ${CONFIG_FILE_BYTES_MAX >> 20} MB`;
    return { fault, hint: CONFIG_ELSEWHERE, place: null };
  }
  const source = new TextDecoder().decode(bytes);
  const { code, map } = await esbuild.transform(source, {
    loader,
    sourcemap: "external",
    target: BUILD_OPTIONS.target,
    tsconfigRaw,
    logLevel: "silent",
  });
  return readConfig({ source, code, map });
}

/**
 * Deno has no way to ask where a package lies (`import.meta.resolve` gives `npm:…` back, `createRequire` fails
 * on 2.4 and in a binary). But the package's own stack frames say it, from source and in the binary alike.
 */
function wasmUrl(): string {
  try {
    esbuild.transformSync("");
  } catch (error) {
    const own = /file:\/\/\S+?\/esm\/browser\.js/.exec((error as Error).stack ?? "")?.[0];
    if (own !== undefined) return new URL("../esbuild.wasm", own).href;
  }
  return "";
}

/**
 * In one thread esbuild's halves talk over `setTimeout(…, 0)`, four times for each file. With the millisecond that Deno
 * makes of it a thousand files take 2.5 s, without it half a second.
 */
const setTimer = globalThis.setTimeout;
Object.defineProperty(globalThis, "setTimeout", {
  value: (work: () => void, ms = 0) => ms > 0 ? setTimer(work, ms) : setImmediate(work),
});

/** esbuild shows its memory to nobody. */
let memory: WebAssembly.Memory | null = null;
const { instantiate } = WebAssembly;
WebAssembly.instantiate = (async (module: WebAssembly.Module, imports: WebAssembly.Imports) => {
  const instance = await instantiate(module, imports);
  memory = instance.exports.mem as WebAssembly.Memory;
  return instance;
}) as typeof instantiate;

new BundleWorker(globalThis as unknown as WorkerScope);
