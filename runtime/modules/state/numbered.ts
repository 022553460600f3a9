/** For kill_test.ts: states that carry a number, and know whether they are whole. */
import { checksumOf } from "./schema.ts";
import { randomBytes } from "./testing.ts";

const CHECKSUM_BYTES = 32;

/** Mostly small, at times larger than SQLite's cache, so that a transaction reaches the disk in pieces. */
export function toState(number: number): Uint8Array<ArrayBuffer> {
  const filler = number % 97 === 0 ? 3_000_000 : Math.floor(Math.random() ** 4 * 100_000);
  const state = randomBytes(CHECKSUM_BYTES + 4 + filler);
  new DataView(state.buffer).setUint32(CHECKSUM_BYTES, number);
  state.set(checksumOf("", "", state.subarray(CHECKSUM_BYTES)));
  return state;
}

/** 0 when there is none; throws when it is torn. */
export function readNumber(state: Uint8Array | null): number {
  if (state === null) return 0;
  const body = state.subarray(CHECKSUM_BYTES);
  const whole = checksumOf("", "", body).equals(state.subarray(0, CHECKSUM_BYTES));
  if (!whole) throw new Error(`a state of ${state.length} bytes is torn`);
  return new DataView(body.buffer, body.byteOffset).getUint32(0);
}
