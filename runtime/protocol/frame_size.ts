/** What frames of a process weigh, for bounds. */
import type { HostCall } from "./host.ts";
import { charsOf } from "./message.ts";
import type { FromProcess } from "./port.ts";

/** Bytes that a frame weighs, close enough for bounds: text counts its UTF-16 units. */
export function sizeOfFrame(frame: FromProcess): number {
  if (frame[0] === "Print") return frame[2].length;
  if (frame[0] === "Request" || frame[0] === "Response") {
    return frame[7].length + (frame[8]?.length ?? 0) + charsOf(frame[9] ?? []) +
      (frame[11]?.length ?? 0);
  }
  return frame[0] === "Call" ? sizeOfCall(frame[2]) : 0;
}

function sizeOfCall(call: HostCall): number {
  if (typeof call === "string") return 0;
  if ("SetState" in call) return call.SetState.length;
  if ("SaveCapabilities" in call) return charsOf(call.SaveCapabilities);
  if ("DropCapabilities" in call) return charsOf(call.DropCapabilities);
  return "Spawn" in call ? charsOf(call.Spawn.request_capabilities) : 0;
}
