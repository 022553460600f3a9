/**
 * `export const config = {…}` of a script, read without running it. Runs in the bundling worker, on what
 * esbuild made of the file alone: plain JavaScript, whose positions the source map leads back.
 *
 *     hello.ts ──esbuild.transform──► JavaScript ──acorn──► the literal ──► JSON, and where each value stands
 */
import {
  type ExportNamedDeclaration,
  type Expression,
  type Identifier,
  type Literal,
  type Node,
  parse,
  type Program,
  type VariableDeclaration,
} from "acorn";
import { Lines } from "./lines.ts";
import { Mappings } from "./mappings.ts";
import { around } from "./problem.ts";
import { evaluate, NotLiteral } from "./literal.ts";

/** A place in the user's file. */
export interface Place {
  /** 1-based. */
  line: number;
  /** 1-based, in UTF-16 units as editors count. */
  column: number;
  lineText: string;
  /** Characters of the line before `lineText`. */
  cut: number;
  /** Characters to underline. */
  length: number;
}

export type ConfigRead =
  /** By path: `config`, `config.on_exit`, … */
  | { json: unknown; places: Record<string, Place> }
  | { fault: string; hint: string; place: Place | null };

/** One file before and after esbuild took the types away. */
export interface Transformed {
  source: string;
  code: string;
  map: string;
}

const LITERAL = "it is read before the script runs: write every value out " +
  "(text, numbers, true, false, null, lists, objects)";
const FORM = "write it into the script itself, as `export const config = { … }`";

/** Reads the `config` of a file that is known to export one. */
export function readConfig(file: Transformed): ConfigRead {
  const places = new Places(file);
  const program = parse(file.code, {
    ecmaVersion: "latest",
    sourceType: "module",
    allowHashBang: true,
  });
  const { found, declared } = findConfig(program);
  if (found === null) {
    const place = declared === null ? null : places.of(declared);
    return { fault: "`config` must be a constant of this file", hint: FORM, place };
  }
  try {
    const { json, nodes } = evaluate(found, "config");
    const written = [...nodes].map(([path, node]) => [path, places.of(node)] as const);
    const known = written.filter((entry): entry is [string, Place] => entry[1] !== null);
    return { json, places: Object.fromEntries(known) };
  } catch (error) {
    if (!(error instanceof NotLiteral)) throw error;
    return { fault: error.message, hint: LITERAL, place: places.of(error.node) };
  }
}

interface Found {
  /** What the constant is set to. */
  found: Expression | null;
  /** What is exported under the name, if it stands in this file. */
  declared: Node | null;
}

function findConfig({ body }: Program): Found {
  let declared: Node | null = null;
  let local = "config";
  for (const node of body) {
    if (node.type !== "ExportNamedDeclaration") continue;
    if (exportsHere(node)) return constantIn([node.declaration as VariableDeclaration], "config");
    if (node.declaration !== null && node.declaration !== undefined) {
      if (nameOf(node.declaration) === "config") declared = node.declaration;
    }
    for (const specifier of node.specifiers) {
      if (textOf(specifier.exported) !== "config") continue;
      declared = specifier;
      local = node.source === null || node.source === undefined ? textOf(specifier.local) : "";
    }
  }
  const variables = body.filter((node) => node.type === "VariableDeclaration");
  const { found } = constantIn(variables, local);
  return { found: declared === null ? null : found, declared };
}

/** `export const config = …`, or another kind of variable. */
function exportsHere({ declaration }: ExportNamedDeclaration): boolean {
  return declaration?.type === "VariableDeclaration" &&
    declaration.declarations.some(({ id }) => id.type === "Identifier" && id.name === "config");
}

function constantIn(declarations: VariableDeclaration[], name: string): Found {
  for (const { kind, declarations: variables } of declarations) {
    for (const variable of variables) {
      if (variable.id.type !== "Identifier" || variable.id.name !== name) continue;
      return { found: kind === "const" ? variable.init ?? null : null, declared: variable };
    }
  }
  return { found: null, declared: null };
}

function nameOf(declaration: NonNullable<ExportNamedDeclaration["declaration"]>): string | null {
  return declaration.type === "VariableDeclaration" ? null : declaration.id?.name ?? null;
}

function textOf(node: Identifier | Literal): string {
  return node.type === "Identifier" ? node.name : String(node.value);
}

class Places {
  readonly #code: Lines;
  readonly #mappings: Mappings;
  readonly #lines: Lines;

  constructor({ source, code, map }: Transformed) {
    this.#code = new Lines(code);
    this.#mappings = new Mappings(map);
    this.#lines = new Lines(source);
  }

  /** `null` for what esbuild made up. */
  of(node: Node): Place | null {
    // Only of the values: places of the whole tree would take as much memory again.
    const start = this.#code.placeOf(node.start);
    const end = this.#code.placeOf(node.end);
    const from = this.#mappings.find(start.line, start.column);
    const lineText = from === null ? undefined : this.#lines.at(from.line);
    if (from === null || lineText === undefined) return null;
    const to = start.line === end.line ? end.column - start.column : 1;
    const length = Math.max(1, Math.min(to, lineText.length - from.column));
    const { lineText: shown, cut } = around(lineText.trimEnd(), from.column);
    return { line: from.line + 1, column: from.column + 1, lineText: shown!, cut, length };
  }
}
