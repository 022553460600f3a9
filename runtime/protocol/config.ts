/** What happens when a process returns or crashes (spec/kernel.md §3.3, §3.5), and a script's `config`. */
import { parseAddress, parseProcessId } from "./address.ts";
import { checkCapabilities } from "./message.ts";
import { NetworkPolicy } from "./network.ts";
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
/** As many as a message may carry. */
export const CapabilityList = converted(list(CapabilityShape), checkCapabilities);

/** A request as it stands in an on-exit: nobody is there any more to get a response. */
const LastRequest = object({
  inherit: optional(boolean),
  expects_response: optional(count),
  body: bytes,
  metadata: optional(string),
  capabilities: optional(CapabilityList),
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

/** The params of the capability to message its issuer, and of the one to reach other nodes. */
export const MESSAGING = '"messaging"';
export const NETWORK = '"network"';

/** A capability as a manifest names it (spec/kernel.md §5.2): `params` is JSON as text here. */
export interface NamedCapability {
  process: Of<typeof ProcessIdText>;
  params: string;
}

/** `"p:k:g"` is the right to message it; `{"process":"p:k:g","params":…}` is any other. */
export const NamedCapability: Decoder<NamedCapability> = (json, at) =>
  typeof json === "string"
    ? { process: ProcessIdText(json, at), params: MESSAGING }
    : object({ process: ProcessIdText, params: jsonText })(json, at);

/** The library alone takes half of the least; a V8 heap ends at 4 GB. */
const HEAP_MB_MIN = 16;
const HEAP_MB_MAX = 4_096;

const heapMb = converted(count, (mb) => {
  if (mb >= HEAP_MB_MIN && mb <= HEAP_MB_MAX) return mb;
  throw new RangeError(`expected from ${HEAP_MB_MIN} to ${HEAP_MB_MAX} MB`);
});

/** A day is as good as no limit. */
const SECONDS_MAX = 86_400;

const cpuSeconds = converted(count, (seconds) => {
  if (seconds >= 1 && seconds <= SECONDS_MAX) return seconds;
  throw new RangeError(`expected from 1 to ${SECONDS_MAX} seconds`);
});

const cpuShare = converted(anything, (share) => {
  if (typeof share === "number" && share > 0 && share <= 1) return share;
  throw new RangeError("expected more than 0 and at most 1: a part of one core");
});

const idleSeconds = converted(count, (seconds) => {
  if (seconds >= 1 && seconds <= SECONDS_MAX) return seconds;
  throw new RangeError(`expected from 1 to ${SECONDS_MAX} seconds`);
});

const jsonText = converted(anything, (json) => {
  if (json === undefined) throw new TypeError("expected any JSON");
  return JSON.stringify(json);
});

const SCHEDULE_MAX = 10;
/** A list of every minute has 170. */
const CRON_CHARS_MAX = 500;

/** Five fields each: how often more than once a minute is nobody's to ask. What they say the loader checks. */
const schedule = converted(list(string), (crons) => {
  if (crons.length > SCHEDULE_MAX) {
    throw new TypeError(`expected at most ${SCHEDULE_MAX} cron expressions`);
  }
  const odd = crons.find((cron) =>
    cron.length > CRON_CHARS_MAX || cron.trim().split(/\s+/).length !== 5
  );
  if (odd === undefined) return crons;
  throw new TypeError(
    `expected cron expressions of five fields, as in "*/5 * * * *", not ${
      JSON.stringify(odd.slice(0, CRON_CHARS_MAX))
    }`,
  );
});

/** The fields of a `config`, which an entry of a manifest may have as well (but for `id`). */
export const configFields = {
  /** Who the process is: `process:package:publisher`. */
  id: optional(ProcessIdText),
  on_exit: optional(OnExit),
  request_networking: optional(boolean),
  request_capabilities: optional(list(NamedCapability)),
  grant_capabilities: optional(list(NamedCapability)),
  public: optional(boolean),
  /** Heap of the process, in MB. */
  memory_mb: optional(heapMb),
  /** CPU time that it may use on one message, in seconds. */
  cpu_seconds: optional(cpuSeconds),
  /** The part of one core that it may use on average. */
  cpu_share: optional(cpuShare),
  /** After so many seconds without a message it sleeps: its worker is ended until the next one. */
  idle: optional(idleSeconds),
  /** A new version of it gets the WebSockets of the old one (web style does by itself). */
  keepChannels: optional(boolean),
  /** Where it may call out to, if not where the node lets any process. */
  network: optional(NetworkPolicy),
  /** When `scheduled` of a script in web style is called: cron expressions, in UTC. */
  schedule: optional(schedule),
};

/**
 * The `config` export of a script, in the words of a manifest: `request_capabilities` are for itself and
 * issued by the process named, `grant_capabilities` are issued by itself for the process named. The loader
 * reads it out of the text, before anything runs.
 */
export const Config = object(configFields);
export type Config = Of<typeof Config>;

/** Whether it wants more than a process has by itself. */
export function asksForRights(config: Config): boolean {
  const { request_capabilities, grant_capabilities, request_networking } = config;
  const named = [...request_capabilities ?? [], ...grant_capabilities ?? []];
  return named.length > 0 || Boolean(request_networking) || Boolean(config.public) ||
    config.network !== null;
}
