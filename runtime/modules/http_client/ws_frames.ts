/**
 * WebSocket frames as a client writes and reads them (RFC 6455 §5): ours masked, one frame per message; the
 * server's unmasked, in fragments or not, control frames between the fragments. No extension is ever agreed
 * on, so every reserved bit is an error.
 */
import { WS_CONTROL_BYTES_MAX, WS_MESSAGE_BYTES_MAX } from "../../limits.ts";
import type { WsMessageType } from "../../protocol/ws_message_type.ts";
import { type ByteReader, GrowingBytes } from "./byte_reader.ts";

const OPCODES: Record<WsMessageType, number> = { Text: 1, Binary: 2, Close: 8, Ping: 9, Pong: 10 };
const CONTROLS = new Map<number, WsMessageType>([[8, "Close"], [9, "Ping"], [10, "Pong"]]);
const FINAL = 0x80;
const RESERVED = 0x70;
const MASKED = 0x80;
const CONTINUATION = 0;

export interface WsMessage {
  type: WsMessageType;
  bytes: Uint8Array;
}

/** What the server did is against RFC 6455; `code` is what the close frame to it says (§7.4.1). */
export class WsProtocolError extends Error {
  override name = "WsProtocolError";
  constructor(readonly code: 1002 | 1007 | 1009, message: string) {
    super(message);
  }
}

/** One whole message as one frame. */
export function encodeFrame(type: WsMessageType, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const extra = length < 126 ? 0 : length < 0x1_0000 ? 2 : 8;
  const frame = new Uint8Array(2 + extra + 4 + length);
  const view = new DataView(frame.buffer);
  frame[0] = FINAL | OPCODES[type];
  frame[1] = MASKED | (extra === 0 ? length : extra === 2 ? 126 : 127);
  if (extra === 2) view.setUint16(2, length);
  if (extra === 8) view.setBigUint64(2, BigInt(length));
  const mask = crypto.getRandomValues(frame.subarray(2 + extra, 6 + extra));
  const start = 6 + extra;
  for (let i = 0; i < length; i++) frame[start + i] = payload[i]! ^ mask[i & 3]!;
  return frame;
}

export class FrameReader {
  readonly #reader: ByteReader;
  readonly #utf8 = new TextDecoder("utf-8", { fatal: true });
  readonly #message = new GrowingBytes();
  /** Of the message whose fragments are being collected. */
  #type: "Text" | "Binary" | null = null;

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  /** The next message or control frame; `null` if the connection ended. Throws a WsProtocolError. */
  async next(): Promise<WsMessage | null> {
    while (true) {
      const head = await this.#number(2);
      if (head === null) return null;
      const opcode = (head >> 8) & 0x0f;
      const isFinal = ((head >> 8) & FINAL) !== 0;
      if (((head >> 8) & RESERVED) !== 0) throw new WsProtocolError(1002, "reserved bits are set");
      if ((head & MASKED) !== 0) throw new WsProtocolError(1002, "a server's frame is masked");
      const length = await this.#length(head & 0x7f);
      if (length === null) return null;
      if (opcode >= 8) return await this.#control(opcode, isFinal, length);
      this.#begin(opcode);
      if (this.#message.length + length > WS_MESSAGE_BYTES_MAX) {
        throw new WsProtocolError(1009, `a message is larger than ${WS_MESSAGE_BYTES_MAX} bytes`);
      }
      if (!await this.#reader.appendTo(this.#message, length)) return null;
      if (isFinal) return this.#finish();
    }
  }

  #begin(opcode: number): void {
    if (opcode > 2) throw new WsProtocolError(1002, `opcode ${opcode} is unknown`);
    if ((opcode === CONTINUATION) !== (this.#type !== null)) {
      throw new WsProtocolError(1002, "fragments are out of order");
    }
    if (opcode !== CONTINUATION) this.#type = opcode === OPCODES.Text ? "Text" : "Binary";
  }

  #finish(): WsMessage {
    const message: WsMessage = { type: this.#type!, bytes: this.#message.take() };
    this.#type = null;
    if (message.type === "Text") this.#check(message.bytes);
    return message;
  }

  async #control(opcode: number, isFinal: boolean, length: number): Promise<WsMessage | null> {
    const type = CONTROLS.get(opcode);
    if (type === undefined) throw new WsProtocolError(1002, `opcode ${opcode} is unknown`);
    if (!isFinal || length > WS_CONTROL_BYTES_MAX) {
      throw new WsProtocolError(1002, "a control frame is in fragments or too long");
    }
    const payload = new GrowingBytes();
    if (!await this.#reader.appendTo(payload, length)) return null;
    const bytes = payload.take();
    if (type === "Close") this.#checkClose(bytes);
    return { type, bytes };
  }

  #checkClose(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const code = bytes.length === 1 ? 0 : bytes[0]! << 8 | bytes[1]!;
    const known = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
    if (!known && (code < 3000 || code > 4999)) {
      throw new WsProtocolError(1002, `close code ${code} is invalid`);
    }
    this.#check(bytes.subarray(2));
  }

  #check(text: Uint8Array): void {
    try {
      this.#utf8.decode(text);
    } catch {
      throw new WsProtocolError(1007, "text is not valid UTF-8");
    }
  }

  async #length(short: number): Promise<number | null> {
    if (short < 126) return short;
    return await this.#number(short === 126 ? 2 : 8);
  }

  /** Big-endian. Beyond 2^53 it loses digits, and is too large a length anyway. */
  async #number(bytes: number): Promise<number | null> {
    let number = 0;
    for (let i = 0; i < bytes; i++) {
      const byte = await this.#reader.some(1);
      if (byte === null) return null;
      number = number * 256 + byte[0]!;
    }
    return number;
  }
}
