/** esbuild's errors and warnings, as ours: columns counted as editors do, our names for things, what to do. */
import type { BuildFailure, Message } from "esbuild-wasm";
import type { Built } from "./bundle_protocol.ts";
import { isOfPackage } from "./npm_path.ts";
import { around, type Problem, PROBLEMS_MAX } from "./problem.ts";

/** Texts that would puzzle somebody who does not know that there is a bundler. */
const OURS: Readonly<Record<string, { text: string; hint: string }>> = {
  "unsupported-dynamic-import": {
    text: "import() needs a plain string here: what it loads becomes part of the bundle",
    hint: 'write import("./file.ts"), or import every file at the top and choose among them',
  },
  "unsupported-require-call": {
    text: "require() needs a plain string here, and fails when it is reached",
    hint: "import at the top what it may load, and choose among them",
  },
  "empty-import-meta": {
    text: "import.meta is empty in a process",
    hint: 'import data with `import text from "./file.txt"` or `import json from "./file.json"`',
  },
};

/** Warnings that stop a script: it does not do what its author wrote. A package may be written for other places, too. */
const FATAL: ReadonlySet<string> = new Set(["unsupported-dynamic-import"]);

/** A name may be megabytes long, too. */
const TEXT_CHARS_MAX = 1_000;

/**
 * What esbuild had to say about the script `entry`. In the worker: each message has its whole line, and what goes to the
 * loader's thread, which is the node's, has to be little.
 */
export function problemsOf(
  { errors, warnings }: Pick<BuildFailure, "errors" | "warnings">,
  entry: string,
): Pick<Built, "problems" | "left"> {
  const told = warnings.filter(({ location }) => !isSomebodyElses(plain(location?.file ?? "")));
  const fatal = [...errors, ...told.filter(({ id }) => FATAL.has(id))];
  const harmless = told.filter(({ id }) => !FATAL.has(id));
  const problems = [
    ...fatal.slice(0, PROBLEMS_MAX).map((message) => problemFrom(message, "error", entry)),
    ...harmless.slice(0, Math.max(0, PROBLEMS_MAX - fatal.length))
      .map((message) => problemFrom(message, "warning", entry)),
  ];
  const errorsLeft = Math.max(0, fatal.length - PROBLEMS_MAX);
  const left = fatal.length + harmless.length - problems.length - errorsLeft;
  return { problems, left: { errors: errorsLeft, warnings: left } };
}

function problemFrom(message: Message, severity: Problem["severity"], entry: string): Problem {
  const ours = Object.hasOwn(OURS, message.id) ? OURS[message.id] : undefined;
  const { location } = message;
  const notes = message.notes.map((note) => plain(note.text)).join("; ");
  const lineText = location?.lineText ?? null;
  const start = lineText === null ? 0 : charsBefore(lineText, location!.column);
  const end = lineText === null ? 0 : charsBefore(lineText, location!.column + location!.length);
  return {
    severity,
    file: location === null ? entry : plain(location.file),
    line: location?.line ?? null,
    column: location === null ? null : start + 1,
    text: (ours?.text ?? plain(message.text)).slice(0, TEXT_CHARS_MAX),
    ...(lineText === null ? { lineText, cut: 0 } : around(lineText, start)),
    length: end - start,
    hint: ours?.hint ?? hintOfJsx(message) ??
      (notes === "" ? null : notes.slice(0, TEXT_CHARS_MAX)),
  };
}

/** JSX where it is not expected; TypeScript's parser only stumbles over it. */
function hintOfJsx({ text, location }: Message): string | null {
  const { file = "", lineText = "" } = location ?? {};
  if (text.startsWith("The JSX syntax extension")) {
    return `JSX wants a file whose name ends in ${/\.[cm]?ts$/i.test(file) ? ".tsx" : ".jsx"}`;
  }
  const stumbled = /^(?:Unterminated regular expression|Expected (?:">"|";"|"\)") but found)/.test(
    text,
  );
  const looksLikeIt = /\.[cm]?ts$/i.test(file) && /<\/[A-Za-z>]|\/>/.test(lineText);
  return stumbled && looksLikeIt ? "if this is JSX, give the file a name that ends in .tsx" : null;
}

/** What a package is warned of is not the user's to mend. */
function isSomebodyElses(file: string): boolean {
  return isOfPackage(file) || /^(?:node|noble):/.test(file);
}

/** esbuild counts bytes of UTF-8. */
function charsBefore(line: string, bytes: number): number {
  return new TextDecoder().decode(new TextEncoder().encode(line).subarray(0, bytes)).length;
}

function plain(text: string): string {
  return text
    .replace(/(^|")(?:script|runtime):/g, "$1")
    // How bundle_worker.ts tells a file as data from the same file as code.
    .replace(/\?(?:json|text|binary)(?=$|")/g, "")
    .replace(/ in the configured target environment \([^)]*\)/g, "");
}
