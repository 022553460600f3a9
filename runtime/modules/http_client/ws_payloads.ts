/** What processes give for a frame, as it goes into one. */
import type { Body } from "../../protocol/message.ts";

export type CloseIn = { code?: number; reason?: string };

/** What a close frame holds; RFC 6455 §5.5.1. */
export function closeBytes({ code, reason = "" }: CloseIn): Uint8Array {
  if (code === undefined) return new Uint8Array(0);
  return new Uint8Array([code >> 8, code & 0xff, ...new TextEncoder().encode(reason)]);
}

export function isUtf8(bytes: Body): boolean {
  if (typeof bytes === "string") return true; // It is encoded below, whatever it holds.
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
