/** What frames of a process weigh, for bounds. */
import type { FromProcess } from "./port.ts";

const { apply, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
// In a process a script may put others in their places, which say less.
const typedArray = getPrototypeOf(Uint8Array.prototype)!;
const kindOf = getOwnPropertyDescriptor(typedArray, Symbol.toStringTag)!.get!;
const lengthOf = getOwnPropertyDescriptor(typedArray, "byteLength")!.get!;

/** What a list or an object costs beside what is in it. */
const EACH_BYTES = 16;
/** Deeper than any frame; one that is will be refused. */
const DEPTH_MAX = 10;
/** Capabilities are parsed, sorted and written anew. */
const CAPABILITY_TIMES = 16;
/** Body and blob, and behind them what is short, or not there. */
const WEIGHTY = [7, 11, 3, 4, 8, 10] as const;
const CAPABILITIES = 9;

/** Bytes that a frame weighs, close enough for bounds: text counts its UTF-16 units. */
export function sizeOfFrame(frame: FromProcess): number {
  if (frame[0] === "Print") return weigh(frame[2]);
  if (frame[0] === "Call") return weighCall(frame[2]);
  if (frame[0] !== "Request" && frame[0] !== "Response") return 0;
  let bytes = CAPABILITY_TIMES * weigh(frame[CAPABILITIES]);
  for (let at = 0; at < WEIGHTY.length; at++) bytes += weigh(frame[WEIGHTY[at]!]);
  return bytes;
}

/** Bytes are kept as they are; all else that is long is capabilities, mostly. */
function weighCall(call: unknown): number {
  if (typeof call !== "object" || call === null) return 0;
  const state = (call as { SetState?: unknown }).SetState;
  return state === undefined ? CAPABILITY_TIMES * weigh(call) : weigh(state);
}

/** Bytes that plain data weighs. */
export function weigh(value: unknown, depth = 0): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 0;
  if (apply(kindOf, value, []) === "Uint8Array") return apply(lengthOf, value, []) as number;
  let bytes = EACH_BYTES;
  if (depth === DEPTH_MAX) return bytes;
  for (const key in value) bytes += weigh((value as Record<string, unknown>)[key], depth + 1);
  return bytes;
}
