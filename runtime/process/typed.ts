/**
 * Values instead of bytes. Kinode's helpers take bytes that cannot be read for "nothing there", and apps then
 * overwrite them; these throw what `read` throws.
 */
import type { Blob } from "./message.ts";
import { getBlob } from "./standard.ts";
import { getState } from "./state.ts";

/**
 * A blob made of a value.
 *
 * ```ts
 * import { makeBlob, Request } from "@kinode/process";
 *
 * const blob = makeBlob({ size: 7 }, JSON.stringify, "application/json");
 * Request.to("our@files:files:template.os").body("{}").blob(blob).send();
 * ```
 */
export function makeBlob<T>(
  value: T,
  write: (value: T) => Uint8Array | string,
  mime: string | null = null,
): { mime: string | null; bytes: Uint8Array | string } {
  return { mime, bytes: write(value) };
}

/** What `read` makes of the current message's blob; `null` without one. */
export function getTypedBlob<T>(read: (bytes: Uint8Array, blob: Blob) => T): T | null {
  const blob = getBlob();
  return blob === null ? null : read(blob.bytes, blob);
}

/**
 * What `read` makes of the state; `null` if none was kept.
 *
 * ```ts
 * import { getTypedState, msgpack } from "@kinode/process";
 *
 * const settings = await getTypedState(msgpack.decode);
 * ```
 */
export async function getTypedState<T>(read: (bytes: Uint8Array) => T): Promise<T | null> {
  const bytes = await getState();
  return bytes === null ? null : read(bytes);
}
