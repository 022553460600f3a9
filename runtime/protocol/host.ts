/**
 * What a process asks of the kernel itself, Kinode's host functions (spec/kernel.md §2.2). They are no
 * messages: they cross the port as calls of their own, so that they disturb neither the queue nor the blob nor
 * the request being answered.
 *
 *   process ──["Call", id, {"SetState":…}]──► kernel
 *   process ◄──["Return", id, error, value]── kernel
 */
import type { Address } from "./address.ts";
import { ownBytes } from "./large.ts";
import { checkCapabilities } from "./message.ts";
import { CapabilityList, OnExit, ProcessIdText } from "./config.ts";
import {
  boolean,
  converted,
  type Decoder,
  list,
  object,
  type Of,
  optional,
  string,
  tagged,
  tuple,
  unit,
} from "./serde.ts";

/** Bytes as they are after crossing a port. The store hands them on, so that no other frame may have them, small or large. */
const rawBytes: Decoder<Uint8Array> = (value, at) => {
  const own = ownBytes(value);
  if (own === null) {
    throw new TypeError(`Cannot decode ${at}: expected a Uint8Array of its own memory`);
  }
  return own === value ? own.slice() : own;
};

const PATH_CHARS_MAX = 4_096;

const pathText = converted(string, (path) => {
  if (path.length <= PATH_CHARS_MAX) return path;
  throw new RangeError(`expected at most ${PATH_CHARS_MAX} characters`);
});

function checkGrants<T extends [string, string]>(grants: T[]): T[] {
  checkCapabilities(grants.map(([issuer, params]) => ({ issuer: issuer as Address, params })));
  return grants;
}

export const hostCalls = {
  GetState: unit,
  SetState: rawBytes,
  ClearState: unit,
  /** `grant_capabilities`: whom to give which params, issued by the child. */
  Spawn: object({
    name: optional(string),
    path: pathText,
    on_exit: OnExit,
    request_capabilities: CapabilityList,
    grant_capabilities: converted(list(tuple(ProcessIdText, string)), checkGrants),
    public: boolean,
  }),
  SaveCapabilities: CapabilityList,
  DropCapabilities: CapabilityList,
  /** JSON as text: thousands of objects are dear to clone, and that is the kernel's thread. */
  OurCapabilities: unit,
  GetOnExit: unit,
  SetOnExit: OnExit,
};
export const HostCall = tagged(hostCalls);
export type HostCall = Of<typeof HostCall>;
export type SpawnCall = Of<typeof hostCalls.Spawn>;

export type CallFrame = ["Call", number, HostCall];
/** id, why it failed or null, what it returned. */
export type ReturnFrame = ["Return", number, string | null, unknown];
