/**
 * What is large is copied here, in the process's own thread, and the copy is handed over: were it cloned as it comes
 * out of the port, 60 MB would hold the kernel's thread up for 30 to 200 ms. Text becomes the bytes that it stands for.
 */
import { weigh } from "../protocol/frame_size.ts";
import { isLargeBody } from "../protocol/large.ts";
import type { FromProcess } from "../protocol/port.ts";

// Taken before a script can replace them.
const Bytes = Uint8Array;
const { set } = Uint8Array.prototype;
const { apply } = Reflect;
const encoder = new TextEncoder();
const { encode } = TextEncoder.prototype;

/** The frame; or, with what is large in it copied, one like it, and the copies' buffers added to `transfer`. */
export function copyLarge(frame: FromProcess, transfer: ArrayBuffer[]): FromProcess {
  if (frame[0] === "Call") return copyState(frame, transfer) as FromProcess;
  if (frame[0] !== "Request" && frame[0] !== "Response") return frame;
  if (!isLargeBody(frame[7]) && !isLargeBody(frame[11])) return frame;
  const like: unknown[] = [];
  for (let slot = 0; slot < frame.length; slot++) like[slot] = frame[slot];
  for (const slot of [7, 11]) like[slot] = copied(frame[slot], transfer);
  return like as unknown as FromProcess;
}

function copyState(frame: Extract<FromProcess, ["Call", ...unknown[]]>, transfer: ArrayBuffer[]) {
  const [word, id, call] = frame;
  if (typeof call !== "object" || !("SetState" in call) || !isLargeBody(call.SetState)) {
    return frame;
  }
  return [word, id, { SetState: copied(call.SetState, transfer) }];
}

function copied(value: unknown, transfer: ArrayBuffer[]): unknown {
  if (!isLargeBody(value)) return value;
  const copy: Uint8Array = typeof value === "string"
    ? apply(encode, encoder, [value])
    : new Bytes(weigh(value));
  if (typeof value !== "string") apply(set, copy, [value]);
  transfer[transfer.length] = copy.buffer as ArrayBuffer;
  return copy;
}
