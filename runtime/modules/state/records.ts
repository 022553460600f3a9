/** Processes and capabilities as bytes: JSON, since a TEXT column would cut code at a NUL and mend half surrogates. */
import type { ProcessId } from "../../protocol/address.ts";
import { OnExit, ProcessIdText } from "../../protocol/config.ts";
import { NetworkPolicy } from "../../protocol/network.ts";
import { boolean, decodeJson, list, object, optional, string } from "../../protocol/serde.ts";
import type { PersistedCapability, PersistedProcess } from "../../protocol/store.ts";

function number(json: unknown, at: string): number {
  if (typeof json === "number") return json;
  throw new TypeError(`Cannot decode ${at}: expected a number`);
}

const ProcessRecord = object({
  id: ProcessIdText,
  wasm_bytes_handle: string,
  wit_version: optional(number),
  on_exit: OnExit,
  public: boolean,
  code: string,
  heapMb: number,
  network: optional(NetworkPolicy),
  maker: optional(ProcessIdText),
});
const CapabilityRecords = list(object({ issuer: string, params: string }));

export function encodeProcess(process: PersistedProcess): Uint8Array<ArrayBuffer> {
  return encode(process);
}

/** Throws a TypeError that names the field. */
export function decodeProcess(bytes: Uint8Array): PersistedProcess {
  return decodeJson(new TextDecoder().decode(bytes), ProcessRecord, "process");
}

/** All of one holder, without saying so in each. */
export function encodeCapabilities(
  capabilities: readonly PersistedCapability[],
): Uint8Array<ArrayBuffer> {
  return encode(capabilities.map(({ issuer, params }) => ({ issuer, params })));
}

export function decodeCapabilities(holder: ProcessId, bytes: Uint8Array): PersistedCapability[] {
  const records = decodeJson(new TextDecoder().decode(bytes), CapabilityRecords, "capabilities");
  return records.map((record) => ({ holder, ...record }));
}

/** Bytes within it as Kinode writes them in JSON: arrays of numbers. */
function encode(value: unknown): Uint8Array<ArrayBuffer> {
  const text = JSON.stringify(
    value,
    (_key, part) => part instanceof Uint8Array ? Array.from(part) : part,
  );
  return new TextEncoder().encode(text);
}
