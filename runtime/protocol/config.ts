/** What happens when a process returns or crashes (spec/kernel.md §3.3, §3.5), and a script's `config`. */
import { parseAddress, parseProcessId } from "./address.ts";
import {
  anything,
  boolean,
  bytes,
  converted,
  count,
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

/** A capability as a manifest names it (spec/kernel.md §5.2): `params` is JSON as text here. */
interface NamedCapability {
  process: Of<typeof ProcessIdText>;
  params: string;
}

/** `"p:k:g"` is the right to message it; `{"process":"p:k:g","params":…}` is any other. */
const NamedCapability: Decoder<NamedCapability> = (json, at) =>
  typeof json === "string"
    ? { process: ProcessIdText(json, at), params: JSON.stringify("messaging") }
    : object({ process: ProcessIdText, params: jsonText })(json, at);

const jsonText = converted(anything, (json) => {
  if (json === undefined) throw new TypeError("expected any JSON");
  return JSON.stringify(json);
});

/**
 * The `config` export of a script, in the words of a manifest: `request_capabilities` are for itself and
 * issued by the process named, `grant_capabilities` are issued by itself for the process named.
 */
export const Config = object({
  on_exit: optional(OnExit),
  request_networking: optional(boolean),
  request_capabilities: optional(list(NamedCapability)),
  grant_capabilities: optional(list(NamedCapability)),
  public: optional(boolean),
});
export type Config = Of<typeof Config>;
