/**
 * What travels between processes, modules and the kernel. One envelope, every field always present, `null`
 * never `undefined`. The kernel never reads a body. Ids are random u64: `bigint`, never a JSON number.
 */
import type { Address } from "./address.ts";

/** Bytes; or text that stands for its UTF-8 bytes and is encoded only when somebody reads it as bytes. */
export type Body = Uint8Array | string;

/** `bytes` may travel as text, as a body may: read it with `bytesOf(blob.bytes)` or `textOf(blob.bytes)`. */
export interface LazyLoadBlob {
  mime: string | null;
  bytes: Body;
}

/** `params` is JSON as text, compared after parsing: `"\"messaging\""`, `{"kind":"read","drive":"/p:k/d"}`. */
export interface Capability {
  issuer: Address;
  params: string;
}

/** Why a request came back; `kind` is Kinode's, `reason` is ours, for programs. */
export type SendErrorReason =
  | "no-answer"
  | "no-such-process"
  | "not-permitted"
  | "crashed"
  | "offline"
  | "no-network-capability"
  | "queue-full"
  | "too-large";

/** Why a message would go nowhere, whatever were in it. */
export type Unreachable = Extract<SendErrorReason, "no-such-process" | "not-permitted">;

/** The head of a SendError; the refused request's body and blob travel in the envelope around it. */
export interface SendErrorHead {
  kind: "Offline" | "Timeout";
  reason: SendErrorReason;
  /** Whom the refused request was for. */
  target: Address;
  /** One sentence that says what was wrong and what to do. */
  explanation: string;
}

export interface KernelMessage {
  kind: "Request" | "Response" | "SendError";
  /** Of the request; a Response and a SendError bear the id of the request that they answer. */
  id: bigint;
  source: Address;
  target: Address;
  /** Who gets the response when it is not `source` (an inherited request); `null` without one. */
  rsvp: Address | null;
  inherit: boolean;
  /** Seconds until a SendError replaces the missing response; `null`: no response wanted. */
  expects_response: number | null;
  body: Body;
  /** By convention JSON; nobody checks. */
  metadata: string | null;
  capabilities: Capability[];
  lazy_load_blob: LazyLoadBlob | null;
  error: SendErrorHead | null;
}

/** Whatever can be handed a message: a process behind its port, or a module. */
export interface Endpoint {
  deliver(message: KernelMessage): void;
}

/**
 * What became of a process whose worker has ended, and so of what it held open (channels, requests under way):
 *
 *   gone      it will not come back under this name: close it
 *   crashed   it starts anew: close it
 *   reloaded  a new version takes its place: close it
 *   kept      a new version takes its place, and gets it
 *   asleep    it is started again by the next message to it, and finds it
 */
export type Ending = "gone" | "crashed" | "reloaded" | "kept" | "asleep";

/** A module of the runtime (`http-server:distro:sys`): an endpoint that also hears of processes that ended. */
export interface Module extends Endpoint {
  /** What it held open is the module's to close, or to keep. Its next life, if any, can be messaged already. */
  processEnded(process: Address, ending: Ending): void;
  /** The process, which runs, wants nothing of what was kept for it. */
  keepsNothing?(process: Address): void;
  /** The node stops: close listeners and sockets. */
  close(): Promise<void>;
}

/** A request that nobody waits for. */
export function expectsNothing({ kind, expects_response, rsvp }: KernelMessage): boolean {
  return kind === "Request" && expects_response === null && rsvp === null;
}

/** It comes from the runtime, and not from a process. */
export function isOfModule({ source }: KernelMessage): boolean {
  return source.endsWith(":distro:sys");
}

/** Nobody but its receiver may have it: who asks keeps what he asked, to get it back, and modules what they like. */
export function isReceiversOnly(message: KernelMessage): boolean {
  return !isOfModule(message) && (message.kind === "Response" || expectsNothing(message));
}

const encoder = new TextEncoder();
// A byte order mark is three bytes like any other: Rust keeps it, TextDecoder by itself would drop it.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export function bytesOf(body: Body): Uint8Array {
  return typeof body === "string" ? encoder.encode(body) : body;
}

/** Invalid UTF-8 becomes U+FFFD, as Rust's lossy reading does. */
export function textOf(body: Body): string {
  return typeof body === "string" ? body : decoder.decode(body);
}

/** Bytes of a message, close enough for bounds: text counts its UTF-16 units. */
export function sizeOf({ body, metadata, capabilities, lazy_load_blob }: KernelMessage): number {
  return body.length + (metadata?.length ?? 0) + charsOf(capabilities) +
    (lazy_load_blob?.bytes.length ?? 0);
}

/** What capabilities may weigh together, on a message or in a call: the kernel parses each. */
export const CAPABILITY_CHARS_MAX = 32 * 1024;

/** Characters of capabilities. */
export function charsOf(capabilities: readonly Capability[]): number {
  let chars = 0;
  for (const { issuer, params } of capabilities) chars += issuer.length + params.length;
  return chars;
}

/** Throws a RangeError when they weigh more than they may. */
export function checkCapabilities<T extends Capability>(capabilities: T[]): T[] {
  if (charsOf(capabilities) <= CAPABILITY_CHARS_MAX) return capabilities;
  throw new RangeError(
    `capabilities have at most ${CAPABILITY_CHARS_MAX} characters together, these have ${
      charsOf(capabilities)
    }`,
  );
}

const random = new BigUint64Array(256);
let randomLeft = 0;

/** A fresh u64. Drawn 256 at a time: one call into the system per message would cost more than the routing. */
export function randomId(): bigint {
  if (randomLeft === 0) {
    crypto.getRandomValues(random);
    randomLeft = random.length;
  }
  return random[--randomLeft]!;
}

/** A Request with Kinode's defaults: no inherit, no response expected, no metadata, no blob. */
export function request(
  source: Address,
  target: Address,
  body: Body,
  options: Partial<
    Pick<KernelMessage, "id" | "rsvp" | "expects_response" | "metadata" | "lazy_load_blob">
  > = {},
): KernelMessage {
  return {
    kind: "Request",
    id: options.id ?? randomId(),
    source,
    target,
    rsvp: options.rsvp ?? null,
    inherit: false,
    expects_response: options.expects_response ?? null,
    body,
    metadata: options.metadata ?? null,
    capabilities: [],
    lazy_load_blob: options.lazy_load_blob ?? null,
    error: null,
  };
}

/** The Response to `to`; it goes to `to.rsvp`, or to its source, and comes from the name that was addressed. */
export function responseTo(
  to: KernelMessage,
  body: Body,
  blob: LazyLoadBlob | null = null,
): KernelMessage {
  return {
    kind: "Response",
    id: to.id,
    source: to.target,
    target: to.rsvp ?? to.source,
    rsvp: null,
    inherit: false,
    expects_response: null,
    body,
    metadata: null,
    capabilities: [],
    lazy_load_blob: blob,
    error: null,
  };
}
