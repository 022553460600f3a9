/** Bytes that a process keeps: they survive its crash, its restart, and the node's power cut. */
import { bytesOf } from "../protocol/message.ts";
import { checked } from "./checked.ts";
import { current } from "./current.ts";

/**
 * What `setState` kept last; `null` if nothing was kept yet, or it was cleared. Rejects if it cannot be read:
 * do not take that for "nothing kept".
 *
 * ```ts
 * import { getState } from "@kinode/process";
 *
 * const bytes = await getState();
 * const count = bytes === null ? 0 : Number(new TextDecoder().decode(bytes));
 * ```
 */
export async function getState(): Promise<Uint8Array | null> {
  return await current().calls.call("GetState") as Uint8Array | null;
}

/**
 * Keeps these bytes (text is kept as UTF-8) in place of what was kept. When it resolves they are on the disk:
 * `kill -9` of the node does not lose them. Rejects when they are too large (64 MB) or the disk is full; what
 * was kept before is then still there.
 */
export async function setState(state: Uint8Array | string): Promise<void> {
  await current().calls.call({ SetState: bytesOf(checked(state, "the state")) });
}

/** Forgets what was kept. */
export async function clearState(): Promise<void> {
  await current().calls.call("ClearState");
}
