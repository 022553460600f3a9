/**
 * Who holds which capability. A capability is a pair: who issued it, and what it allows, as JSON. The most
 * used one, `"messaging"` issued by X, allows to message X and is what `route` asks for on every request.
 *
 * A grant outlives the absence of its holder and of its issuer: one made before the process exists works as
 * soon as it does (spec/kernel.md §11, 22).
 */
import { type Address, addressOf, canonical, nodeOf, processOf } from "../protocol/address.ts";
import { MESSAGING } from "../protocol/config.ts";
import type { Capability } from "../protocol/message.ts";
import { CAPABILITIES_PER_PROCESS_MAX, CAPABILITY_CHARS_PER_PROCESS_MAX } from "../limits.ts";

interface Held {
  readonly all: Map<string, Capability>;
  /** Keys of those that were granted, and are kept; the others are given anew with every start. */
  readonly granted: Set<string>;
  /** Issuers of the messaging capabilities among them: the one look-up of the hot path. */
  readonly messaging: Set<Address>;
  /** Of the text of all. */
  chars: number;
  /** All, as JSON; `null` when nobody has asked since the last change. */
  json: string | null;
}

export class CapabilityTable {
  readonly #node: string;
  readonly #changed: (holder: Address) => void;
  readonly #held = new Map<Address, Held>();
  /** In normal form already: params are parsed and written once, however many look at them. */
  readonly #normals = new WeakSet<Capability>();
  /** The issuer that was asked for last, and what it is here: in a list it is mostly the same. */
  #given = "" as Address;
  #named = "" as Address;

  /** `changed` hears of every holder whose granted capabilities are not what they were. */
  constructor(node: string, changed: (holder: Address) => void) {
    this.#node = node;
    this.#changed = changed;
  }

  mayMessage(holder: Address, target: Address): boolean {
    return this.#held.get(holder)?.messaging.has(target) ?? false;
  }

  holds(holder: Address, capability: Capability): boolean {
    return this.#held.get(holder)?.all.has(keyOf(this.#normal(capability))) ?? false;
  }

  list(holder: Address): Capability[] {
    return [...this.#held.get(holder)?.all.values() ?? []];
  }

  /** `list` as JSON, kept while nothing changes: 3,000 take 5 to 30 ms of the kernel's thread. */
  listJson(holder: Address): string {
    const held = this.#held.get(holder);
    if (held === undefined) return "[]";
    const json = held.json ?? JSON.stringify([...held.all.values()]);
    // What escapes have made long is not kept: it may be six times the characters that are counted.
    if (json.length <= 2 * CAPABILITY_CHARS_PER_PROCESS_MAX) held.json = json;
    return json;
  }

  /** Those of `list` that outlive the node's end. */
  listGranted(holder: Address): Capability[] {
    const held = this.#held.get(holder);
    return held === undefined ? [] : [...held.granted].map((key) => held.all.get(key)!);
  }

  /** Lets `to` have them from now on, and after a restart of the node. Throws a RangeError if it has too many. */
  grant(to: Address, ...given: Capability[]): void {
    const holder = oneName(to);
    for (const one of given) {
      const normal = this.#normal(one);
      const held = this.#add(holder, normal);
      const key = keyOf(normal);
      if (held.granted.has(key)) continue;
      held.granted.add(key);
      this.#changed(holder);
    }
  }

  /** Lets `holder` have it while the node runs: what a program has from its start. Throws as `grant` does. */
  give(holder: Address, given: Capability): void {
    this.#add(oneName(holder), this.#normal(given));
  }

  #add(holder: Address, capability: Capability): Held {
    const held = this.#held.get(holder) ?? nothing();
    const key = keyOf(capability);
    if (held.all.has(key)) return held;
    if (held.all.size >= CAPABILITIES_PER_PROCESS_MAX) {
      throw new RangeError(`${holder} holds ${CAPABILITIES_PER_PROCESS_MAX} capabilities already`);
    }
    if (held.chars + key.length > CAPABILITY_CHARS_PER_PROCESS_MAX) {
      throw new RangeError(
        `${holder} holds ${held.chars} characters of capabilities, with these more than ${CAPABILITY_CHARS_PER_PROCESS_MAX}`,
      );
    }
    this.#held.set(holder, held);
    held.all.set(key, capability);
    held.json = null;
    held.chars += key.length;
    if (capability.params === MESSAGING) held.messaging.add(capability.issuer);
    return held;
  }

