/**
 * The frames between us and an extension (spec/http.md §3.6-§3.7): MessagePack as Kinode's rmp-serde writes
 * it, byte for byte. Outwards `{"WebSocketExtPushData": {id, kinode_message_type, blob}}` with the blob as an
 * array of integers; inwards also as `[id, kinode_message_type, blob]`, with a bin blob, with bytes after it.
 *
 * @std/msgpack does the scalars. The containers are read and written here: it refuses bytes that follow a
 * value, and makes one JS value of each of a blob's bytes.
 */
import { decode, encode, type ValueType } from "@std/msgpack";
import { actions, type MessageType, u64 } from "../../protocol/http_server.ts";
import type { WebSocketExtPushData } from "../../protocol/http_server.ts";

const FIELDS = ["id", "kinode_message_type", "blob"] as const;

/** The frame that carries `blob` to an extension; `id` is of the kernel request that pushed it. */
export function encodeExtension(data: WebSocketExtPushData): Uint8Array<ArrayBuffer> {
  // rmp writes ids compactly; @std/msgpack only does so for numbers.
  const id = data.id <= 0xffff_ffffn ? Number(data.id) : data.id;
  const head = [
    mapHeader(1),
    encode("WebSocketExtPushData"),
    mapHeader(FIELDS.length),
    ...[encode("id"), encode(id)],
    ...[encode("kinode_message_type"), encode(data.kinode_message_type)],
    ...[encode("blob"), arrayHeader(data.blob.length)],
  ];
  let wide = 0;
  for (const byte of data.blob) wide += byte >> 7;
  const headLength = head.reduce((sum, part) => sum + part.length, 0);
  const frame = new Uint8Array(headLength + data.blob.length + wide);
  let at = 0;
  for (const part of head) {
    frame.set(part, at);
    at += part.length;
  }
  for (const byte of data.blob) {
    if (byte > 0x7f) frame[at++] = 0xcc;
    frame[at++] = byte;
  }
  return frame;
}

/**
 * What an extension sent: the envelope, or `"other"` for any other action of http_server (which has no
 * business there), or null when it is neither, and so the process's own affair.
 */
export function tryDecodeExtension(frame: Uint8Array): WebSocketExtPushData | "other" | null {
  try {
    return new Reader(frame).action();
  } catch {
    return null; // Bytes that are not MessagePack, or not an action: a normal case (§3.7).
  }
}

function mapHeader(size: number): Uint8Array {
  return Uint8Array.of(0x80 | size);
}

function arrayHeader(size: number): Uint8Array {
  if (size <= 15) return Uint8Array.of(0x90 | size);
  if (size <= 0xffff) return Uint8Array.of(0xdc, size >> 8, size & 0xff);
  return Uint8Array.of(0xdd, size >>> 24, (size >> 16) & 0xff, (size >> 8) & 0xff, size & 0xff);
}

/** Fields of an envelope; those that mean nothing here are passed over. */
const FIELDS_MAX = 100;

