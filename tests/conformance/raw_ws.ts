// A WebSocket client that sends what no library would: frames bit by bit (RFC 6455 §5.2). It notes what comes
// back as events, `text hello`, `pong …`, one char per byte, and how the connection ended.

import { bytesOf } from "./raw_http.ts";

export const TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10, MORE = 0;

export interface FrameOptions {
  fin?: boolean;
  rsv?: number;
  masked?: boolean;
  /** What the length field says, in so many bytes, instead of the truth. */
  length?: { says: bigint; bytes: 2 | 8 };
}

/** One frame; the payload has one char per byte. */
export function frame(opcode: number, payload = "", options: FrameOptions = {}): Uint8Array {
  const { fin = true, rsv = 0, masked = true } = options;
  const bytes = bytesOf(payload);
  const size = options.length ??
    (bytes.length < 126
      ? { says: BigInt(bytes.length), bytes: 0 as const }
      : { says: BigInt(bytes.length), bytes: bytes.length < 65_536 ? 2 as const : 8 as const });
  const head = new Uint8Array(2 + size.bytes + (masked ? 4 : 0));
  const view = new DataView(head.buffer);
  view.setUint8(0, (fin ? 0x80 : 0) | rsv << 4 | opcode);
  const short = size.bytes === 0 ? Number(size.says) : size.bytes === 2 ? 126 : 127;
  view.setUint8(1, (masked ? 0x80 : 0) | short);
  if (size.bytes === 2) view.setUint16(2, Number(size.says));
  if (size.bytes === 8) view.setBigUint64(2, size.says);
  if (masked) {
    const key = crypto.getRandomValues(new Uint8Array(4));
    head.set(key, 2 + size.bytes);
    for (let i = 0; i < bytes.length; i++) bytes[i]! ^= key[i % 4]!;
  }
  return joined(head, bytes);
}

export function closeFrame(code: number, reason = ""): Uint8Array {
  return frame(CLOSE, String.fromCharCode(code >> 8, code & 255) + reason);
}

export function joined(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const NAMES: Record<number, string> = {
  [TEXT]: "text",
  [BINARY]: "binary",
  [PONG]: "pong",
  [PING]: "ping",
};

/** One char per byte; the decoder that is called latin1 is windows-1252. */
function charsOf(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8_192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  }
  return text;
}

export class RawWs implements Disposable {
  readonly events: string[] = [];
  /** The close frame's code (`1005` for one without), or `drop` when the connection ended without one. */
  end: string | null = null;
  readonly #conn: Deno.Conn;
  #rest: Uint8Array = new Uint8Array(0);
  /** What came behind it; put together when it may hold a frame's end. */
  #more: Uint8Array[] = [];
  #missing = 0;
  /** Of a fragmented message. */
  #begun: { name: string; text: string } | null = null;
  #wake: (() => void) | null = null;

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  /** Each `send` is a packet. Fails when the handshake is not answered with 101. */
  static async connect(port: number, path: string): Promise<RawWs> {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    conn.setNoDelay(true);
    const client = new RawWs(conn);
    const lines = [
      `GET ${path} HTTP/1.1`,
      "Host: h",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    await client.send(bytesOf(`${lines.join("\r\n")}\r\n\r\n`));
    await client.#handshake();
    client.#read();
    return client;
  }

  /** False when the server does not take it any more. */
  async send(bytes: Uint8Array): Promise<boolean> {
    try {
      for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
      return true;
    } catch {
      return false;
    }
  }

  /** Until `done`, the end, or the end of time. */
  async wait(done: () => boolean, ms = 20_000): Promise<boolean> {
    const deadline = performance.now() + ms;
    while (!done() && this.end === null) {
      const left = deadline - performance.now();
      if (left <= 0) return false;
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, left);
      });
      clearTimeout(timer);
    }
    return done();
  }

  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch {
      // It is closed.
    }
  }

  async #handshake(): Promise<void> {
    const buffer = new Uint8Array(4096);
    while (true) {
      const count = await this.#conn.read(buffer);
      if (count === null) throw new Error("the handshake was not answered");
      this.#rest = joined(this.#rest, buffer.subarray(0, count));
      const text = charsOf(this.#rest);
      const end = text.indexOf("\r\n\r\n");
      if (end === -1) continue;
      if (!text.startsWith("HTTP/1.1 101 ")) throw new Error(text);
      this.#rest = this.#rest.slice(end + 4);
      return;
    }
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(256 * 1024);
    try {
      while (true) {
        if (this.#missing <= 0) this.#parse();
        const count = await this.#conn.read(buffer);
        if (count === null) break;
        this.#more.push(buffer.slice(0, count));
        this.#missing -= count;
      }
    } catch {
      // Reset: an end like any other.
    }
    this.end ??= "drop";
    this.#wake?.();
  }

  #parse(): void {
    this.#rest = joined(this.#rest, ...this.#more.splice(0));
    this.#missing = 0;
    while (this.#rest.length >= 2) {
      const view = new DataView(this.#rest.buffer, this.#rest.byteOffset, this.#rest.length);
      const short = view.getUint8(1);
      const at = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (view.byteLength < at) return;
      const size = short === 127
        ? Number(view.getBigUint64(2))
        : short === 126
        ? view.getUint16(2)
        : short;
      this.#missing = at + size - view.byteLength;
      if (this.#missing > 0) return;
      const payload = charsOf(this.#rest.subarray(at, at + size));
      const code = size >= 2 ? String(view.getUint16(at)) : "1005";
      const first = view.getUint8(0);
      this.#rest = this.#rest.subarray(at + size);
      this.#took(first, payload, code);
      this.#wake?.();
    }
  }

  #took(first: number, payload: string, code: string): void {
    const opcode = first & 15;
    if ((first & 0x70) !== 0) this.events.push(`reserved bits ${first >> 4 & 7}`);
    if (opcode === CLOSE) {
      this.end ??= code;
    } else if (opcode === PING || opcode === PONG) {
      this.events.push(`${NAMES[opcode]} ${payload}`);
    } else {
      const name = opcode === MORE ? this.#begun?.name : NAMES[opcode];
      this.#begun = { name: name ?? `opcode ${opcode}`, text: (this.#begun?.text ?? "") + payload };
      if ((first & 0x80) === 0) return;
      this.events.push(`${this.#begun.name} ${this.#begun.text}`);
      this.#begun = null;
    }
  }
}
