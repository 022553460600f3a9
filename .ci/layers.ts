// Who may import whom: the table of docs/ARCHITECTURE.md as data, and the question asked of it.
// A path is relative to the repository's root, with forward slashes. Each file stands in one layer;
// files of one unit (one module, one package of a process) may always import each other.

export type Kind =
  | "main"
  | "flags"
  | "base"
  | "protocol"
  | "kernel"
  | "process"
  | "loader"
  | "modules"
  | "program"
  | "vectors"
  | "tests"
  | "ci";

export interface Layer {
  kind: Kind;
  /** What is closed against its neighbours: `runtime/modules/vfs`, `examples/hello.ts`, ... */
  unit: string;
}

/** Beside its own unit, a layer imports files of these layers. "base" is limits, log and assert. */
const FILES: Record<Kind, readonly Kind[]> = {
  main: ["flags", "base", "protocol", "kernel", "process", "loader", "modules"],
  flags: ["base", "protocol"],
  base: [],
  protocol: [],
  kernel: ["protocol", "base"],
  process: ["protocol", "base"],
  loader: ["protocol", "base"],
  modules: ["protocol", "base"],
  program: [],
  vectors: [],
  tests: ["vectors"],
  ci: [],
};

/** Bare names (packages of the import map and `node:`): none, the users' library alone, or any. */
const PACKAGES: Partial<Record<Kind, "none" | "@kinode/process">> = {
  protocol: "none",
  base: "none",
  program: "@kinode/process",
};

/** Packages that only tests and .ci/ know: none of them may end up in the binary. */
const FOR_TESTS = ["@std/assert", "fast-check"];

/** `@kinode/process` is a name for this file, so it obeys the table like a path. */
const LIBRARY = "runtime/process/mod.ts";

/** First match counts. The second group of the pattern, where it has one, names the unit. */
const PLACES: readonly [RegExp, Kind][] = [
  [/^(main\.ts)$/, "main"],
  [/^(runtime\/flags)(_test)?\.ts$/, "flags"],
  [/^(runtime)\/(limits|log|assert)(_test)?\.ts$/, "base"],
  [/^(runtime\/protocol)\//, "protocol"],
  [/^(runtime\/kernel)\//, "kernel"],
  [/^(runtime\/process)\//, "process"],
  [/^(runtime\/loader)\//, "loader"],
  [/^(runtime\/modules\/[^/]+)\//, "modules"],
  [/^(processes\/[^/]+)/, "program"],
  [/^(examples\/[^/]+)/, "program"],
  [/^(tests\/programs\/[^/]+)/, "program"],
  [/^(tests\/vectors)\//, "vectors"],
  [/^(tests)\//, "tests"],
  [/^(\.ci)\//, "ci"],
];

/** The layer of a file, or undefined for one that stands where the house has no room. */
export function findLayer(path: string): Layer | undefined {
  for (const [place, kind] of PLACES) {
    const unit = path.match(place)?.[1];
    if (unit !== undefined) return { kind, unit };
  }
  return undefined;
}

/**
 * Why `path` may not import `specifier` (as written in its source), or undefined when it may.
 * `byUrl`: the specifier is the first argument of `new URL(..., import.meta.url)` or of
 * `import.meta.resolve`, which is how a worker's entry or another file is named without importing it.
 */
export function findObjection(path: string, specifier: string, byUrl = false): string | undefined {
  const from = findLayer(path);
  if (from === undefined) return undefined; // said once, for the file as a whole
  if (/^\.\.?\//.test(specifier)) return objectToFile(path, from, resolve(path, specifier), byUrl);
  if (byUrl) return undefined;
  if (specifier === "@kinode/process" && from.kind !== "program") {
    return objectToFile(path, from, LIBRARY, byUrl);
  }
  return objectToPackage(path, from, specifier);
}

function objectToFile(path: string, from: Layer, target: string, byUrl: boolean) {
  const to = findLayer(target);
  if (to !== undefined && to.unit === from.unit) return undefined;
  if (to !== undefined && FILES[from.kind].includes(to.kind)) return undefined;
  if (to?.kind === "vectors" && isTest(path)) return undefined;
  // A test may read or start anything from outside; what it may not do is reach into the runtime.
  const reads = byUrl && (from.kind === "tests" || from.kind === "ci" || isTest(path));
  if (reads && !target.startsWith("runtime/")) return undefined;
  const known = to !== undefined || byUrl;
  if (!known) return `${target} stands in no layer`;
  return `${from.unit} may not reach ${target}: ${allowed(from)}`;
}

function objectToPackage(path: string, from: Layer, specifier: string): string | undefined {
  if (/^(npm|jsr|https?|file|data):|^\//.test(specifier)) {
    return `"${specifier}" is not a name of deno.json's import map: add one there`;
  }
  if (FOR_TESTS.includes(specifier)) {
    if (isTest(path) || from.kind === "tests" || from.kind === "ci") return undefined;
    return `"${specifier}" is for tests only`;
  }
  const only = PACKAGES[from.kind];
  if (only === undefined || only === specifier) return undefined;
  return `${from.unit} may not import "${specifier}": ${allowed(from)}`;
}

function allowed(from: Layer): string {
  const layers = FILES[from.kind].map((kind) => kind === "base" ? "limits, log, assert" : kind);
  const packages = PACKAGES[from.kind] ?? "the packages of deno.json";
  const names = [...layers, ...(packages === "none" ? [] : [packages])];
  return `it imports itself${names.length > 0 ? " and " : " only"}${names.join(", ")}`;
}

function isTest(path: string): boolean {
  return path.endsWith("_test.ts");
}

function resolve(path: string, specifier: string): string {
  return new URL(specifier, `file:///${path}`).pathname.slice(1);
}
