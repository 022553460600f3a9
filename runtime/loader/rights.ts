/**
 * What a process may do, as data: the kernel makes capabilities of it. A dropped single-file script gets a
 * small set without asking (design.md §6) and, on a node that is not `--strict`, what its `config` asks for
 * beyond. "vfs, kv, sqlite" means the script's own drive and stores; those modules see to it.
 */
import type { ProcessId } from "../protocol/address.ts";
import { type Config, MESSAGING, type NamedCapability, NETWORK } from "../protocol/config.ts";

export interface Rights {
  /** What it holds, issued by the process named. */
  requests: NamedCapability[];
  /** What it issues, and to whom. */
  grants: NamedCapability[];
  /** Everybody on this node may message it. */
  public: boolean;
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
  return { requests: [], grants: [], public: false };
}

/** The set that needs no asking. */
function defaultRights(): Rights {
  const messaging = () => MODULES.map((process) => ({ process, params: MESSAGING }));
  return { requests: messaging(), grants: messaging(), public: false };
}

/** What `config` asks for. */
function askedIn(config: Config): Rights {
  const networking = config.request_networking ? [{ process: KERNEL, params: NETWORK }] : [];
  return {
    requests: [...config.request_capabilities ?? [], ...networking],
    grants: config.grant_capabilities ?? [],
    public: config.public ?? false,
  };
}

/** What a script gets, and what it asks for without getting it. */
export function rightsOf(config: Config, { strict }: { strict: boolean }) {
  const asked = askedIn(config);
  if (strict) return { given: noRights(), refused: asked };
  return { given: joined(defaultRights(), asked), refused: noRights() };
}

/** Both, nothing twice. */
function joined(a: Rights, b: Rights): Rights {
  return {
    requests: distinct([...a.requests, ...b.requests]),
    grants: distinct([...a.grants, ...b.grants]),
    public: a.public || b.public,
  };
}

function distinct(list: NamedCapability[]): NamedCapability[] {
  const byText = new Map(list.map((one) => [`${one.process} ${one.params}`, one]));
  return [...byText.values()];
}