/** What an action other than the envelope may take: all are a few words. */
const OTHER_BYTES_MAX = 64 * 1024;

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  action(): WebSocketExtPushData | "other" {
    if (this.#mapSize() !== 1) throw new TypeError("an action has one variant");
    const name = this.#scalar();
    if (name === "WebSocketExtPushData") return this.#envelope();
    if (typeof name !== "string" || !Object.hasOwn(actions, name)) throw new TypeError("no action");
    // Only the map form of these is recognised; nobody sends them, so their positional form is not ours to keep.
    actions[name as keyof typeof actions](this.#small(), name);
    return "other";
  }

  #envelope(): WebSocketExtPushData {
    const positional = this.#arraySize();
    if (positional !== null) {
      if (positional !== FIELDS.length) throw new TypeError("an envelope has three fields");
      return { id: this.#id(), kinode_message_type: this.#messageType(), blob: this.#blob() };
    }
    let id: bigint | undefined;
    let type: MessageType | undefined;
    let blob: Uint8Array | undefined;
    const size = this.#mapSize();
    if (size > FIELDS_MAX) throw new TypeError("an envelope has three fields");
    for (let i = 0; i < size; i++) {
      const field = this.#scalar();
      if (field === "id") id = this.#id();
      else if (field === "kinode_message_type") type = this.#messageType();
      else if (field === "blob") blob = this.#blob();
      else this.#skip();
    }
    if (id === undefined || type === undefined || blob === undefined) {
      throw new TypeError("an envelope has id, kinode_message_type and blob");
    }
    return { id, kinode_message_type: type, blob };
  }

  #id(): bigint {
    return u64(this.#integer(), "id");
  }

  #messageType(): MessageType {
    const word = this.#scalar();
    if (word === "Request" || word === "Response") return word;
    throw new TypeError("unknown message type");
  }

  /** An array of integers, straight into bytes; or bin. */
  #blob(): Uint8Array {
    const size = this.#arraySize();
    if (size === null) {
      const bin = this.#scalar();
      if (bin instanceof Uint8Array) return bin.slice();
      throw new TypeError("a blob is bytes");
    }
    // Every item takes a byte at least, so a false size cannot reserve more than the frame's own length.
    if (size > this.#bytes.length - this.#at) throw new TypeError("the array ends early");
    const blob = new Uint8Array(size);
    for (let i = 0; i < size; i++) {
      const item = this.#integer();
      if (item < 0 || item > 0xff) throw new TypeError("a byte is 0 to 255");
      blob[i] = Number(item);
    }
    return blob;
  }

  #mapSize(): number {
    const first = this.#bytes[this.#at];
    if (first !== undefined && (first & 0xf0) === 0x80) return this.#header(1, first & 0x0f);
    if (first === 0xde) return this.#header(3, this.#view.getUint16(this.#at + 1));
    if (first === 0xdf) return this.#header(5, this.#view.getUint32(this.#at + 1));
    throw new TypeError("expected a map");
  }

  #arraySize(): number | null {
    const first = this.#bytes[this.#at];
    if (first !== undefined && (first & 0xf0) === 0x90) return this.#header(1, first & 0x0f);
    if (first === 0xdc) return this.#header(3, this.#view.getUint16(this.#at + 1));
    if (first === 0xdd) return this.#header(5, this.#view.getUint32(this.#at + 1));
    return null;
  }

  #header(length: number, size: number): number {
    this.#at += length;
    return size;
  }

  /** In any of MessagePack's encodings, as rmp takes them. Read here, for a blob may be millions of them. */
  #integer(): number | bigint {
    const first = this.#bytes[this.#at]!;
    const at = this.#at + 1;
    if (first <= 0x7f) return this.#took(1, first);
    if (first === 0xcc) return this.#took(2, this.#view.getUint8(at));
    if (first === 0xcd) return this.#took(3, this.#view.getUint16(at));
    if (first === 0xce) return this.#took(5, this.#view.getUint32(at));
    if (first === 0xcf) return this.#took(9, this.#view.getBigUint64(at));
    if (first === 0xd0) return this.#took(2, this.#view.getInt8(at));
    if (first === 0xd1) return this.#took(3, this.#view.getInt16(at));
    if (first === 0xd2) return this.#took(5, this.#view.getInt32(at));
    if (first === 0xd3) return this.#took(9, this.#view.getBigInt64(at));
    throw new TypeError("expected a whole number");
  }

  #took<T>(length: number, value: T): T {
    this.#at += length;
    return value;
  }

  #scalar(): ValueType {
    const start = this.#at;
    this.#skip(false);
    return decode(this.#bytes.subarray(start, this.#at));
  }

  #small(): ValueType {
    const start = this.#at;
    this.#skip(true, OTHER_BYTES_MAX);
    return decode(this.#bytes.subarray(start, this.#at));
  }

  /** Steps over one value, however deep, without recursion; it may take so many bytes. */
  #skip(containers = true, bytesMax = Infinity): void {
    const end = this.#at + bytesMax;
    for (let values = 1; values > 0; values--) {
      if (this.#at > end) throw new TypeError("the value is too long");
      const first = this.#bytes[this.#at];
      if (first === undefined) throw new RangeError("the frame ends early");
      const isMap = (first & 0xf0) === 0x80 || first === 0xde || first === 0xdf;
      const isArray = (first & 0xf0) === 0x90 || first === 0xdc || first === 0xdd;
      if ((isMap || isArray) && !containers) throw new TypeError("expected a scalar");
      if (isMap) values += 2 * this.#mapSize();
      else if (isArray) values += this.#arraySize()!;
      else this.#at += this.#scalarLength(first);
    }
    if (this.#at > this.#bytes.length) throw new RangeError("the frame ends early");
  }

  #scalarLength(first: number): number {
    if (first <= 0x7f || first >= 0xe0 || (first >= 0xc0 && first <= 0xc3)) return 1;
    if ((first & 0xe0) === 0xa0) return 1 + (first & 0x1f);
    if (first === 0xc4 || first === 0xd9) return 2 + this.#view.getUint8(this.#at + 1);
    if (first === 0xc5 || first === 0xda) return 3 + this.#view.getUint16(this.#at + 1);
    if (first === 0xc6 || first === 0xdb) return 5 + this.#view.getUint32(this.#at + 1);
    if (first === 0xcc || first === 0xd0) return 2;
    if (first === 0xcd || first === 0xd1) return 3;
    if (first === 0xca || first === 0xce || first === 0xd2) return 5;
    if (first === 0xcb || first === 0xcf || first === 0xd3) return 9;
    throw new TypeError("extension types mean nothing here");
  }
}
