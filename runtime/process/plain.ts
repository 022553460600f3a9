/**
 * What a process sends, made plain: text, numbers, bytes in memory of their own, lists and objects of these. The kernel
 * checks every field, but Deno makes objects of a whole post before the kernel sees any: of an object that Deno knows
 * from somewhere (a port, a key), of one text a thousand times, of a byte with a gigabyte behind it. So none of these
 * leaves the process.
 *
 * Nothing here is looked up when something is sent: the script may have replaced what would be found.
 */
import { MESSAGE_BYTES_MAX } from "../limits.ts";
import type { FromProcess } from "../protocol/port.ts";

/** A body or a blob; beyond MESSAGE_BYTES_MAX the kernel says in words that it is too large. */
const BYTES_MAX = 2 * MESSAGE_BYTES_MAX;
/** All else in one frame, in characters, entries and fields: a megabyte of metadata has room, and the kernel refuses more. */
const REST_MAX = 4 * 1024 * 1024;
/** As the capabilities of a request in an on-exit (protocol/config.ts), and one. */
const DEPTH_MAX = 8;
const ID_MAX = 0xffff_ffff_ffff_ffffn;
/** Of a message's frame (protocol/port.ts). */
const BODY = 7;
const BLOB = 11;

const { apply, ownKeys, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
const { isArray } = Array;
const { create } = Object;
const Bytes = Uint8Array;
const typedArray = getPrototypeOf(Uint8Array.prototype)!;
const { set } = Uint8Array.prototype;
const kindOf = getterOf(typedArray, Symbol.toStringTag);
const bufferOf = getterOf(typedArray, "buffer");
const lengthOf = getterOf(typedArray, "byteLength");
const wholeOf = getterOf(ArrayBuffer.prototype, "byteLength");

/** The frame, with copies of its own in it. Throws a TypeError or a RangeError where there is no plain one like it. */
export function plainFrame<F extends FromProcess>(frame: F): F {
  const isMessage = frame[0] === "Request" || frame[0] === "Response";
  const copier = new Copier();
  const slots = frame as unknown[];
  for (let slot = 0; slot < slots.length; slot++) {
    const value = slots[slot];
    if (typeof value === "string" && isMessage && (slot === BODY || slot === BLOB)) {
      bound(value.length, BYTES_MAX);
    } else {
      const plain = copier.plain(value, 0);
      if (plain !== value) slots[slot] = plain;
    }
  }
  return frame;
}

/** Copies what one frame holds. */
class Copier {
  #used = 0;

  plain(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case "string":
        this.#use(value.length);
        return value;
      case "bigint":
        if (value < 0n || value > ID_MAX) break;
        return value;
      case "object":
        return value === null ? null : this.#copy(value, depth);
      case "function":
      case "symbol":
        break;
      default:
        return value;
    }
    throw new TypeError(`Cannot send a ${typeof value} to the node: give text, numbers or bytes`);
  }

  #copy(value: object, depth: number): unknown {
    const kind = apply(kindOf, value, []);
    if (kind === "Uint8Array") return ownBytes(value as Uint8Array);
    if (depth === DEPTH_MAX) throw new TypeError("Cannot send to the node what is nested so deep");
    return isArray(value) ? this.#list(value, depth) : this.#object(value, depth);
  }

  #list(value: unknown[], depth: number): unknown[] {
    const { length } = value;
    this.#use(length);
    const list: unknown[] = [];
    for (let at = 0; at < length; at++) list[at] = this.plain(value[at], depth + 1);
    return list;
  }

  /** Its own fields by name: what Deno takes for more than an object has a symbol that says so. */
  #object(value: object, depth: number): object {
    const keys = ownKeys(value);
    const object = create(null) as Record<string, unknown>;
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at]!;
      if (typeof key !== "string") continue;
      this.#use(key.length + 1);
      object[key] = this.plain((value as Record<string, unknown>)[key], depth + 1);
    }
    return object;
  }

  #use(size: number): void {
    this.#used += size;
    bound(this.#used, REST_MAX);
  }
}

/** The bytes; a copy where other memory than theirs, or memory that others can change, would go with them. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  const length = apply(lengthOf, bytes, []) as number;
  bound(length, BYTES_MAX);
  if (isWhole(apply(bufferOf, bytes, []) as ArrayBufferLike, length)) return bytes;
  const copy = new Bytes(length);
  apply(set, copy, [bytes]);
  return copy;
}

function isWhole(buffer: ArrayBufferLike, length: number): boolean {
  try {
    return apply(wholeOf, buffer, []) === length;
  } catch {
    return false; // It is shared.
  }
}

function bound(size: number, max: number): void {
  if (size <= max) return;
  throw new RangeError(`Cannot send to the node more than ${max >> 20} MB at once`);
}

function getterOf(prototype: object, name: PropertyKey): () => unknown {
  return getOwnPropertyDescriptor(prototype, name)!.get!;
}
