/** What happens when a process returns or crashes (spec/kernel.md §3.3, §3.5), and a script's `config`. */
import { parseAddress, parseProcessId } from "./address.ts";
import {
  boolean,
  bytes,
  converted,
  count,
  list,
  object,
  type Of,
  optional,
  string,
  tagged,
  tuple,
  unit,
} from "./serde.ts";

/** `process:package:publisher`. */
export const ProcessIdText = converted(string, parseProcessId);
/** `node@process:package:publisher`. */
export const AddressText = converted(string, parseAddress);
/** `params` is JSON as text. */
export const CapabilityShape = object({ issuer: AddressText, params: string });

/** A request as it stands in an on-exit: nobody is there any more to get a response. */
const LastRequest = object({
  inherit: optional(boolean),
  expects_response: optional(count),
  body: bytes,
  metadata: optional(string),
  capabilities: optional(list(CapabilityShape)),
});
const Blob = object({ mime: optional(string), bytes });

/**
 * `"None"`: it is gone. `"Restart"`: it is started anew. `{"Requests":[[address, request, blob], …]}`: these
 * are sent in its name, then it is gone.
 */
export const OnExit = tagged({
  None: unit,
  Restart: unit,
  Requests: list(tuple(AddressText, LastRequest, optional(Blob))),
});
export type OnExit = Of<typeof OnExit>;

/** The `config` export of a script. */
export const Config = object({ on_exit: optional(OnExit) });
export type Config = Of<typeof Config>;
