/**
 * The pattern language of bound paths, exactly as Kinode's matcher speaks it (route-recognizer 0.3.1):
 * a path is cut at every `/` and `.`; `:name` matches one or more characters but `/`, `*name` one or more of
 * any kind, all else stands for itself. Of several matches the one with most literal segments wins, then most
 * parameters, then most wildcards; of equals the one whose branch was inserted first.
 *
 * The patterns form a tree of segments. A search walks it in the order in which route-recognizer keeps its
 * threads (longest first, then by insertion), so that the first of equals is the same one.
 */
import { PATH_MATCH_STEPS_MAX } from "../../limits.ts";

export interface Match<T> {
  value: T;
  /** Values as they stand in the path, still percent-encoded. */
  params: Record<string, string>;
}

const NO_PARAMS: Record<string, string> = Object.freeze({});

export class PatternTable<T> {
  readonly #root = new Node<T>(0, 0);
  readonly #exact = new Map<string, Leaf<T>>();
  #hasDynamic = false;

  /** The value of the slot that this pattern has; `/:a` and `/:b` share one. */
  get(pattern: string): T | undefined {
    return this.#exact.get(slotOf(pattern))?.value;
  }

  /** Replaces the slot's value, and its parameter names. */
  set(pattern: string, value: T): void {
    const slot = slotOf(pattern);
    const known = this.#exact.get(slot);
    const names: string[] = [];
    let node = this.#root;
    for (const { separator, text } of segmentsOf(pattern)) {
      if (isDynamic(text)) names.push(text.slice(1));
      node = node.child(separator, text);
    }
    if (names.length > 0) this.#hasDynamic = true;
    if (known === undefined) this.#exact.set(slot, node.leaf = { value, names });
    else Object.assign(known, { value, names });
  }

  find(path: string): Match<T> | undefined {
    const text = withoutFirstSlash(path);
    // Shortcut: a pattern without parameters that equals the path always wins, for every other match has
    // fewer literal segments (each of its separators stands in the path, and one segment is not literal).
    const exact = this.#exact.get(text);
    if (exact !== undefined && exact.names.length === 0) {
      return { value: exact.value, params: NO_PARAMS };
    }
    return this.#hasDynamic ? new Search(text, this.#root).run() : undefined;
  }
}

interface Leaf<T> {
  value: T;
  names: string[];
}

type Separator = "" | "/" | ".";

interface Segment {
  separator: Separator;
  text: string;
}

function withoutFirstSlash(path: string): string {
  return path.startsWith("/") ? path.slice(1) : path;
}

function isDynamic(segment: string): boolean {
  return segment.startsWith(":") || segment.startsWith("*");
}

/** A separator belongs to the segment after it; only the first segment may have none. */
export function segmentsOf(pattern: string): Segment[] {
  const segments: Segment[] = [];
  for (const part of withoutFirstSlash(pattern).match(/[/.][^/.]*|[^/.]+/g) ?? []) {
    const separator = part.startsWith("/") ? "/" : part.startsWith(".") ? "." : "";
    segments.push({ separator, text: part.slice(separator.length) });
  }
  return segments;
}

/** The pattern without its parameters' names. A literal one is its own slot. */
function slotOf(pattern: string): string {
  return segmentsOf(pattern)
    .map(({ separator, text }) => separator + (isDynamic(text) ? text[0] : text))
    .join("");
}

/** One segment of one or more patterns. */
class Node<T> {
  leaf: Leaf<T> | undefined;
  /** What may follow, by separator; `""` only at the root. */
  groups: Partial<Record<Separator, Group<T>>> | undefined;

  constructor(
    /** Literal segments, parameters and wildcards from the root, as one number that compares as Kinode does. */
    readonly rank: number,
    /** Which of its parent's branches was there first; literals that begin alike share a branch. */
    readonly order: number,
  ) {}

  child(separator: Separator, text: string): Node<T> {
    this.groups ??= {};
    return (this.groups[separator] ??= new Group()).child(text, this.rank);
  }
}

const LITERAL_RANK = 1_000_000;
const PARAMETER_RANK = 1_000;
const WILDCARD_RANK = 1;

