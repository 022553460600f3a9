import type { Body } from "../protocol/message.ts";

/**
 * What a script gives as body or blob, fit to cross a port; throws a TypeError for anything else. JavaScript
 * lets anything through to here, and beyond the port it would end the process.
 */
export function checked(value: Uint8Array | string, name: string): Body {
  if (typeof value === "string") return value;
  if (!(value instanceof Uint8Array)) {
    throw new TypeError(
      `Cannot send ${name}: give text or a Uint8Array; JSON.stringify() makes text of an object`,
    );
  }
  // A view would take the whole buffer behind it along, and shared memory may change on the way.
  const whole = value.byteLength === value.buffer.byteLength && value.buffer instanceof ArrayBuffer;
  return whole ? value : new Uint8Array(value);
}
