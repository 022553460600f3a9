/** What the loader and its bundling worker say to each other, and the options that decide what a bundle is. */
import type { BuildOptions } from "esbuild-wasm";
import type { ConfigRead } from "./config_export.ts";
import type { Problem } from "./problem.ts";
import type { SourceLoader } from "./sources.ts";

/** As deno.json has it; a test compares. Part of every cache key. */
export const ESBUILD_VERSION = "0.28.2";

/** Raise it when the same input must make another bundle than before for a reason not in BUILD_OPTIONS. */
export const BUNDLE_FORMAT = 7;

export const BUILD_OPTIONS = {
  bundle: true,
  format: "esm",
  platform: "browser",
  target: "deno2.4",
  outfile: "/bundle.js",
  write: false,
  metafile: true,
  sourcemap: "external",
  // The map names lines; the editor has the text.
  sourcesContent: false,
  treeShaking: true,
  legalComments: "none",
  logLevel: "silent",
  // What packages ask to know where they are; a script may ask, too.
  define: { "process.env.NODE_ENV": '"production"', "global": "globalThis" },
  supported: {
    // import("./literal.ts") becomes a function call; any other form is an error of the script's own files
    // (esbuild_message.ts), and in a package a promise that is rejected when it comes to it.
    "dynamic-import": false,
    "import-meta": false,
    "arbitrary-module-namespace-names": false,
  },
  logOverride: {
    "unsupported-dynamic-import": "warning",
    // A misspelt `library.name` of the library; of another file it is as surely a mistake.
    "import-is-undefined": "error",
    "missing-source-map": "silent",
    "unsupported-require-call": "warning",
  },
} as const satisfies BuildOptions;

/**
 * Warnings that are left out of a script that is hard to read: each carries its whole line, and the lines of what a tool
 * has written are megabytes long. https://github.com/evanw/esbuild, internal/logger/msg_ids.go
 */
const WARNINGS = [
  "assert-to-with",
  "assert-type-json",
  "assign-to-constant",
  "assign-to-define",
  "assign-to-import",
  "bigint",
  "call-import-namespace",
  "class-name-will-throw",
  "commonjs-variable-in-esm",
  "confusing-typescript-cast",
  "delete-super-property",
  "direct-eval",
  "duplicate-case",
  "duplicate-class-member",
  "duplicate-object-key",
  "empty-import-meta",
  "equals-nan",
  "equals-negative-zero",
  "equals-new-object",
  "html-comment-in-js",
  "impossible-typeof",
  "indirect-require",
  "private-name-will-throw",
  "semicolon-after-return",
  "suspicious-boolean-not",
  "suspicious-define",
  "suspicious-logical-operator",
  "suspicious-nullish-coalescing",
  "this-is-undefined-in-esm",
  "unsupported-jsx-comment",
  "unsupported-regexp",
  "unsupported-require-call",
  "ambiguous-reexport",
  "ignored-bare-import",
  "require-resolve-not-external",
];
export const QUIET = {
  ...BUILD_OPTIONS.logOverride,
  ...Object.fromEntries(WARNINGS.map((id) => [id, "silent"] as const)),
};

/** Imports of one script that are refused; what is wrong with more of them is not said. */
export const REFUSED_MAX = 50;

/** What an import in `importer` names; `importer` is "" for the script itself. */
export interface Question {
  specifier: string;
  importer: string;
  kind: string;
  /** `with { type }`, `null` without. */
  type: string | null;
}

export type Answer =
  | {
    found: {
      path: string;
      bytes: Uint8Array<ArrayBuffer>;
      loader: SourceLoader;
      /** It may be left out when nothing of it is used. */
      pure: boolean;
    };
  }
  /** A module of the runtime's own, in JavaScript. */
  | { module: { name: string; code: string } }
  | { refused: { text: string; hint: string | null } };

export interface Built {
  /** At most `PROBLEMS_MAX`, errors first. */
  problems: Problem[];
  /** And so many more. */
  left: { errors: number; warnings: number };
  /** Sealed, and whether that changed what may be a template; `null` with errors. */
  output: { code: string; map: string; exports: string[]; touchesTemplates: boolean } | null;
  /** The output is larger than `BUNDLE_BYTES_MAX`, and not handed over. */
  isTooLarge: boolean;
  /** Imports left in the output; there must be none. */
  imports: string[];
  /** What the script says of itself; `null` if it exports no `config`. */
  config: ConfigRead | null;
}

export type ToWorker =
  | { type: "start"; wasm: WebAssembly.Module }
  | { type: "build"; entry: string; tsconfig: string; lowerTemplates: boolean; quiet: boolean }
  | { type: "answer"; id: number; answer: Answer };

export type FromWorker =
  /** First words: the worker runs and knows where its package lies. */
  | { type: "loaded"; wasmUrl: string }
  | { type: "started" }
  | { type: "ask"; id: number; question: Question }
  /** And what memory esbuild has by now: it never shrinks. */
  | { type: "built"; built: Built; memoryBytes: number }
  /** esbuild itself broke (a stack overflow, for example) and will not answer again. */
  | { type: "crashed"; reason: string };

/** In place of a source map that is larger than `BUNDLE_MAP_BYTES_MAX`. */
export const NO_MAP = '{"version":3,"sources":[],"names":[],"mappings":""}';
