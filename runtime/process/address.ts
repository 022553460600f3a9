import {
  type Address as AddressText,
  addressOf,
  nodeOf,
  packageOf,
  parseAddress,
  parseNodeName,
  parseProcessId,
  processOf,
} from "../protocol/address.ts";

/**
 * Whom a message comes from or goes to: `node@process:package:publisher`.
 *
 * ```ts
 * import { Address } from "@kinode/process";
 *
 * const address = Address.parse("our@chat:chat:template.os");
 * address.process; // "chat:chat:template.os"
 * ```
 */
export class Address {
  readonly #text: AddressText;

  private constructor(text: AddressText) {
    this.#text = text;
  }

  /** Throws a SyntaxError that names the part that is wrong. `our@…` names this node. */
  static parse(text: string): Address {
    return new Address(parseAddress(text));
  }

  /** From a node name and `process:package:publisher`; throws as `parse` does. */
  static of(node: string, process: string): Address {
    return new Address(addressOf(parseNodeName(node), parseProcessId(process)));
  }

  /** The node, e.g. `fake.dev`. */
  get node(): string {
    return nodeOf(this.#text);
  }

  /** The process id, e.g. `chat:chat:template.os`. */
  get process(): string {
    return processOf(this.#text);
  }

  /** The first part of the process id, e.g. `chat`. */
  get processName(): string {
    return this.process.slice(0, this.process.indexOf(":"));
  }

  /** The package and its publisher, e.g. `chat:template.os`. */
  get packageId(): string {
    return packageOf(processOf(this.#text));
  }

  /** The second part of the process id, e.g. `chat`. */
  get packageName(): string {
    return this.packageId.slice(0, this.packageId.indexOf(":"));
  }

  /** The third part, e.g. `template.os`. */
  get publisher(): string {
    return this.packageId.slice(this.packageId.indexOf(":") + 1);
  }

  toString(): string {
    return this.#text;
  }

  toJSON(): string {
    return this.#text;
  }
}
