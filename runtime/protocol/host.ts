/**
 * What a process asks of the kernel itself, Kinode's host functions (spec/kernel.md §2.2). They are no
 * messages: they cross the port as calls of their own, so that they disturb neither the queue nor the blob nor
 * the request being answered.
 *
 *   process ──["Call", id, {"SetState":…}]──► kernel
 *   process ◄──["Return", id, error, value]── kernel
 */
import { CapabilityShape, OnExit, ProcessIdText } from "./config.ts";
import {
  boolean,
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

/** Bytes as they are after crossing a port, in memory of their own. */
const rawBytes: Decoder<Uint8Array> = (value, at) => {
  if (!(value instanceof Uint8Array) || !(value.buffer instanceof ArrayBuffer)) {
    throw new TypeError(`Cannot decode ${at}: expected a Uint8Array of its own memory`);
  }
  return value.byteLength === value.buffer.byteLength ? value : value.slice();
};

export const hostCalls = {
  GetState: unit,
  SetState: rawBytes,
  ClearState: unit,
  /** `grant_capabilities`: whom to give which params, issued by the child. */
  Spawn: object({
    name: optional(string),
    path: string,
    on_exit: OnExit,
    request_capabilities: list(CapabilityShape),
    grant_capabilities: list(tuple(ProcessIdText, string)),
    public: boolean,
  }),
  SaveCapabilities: list(CapabilityShape),
  DropCapabilities: list(CapabilityShape),
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
