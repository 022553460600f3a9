/**
 * A value written out in source code, as JSON: what can be read without running anything. Each value keeps the
 * place that it was written at, under its path (`config.request_capabilities[0]`), for messages about it.
 */
import type { Expression, Node, ObjectExpression, Property, SpreadElement } from "acorn";

/** An expression that only running the code could evaluate; `node` is where it stands. */
export class NotLiteral extends Error {
  override name = "NotLiteral";
  constructor(readonly node: Node, message: string) {
    super(message);
  }
}

/** Each has its place, and is looked at by the loader's thread, which is the node's. */
const VALUES_MAX = 5_000;
const PATH_CHARS_MAX = 1_000;

export interface Literal {
  json: unknown;
  /** By path, from the name that `evaluate` was given on. */
  nodes: Map<string, Node>;
}

/** Evaluates `expression`, which is called `path` in messages; throws NotLiteral. */
export function evaluate(expression: Expression, path: string): Literal {
  const nodes = new Map<string, Node>();
  return { json: valueOf(expression, path, nodes), nodes };
}

function valueOf(node: Expression, path: string, nodes: Map<string, Node>): unknown {
  if (nodes.size >= VALUES_MAX) {
    throw new NotLiteral(node, `a config has ${VALUES_MAX} values at most`);
  }
  if (path.length > PATH_CHARS_MAX) {
    throw new NotLiteral(node, `names in a config have ${PATH_CHARS_MAX} characters at most`);
  }
  nodes.set(path, node);
  switch (node.type) {
    case "ParenthesizedExpression":
      return valueOf(node.expression, path, nodes);
    case "Literal":
      if (typeof node.value === "string" || typeof node.value === "boolean") return node.value;
      if (typeof node.value === "number" && Number.isFinite(node.value)) return node.value;
      if (node.raw === "null") return null;
      throw new NotLiteral(node, `${path}: ${node.raw} has no place in JSON`);
    case "UnaryExpression": {
      const { operator, argument } = node;
      const value = operator === "-" || operator === "+" ? valueOf(argument, path, nodes) : null;
      if (typeof value === "number") return operator === "-" ? -value : value;
      throw notLiteral(node, path);
    }
    case "TemplateLiteral":
      if (node.expressions.length === 0) return node.quasis[0]!.value.cooked;
      throw new NotLiteral(node, `${path}: a template with \${…} in it`);
    case "ArrayExpression":
      return node.elements.map((element, i) => {
        if (element === null || element.type === "SpreadElement") throw notLiteral(node, path);
        return valueOf(element, `${path}[${i}]`, nodes);
      });
    case "ObjectExpression":
      return objectOf(node, path, nodes);
    case "Identifier":
      throw new NotLiteral(node, `${path}: \`${node.name}\` is known only when the script runs`);
    default:
      throw notLiteral(node, path);
  }
}

function objectOf(node: ObjectExpression, path: string, nodes: Map<string, Node>): unknown {
  const entries = node.properties.map((property): [string, unknown] => {
    const key = keyOf(property, path);
    const at = `${path}.${key}`;
    const { value } = property as Property;
    const json = valueOf(value, at, nodes);
    // The name and its value: what is wrong may be either.
    nodes.set(at, property);
    return [key, json];
  });
  return Object.fromEntries(entries);
}

function keyOf(property: Property | SpreadElement, path: string): string {
  if (property.type === "SpreadElement") throw notLiteral(property, path);
  const { key, computed, kind, method } = property;
  if (computed || kind !== "init" || method) throw notLiteral(property, path);
  const name = key.type === "Identifier"
    ? key.name
    : key.type === "Literal"
    ? String(key.value)
    : "";
  // `__proto__: …` sets the prototype, and is no field.
  if (name === "" || name === "__proto__") throw notLiteral(property, path);
  return name;
}

function notLiteral(node: Node, path: string): NotLiteral {
  return new NotLiteral(node, `${path}: a value that is known only when the script runs`);
}