  /** The opposite of `give`; what was granted stays. */
  takeBack(from: Address, given: Capability): void {
    const holder = oneName(from);
    const key = keyOf(this.#normal(given));
    if (!this.#held.get(holder)?.granted.has(key)) this.drop(holder, given);
  }

  drop(from: Address, given: Capability): void {
    const holder = oneName(from);
    const capability = this.#normal(given);
    const held = this.#held.get(holder);
    const key = keyOf(capability);
    if (!held?.all.delete(key)) return;
    held.json = null;
    held.chars -= key.length;
    if (capability.params === MESSAGING) held.messaging.delete(capability.issuer);
    if (held.granted.delete(key)) this.#changed(holder);
  }

  /** Takes back what `issuer` issued, whoever holds it. */
  revoke(issuer: Address): void {
    for (const [holder, held] of this.#held) {
      for (const capability of [...held.all.values()]) {
        if (capability.issuer === issuer) this.drop(holder, capability);
      }
    }
  }

  /** The holder is gone, and what it held with it. */
  forget(holder: Address): void {
    const held = this.#held.get(holder);
    this.#held.delete(holder);
    if (held !== undefined && held.granted.size > 0) this.#changed(holder);
  }

  /** Those that `sender` may hand over: its own, and the ones it holds. The rest is left out (§4.3). */
  filter(sender: Address, capabilities: readonly Capability[]): Capability[] {
    return this.normal(capabilities)
      .filter((capability) => capability.issuer === sender || this.holds(sender, capability));
  }

  /** As they are compared and kept. */
  normal(capabilities: readonly Capability[]): Capability[] {
    return capabilities.map((capability) => this.#normal(capability));
  }

  /** `our@` is this node, a module has one name, and params are compared as JSON (§4.1). */
  #normal(capability: Capability): Capability {
    if (this.#normals.has(capability)) return capability;
    const normal = Object.freeze({
      issuer: this.#issuer(capability.issuer),
      params: canonicalJson(capability.params),
    });
    this.#normals.add(normal);
    return normal;
  }

  #issuer(given: Address): Address {
    if (given === this.#given) return this.#named;
    const node = nodeOf(given) === "our" ? this.#node : nodeOf(given);
    this.#named = addressOf(node, canonical(processOf(given)));
    this.#given = given;
    return this.#named;
  }
}

function nothing(): Held {
  return { all: new Map(), granted: new Set(), messaging: new Set(), chars: 0, json: null };
}

/** A module has two names (spec/http.md §0.2); what it holds it holds under the one that it goes by here. */
function oneName(holder: Address): Address {
  return addressOf(nodeOf(holder), canonical(processOf(holder)));
}

/** One text for one capability in normal form: what Maps of them are keyed by. */
export function keyOf({ issuer, params }: Capability): string {
  return `${issuer} ${params}`;
}

/** Same JSON, same text: keys sorted, no spaces. What is no JSON stays as it is, and equals only itself. */
function canonicalJson(text: string): string {
  try {
    return JSON.stringify(sorted(JSON.parse(text)));
  } catch {
    return text;
  }
}

function isFlat(json: unknown): boolean {
  return typeof json !== "object" || json === null;
}

function sorted(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(sorted);
  if (isFlat(json)) return json;
  const entries = Object.entries(json as Record<string, unknown>);
  // Most are, and it costs a tenth.
  if (entries.every(([key, value], i) => isFlat(value) && (i === 0 || entries[i - 1]![0] < key))) {
    return json;
  }
  const deep = entries.map(([key, value]) => [key, sorted(value)] as const);
  return Object.fromEntries(deep.sort(([a], [b]) => a < b ? -1 : 1));
}
