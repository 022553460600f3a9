/**
 * What a process may do, as data: the kernel makes capabilities of it. A dropped single-file script gets a
 * small set without asking (design.md §6) and what its `config` asks for beyond; a package what its manifest asks
 * for; with `--strict` both get what the owner grants (grants.ts). "vfs, kv, sqlite" means the process's own
 * drive and stores; those modules see to it.
 */
import { canonical, type ProcessId } from "../protocol/address.ts";
import { type Config, MESSAGING, type NamedCapability, NETWORK } from "../protocol/config.ts";
import type { NetworkPolicy } from "../protocol/network.ts";
import type { Grant } from "./grants.ts";

export interface Rights {
  /** What it holds, issued by the process named. */
  requests: NamedCapability[];
  /** What it issues, and to whom. */
  grants: NamedCapability[];
  /** Everybody on this node may message it. */
  public: boolean;
  /** Where it may call out to; `null`: where the node lets any process. */
  network: NetworkPolicy | null;
}

export const KERNEL = "kernel:distro:sys" as ProcessId;

/** Modules that a script may message without asking, and that may message it. */
const MODULES = [
  "http-server:distro:sys",
  "http-client:distro:sys",
  "timer:distro:sys",
  "vfs:distro:sys",
  "kv:distro:sys",
  "sqlite:distro:sys",
  "terminal:terminal:sys",
] as ProcessId[];

function noRights(): Rights {
  return { requests: [], grants: [], public: false, network: null };
}

/** The set that needs no asking. */
function defaultRights(): Rights {
  const messaging = () => MODULES.map((process) => ({ process, params: MESSAGING }));
  return { requests: messaging(), grants: messaging(), public: false, network: null };
}

/** What `config` asks for. */
function askedIn(config: Config): Rights {
  const networking = config.request_networking ? [{ process: KERNEL, params: NETWORK }] : [];
  return {
    requests: [...config.request_capabilities ?? [], ...networking],
    grants: config.grant_capabilities ?? [],
    public: config.public ?? false,
    network: config.network,
  };
}

export interface Circumstances {
  /** A part of a package: it gets what its manifest asks for, and the default set only where that is silent. */
  packaged: boolean;
  /** Nothing is given for the asking. */
  strict: boolean;
  /** What the node's owner says of it. */
  grant: Grant | null;
}

/** What a process gets, and what it asks for without getting it. */
export function rightsOf(config: Config, { packaged, strict, grant }: Circumstances) {
  const usual = defaultRights();
  if (packaged && config.request_capabilities !== null) usual.requests = [];
  if (packaged && config.grant_capabilities !== null) usual.grants = [];
  const asked = askedIn(config);
  const granted = grant === null || grant === "asked" ? noRights() : askedIn(grant);
  if (strict && grant !== "asked") {
    const given = { ...granted, network: granted.network ?? narrower(asked.network) };
    return { given, refused: without(asked, given) };
  }
  return { given: joined(joined(usual, asked), granted), refused: noRights() };
}

function without(a: Rights, b: Rights): Rights {
  const missing = (from: NamedCapability[], held: NamedCapability[]) => {
    const keys = new Set(held.map(keyOf));
    return from.filter((one) => !keys.has(keyOf(one)));
  };
  return {
    requests: missing(a.requests, b.requests),
    grants: missing(a.grants, b.grants),
    public: a.public && !b.public,
    network: b.network === null ? a.network : null,
  };
}

/** Both, nothing twice. */
function joined(a: Rights, b: Rights): Rights {
  return {
    requests: distinct([...a.requests, ...b.requests]),
    grants: distinct([...a.grants, ...b.grants]),
    public: a.public || b.public,
    network: b.network ?? a.network,
  };
}

/** Who wants less than any process gets has it without asking. */
function narrower(network: NetworkPolicy | null): NetworkPolicy | null {
  return network === "none" || network === "public" ? network : null;
}

function distinct(list: NamedCapability[]): NamedCapability[] {
  return [...new Map(list.map((one) => [keyOf(one), one])).values()];
}

function keyOf({ process, params }: NamedCapability): string {
  return `${canonical(process)} ${params}`;
}
