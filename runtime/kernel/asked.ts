/**
 * What a script asks for in its `config`: rights for itself, rights on itself for others. It gets them before
 * its `init` runs, or none of them; either way the person at the terminal reads it, once.
 */
import { type Address, addressOf, type ProcessId } from "../protocol/address.ts";
import type { Config } from "../protocol/config.ts";
import type { Capability } from "../protocol/message.ts";
import { MESSAGING, NETWORK } from "./capabilities.ts";

const KERNEL = "kernel:distro:sys" as ProcessId;

export interface Asked {
  id: ProcessId;
  capabilities: Capability[];
  /** Who gets which params, issued by the script. */
  grants: [ProcessId, string][];
  public: boolean;
}

/** `null` if it asks for nothing. */
export function askedBy(id: ProcessId, config: Config, node: string): Asked | null {
  const wanted = [...config.request_capabilities ?? []];
  if (config.request_networking) wanted.push({ process: KERNEL, params: NETWORK });
  const asked: Asked = {
    id,
    capabilities: wanted.map(({ process, params }) => ({
      issuer: addressOf(node, process),
      params,
    })),
    grants: (config.grant_capabilities ?? []).map(({ process, params }) => [process, params]),
    public: config.public ?? false,
  };
  const nothing = asked.capabilities.length + asked.grants.length === 0 && !asked.public;
  return nothing ? null : asked;
}

/** One line in plain words, and one more for what reaches beyond its neighbours. */
export function inWords({ id, capabilities, grants, public: isPublic }: Asked): string[] {
  const powers = capabilities.map(powerOf).filter((power) => power !== null);
  const rights = [
    ...capabilities.filter((one) => powerOf(one) === null).map(({ issuer, params }) =>
      params === MESSAGING
        ? `it may message ${idOf(issuer)}`
        : `it has ${params} of ${idOf(issuer)}`
    ),
    ...grants.map(([holder, params]) =>
      params === MESSAGING ? `${holder} may message it` : `${holder} has ${params} of it`
    ),
    ...(isPublic ? ["every process may message it"] : []),
  ];
  return [
    ...(rights.length > 0 ? [`${id} asks for this and gets it: ${rights.join("; ")}`] : []),
    ...(powers.length > 0 ? [`${id} rules this node: ${powers.join("; ")}`] : []),
  ];
}

function powerOf({ issuer, params }: Capability): string | null {
  if (idOf(issuer) !== KERNEL) return null;
  if (params === MESSAGING) return `it may message ${KERNEL}`;
  return params === NETWORK ? "it may message other nodes" : null;
}

function idOf(issuer: Address): string {
  return issuer.slice(issuer.indexOf("@") + 1);
}
