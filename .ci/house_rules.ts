// The house's rules for `deno lint` (deno.json, lint.plugins): who may import whom (layers.ts), files
// of at most 300 lines (main.ts: 100, for it has no logic), functions of at most 70. A rule that a
// machine holds needs no reviewer.

import { findLayer, findObjection } from "./layers.ts";

const FILE_LINES_MAX = 300;
const MAIN_LINES_MAX = 100;
const FUNCTION_LINES_MAX = 70;

const ROOT = new URL("../", import.meta.url).pathname;
/** What names code; a `new URL("./x.json", …)` is data and nobody's business here. */
const CODE = /\.(ts|tsx|mts|js|mjs|jsx)$/;

/** The file's path from the root of the repository, with forward slashes. */
function pathOf(context: Deno.lint.RuleContext): string {
  const path = context.filename.replaceAll("\\", "/");
  return path.startsWith(ROOT) ? path.slice(ROOT.length) : path;
}

/** The text of a string literal or of a template without holes; undefined for anything else. */
function textOf(node: unknown): string | undefined {
  const { type, literal, value, quasis = [] } = node as {
    type: string;
    literal?: unknown;
    value?: unknown;
    quasis?: { cooked: string }[];
  };
  if (type === "TSLiteralType") return textOf(literal);
  if (type === "TemplateLiteral") return quasis.length === 1 ? quasis[0]?.cooked : undefined;
  return type === "Literal" && typeof value === "string" ? value : undefined;
}

const layers: Deno.lint.Rule = {
  create(context) {
    const path = pathOf(context);
    const look = (node: Deno.lint.Node, source: unknown, byUrl = false) => {
      const specifier = source ? textOf(source) : undefined;
      if (specifier === undefined) return;
      const objection = findObjection(path, specifier, byUrl);
      if (objection !== undefined) context.report({ node, message: objection });
    };
    return {
      Program(node) {
        if (findLayer(path) !== undefined) return;
        const [first] = node.body;
        context.report({
          ...(first ? { node: first } : { range: [0, 0] }),
          message: `${path} stands in no layer of .ci/layers.ts`,
          hint: "Move it into a folder of the house, or give the folder a row in the table.",
        });
      },
      ImportDeclaration: (node) => look(node, node.source),
      ExportNamedDeclaration: (node) => look(node, node.source),
      ExportAllDeclaration: (node) => look(node, node.source),
      ImportExpression: (node) => look(node, node.source),
      TSImportType: (node) => look(node, node.argument),
      NewExpression(node) {
        const [relative, base] = node.arguments;
        const named = node.callee.type === "Identifier" && node.callee.name === "URL";
        if (!named || !relative || !base) return;
        if (context.sourceCode.getText(base) !== "import.meta.url") return;
        if (CODE.test(textOf(relative) ?? "")) look(node, relative, true);
      },
      CallExpression(node) {
        const [relative] = node.arguments;
        if (context.sourceCode.getText(node.callee) !== "import.meta.resolve") return;
        if (relative && CODE.test(textOf(relative) ?? "")) look(node, relative, true);
      },
    };
  },
};

const fileLength: Deno.lint.Rule = {
  create(context) {
    return {
      Program() {
        const max = pathOf(context) === "main.ts" ? MAIN_LINES_MAX : FILE_LINES_MAX;
        const lines = context.sourceCode.text.trimEnd().split("\n");
        if (lines.length <= max) return;
        const start = lines.slice(0, max).join("\n").length + 1;
        context.report({
          range: [start, start + (lines[max] ?? "").length],
          message: `This file has ${lines.length} lines; the house allows ${max}.`,
          hint: "It holds more than one thing: give the second one a file of its own.",
        });
      },
    };
  },
};

const functionLength: Deno.lint.Rule = {
  create(context) {
    const look = (node: Deno.lint.Node) => {
      const lines = context.sourceCode.getText(node).split("\n");
      if (lines.length <= FUNCTION_LINES_MAX) return;
      context.report({
        range: [node.range[0], node.range[0] + (lines[0] ?? "").length],
        message: `This function has ${lines.length} lines; the house allows ${FUNCTION_LINES_MAX}.`,
        hint: "Name its parts and make them functions.",
      });
    };
    return {
      FunctionDeclaration: look,
      FunctionExpression: look,
      ArrowFunctionExpression: look,
    };
  },
};

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: { layers, "file-length": fileLength, "function-length": functionLength },
};
export default plugin;
