/** Capabilities: who may do what with whom (spec/kernel.md §4). */
import {
  type Address as AddressText,
  addressOf,
  canonical,
  nodeOf,
  parseAddress,
  processOf,
} from "../protocol/address.ts";
import type { Capability as CapabilityShape } from "../protocol/message.ts";
import type { Address } from "./address.ts";
import { current } from "./current.ts";

/**
 * The right to do with `issuer` what `params` says. `"messaging"` allows to message it; everything else means
 * what the issuer makes of it.
 *
 * ```ts
 * import { Capability, Request } from "@kinode/process";
 *
 * const mayRead = new Capability("our@notes:notes:template.os", { kind: "read" });
 * Request.to("our@reader:reader:template.os").body("take this").capabilities([mayRead]).send();
 * ```
 */
export class Capability implements CapabilityShape {
  readonly issuer: AddressText;
  /** JSON as text. */
  readonly params: string;

  /** `params` is any JSON value. Throws a SyntaxError if `issuer` is no address. */
  constructor(issuer: string | Address, params: unknown) {
    this.issuer = ownNode(parseAddress(String(issuer)));
    this.params = JSON.stringify(params);
  }
}

/** What this process holds. */
export async function ourCapabilities(): Promise<CapabilityShape[]> {
  return JSON.parse(await current().calls.call("OurCapabilities") as string);
}

/**
 * Keeps capabilities that came with a message, for good. Rejects if one of them did not: nobody can give
 * himself a right.
 */
export async function saveCapabilities(capabilities: CapabilityShape[]): Promise<void> {
  await current().calls.call({ SaveCapabilities: capabilities.map(plain) });
}

/** Gives up capabilities. Those that it does not hold are passed over. */
export async function dropCapabilities(capabilities: CapabilityShape[]): Promise<void> {
  await current().calls.call({ DropCapabilities: capabilities.map(plain) });
}

/** Whether this process holds the capability to message `address` (a public process needs none). */
export async function canMessage(address: string | Address): Promise<boolean> {
  return await getCapability(address, "messaging") !== null;
}

/** The capability of this issuer with these params, if this process holds it; JSON is compared, not text. */
export async function getCapability(
  issuer: string | Address,
  params: unknown,
): Promise<CapabilityShape | null> {
  const text = canonicalText(params);
  return (await capabilitiesOf(issuer)).find((one) => one.params === text) ?? null;
}

/** Those held that `issuer` issued; throws a SyntaxError if it is no address. */
export async function capabilitiesOf(issuer: string | Address): Promise<CapabilityShape[]> {
  const wanted = ownNode(parseAddress(String(issuer)));
  const name = addressOf(nodeOf(wanted), canonical(processOf(wanted)));
  return (await ourCapabilities()).filter((one) => one.issuer === name);
}

function plain({ issuer, params }: CapabilityShape): CapabilityShape {
  return { issuer: ownNode(issuer), params };
}

function ownNode(address: AddressText): AddressText {
  const { our } = current();
  return address.startsWith("our@")
    ? `${our.slice(0, our.indexOf("@"))}${address.slice("our".length)}` as AddressText
    : address;
}

/** As the kernel writes params: keys sorted, no spaces. */
function canonicalText(json: unknown): string {
  return JSON.stringify(
    json,
    (_key, value) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1))
        : value,
  );
}