class Group<T> {
  readonly literals = new Map<string, Node<T>>();
  parameter: Node<T> | undefined;
  wildcard: Node<T> | undefined;
  readonly #orders = new Map<string, number>();

  child(text: string, rank: number): Node<T> {
    if (text.startsWith(":")) return this.parameter ??= this.#node(rank + PARAMETER_RANK, ":");
    if (text.startsWith("*")) return this.wildcard ??= this.#node(rank + WILDCARD_RANK, "*");
    let node = this.literals.get(text);
    if (node === undefined) {
      node = this.#node(rank + LITERAL_RANK, text.slice(0, 1));
      this.literals.set(text, node);
    }
    return node;
  }

  #node(rank: number, branch: string): Node<T> {
    const order = this.#orders.get(branch) ?? this.#orders.size;
    this.#orders.set(branch, order);
    return new Node(rank, order);
  }
}

/** Looking at a character costs that much less than looking at a node. */
const CHARS_PER_STEP = 100;

/** One walk over the tree for one path. */
class Search<T> {
  readonly #path: string;
  readonly #root: Node<T>;
  readonly #captures: string[] = [];
  #best: Node<T> | undefined;
  #bestCaptures: string[] = [];
  #steps = 0;

  constructor(path: string, root: Node<T>) {
    this.#path = path;
    this.#root = root;
  }

  run(): Match<T> | undefined {
    this.#walk(this.#root, 0);
    // Nobody's honest patterns take that many steps; whoever bound these gets 404.
    if (this.#best === undefined || this.#steps > PATH_MATCH_STEPS_MAX) return undefined;
    const { value, names } = this.#best.leaf!;
    const params: Record<string, string> = {};
    names.forEach((name, i) => {
      if (name !== "") params[name] = this.#bestCaptures[i]!;
    });
    return { value, params };
  }

  /** `node` has matched everything before `at`. */
  #walk(node: Node<T>, at: number): void {
    if (++this.#steps > PATH_MATCH_STEPS_MAX) return;
    if (at === this.#path.length) return this.#offer(node);
    if (node.groups === undefined) return;
    if (node.groups[""] !== undefined) this.#branch(node.groups[""], at);
    const char = this.#path[at];
    const group = char === "/" || char === "." ? node.groups[char] : undefined;
    if (group !== undefined) this.#branch(group, at + 1);
  }

  #offer(node: Node<T>): void {
    if (node.leaf === undefined || node.rank <= (this.#best?.rank ?? -1)) return;
    this.#best = node;
    this.#bestCaptures = [...this.#captures];
  }

  #branch(group: Group<T>, start: number): void {
    const literalEnd = this.#segmentEnd(start);
    const literal = group.literals.get(this.#path.slice(start, literalEnd));
    const found = [literal, group.parameter, group.wildcard].filter((node) => node !== undefined);
    if (found.length > 1) found.sort((a, b) => a.order - b.order);
    for (const node of found) {
      if (node === literal) this.#walk(node, literalEnd);
      else this.#capture(node, start, node === group.parameter);
    }
  }

  /** Every end that a parameter or wildcard from `start` can have, the longest first. */
  #capture(node: Node<T>, start: number, isParameter: boolean): void {
    const slash = isParameter ? this.#path.indexOf("/", start) : -1;
    const limit = slash === -1 ? this.#path.length : slash;
    const mayEndEarly = node.groups !== undefined;
    if (mayEndEarly) this.#steps += (limit - start) / CHARS_PER_STEP;
    for (let end = limit; end > start; end--) {
      const char = this.#path[end];
      if (end !== limit && char !== "/" && char !== ".") continue;
      this.#captures.push(this.#path.slice(start, end));
      this.#walk(node, end);
      this.#captures.pop();
      if (!mayEndEarly || this.#steps > PATH_MATCH_STEPS_MAX) return;
    }
  }

  #segmentEnd(start: number): number {
    let end = start;
    while (end < this.#path.length && this.#path[end] !== "/" && this.#path[end] !== ".") end++;
    return end;
  }
}
