/**
 * One open WebSocket, client's end: frames in and out, pings answered, the closing handshake, and an end that
 * always comes: by the peer's close frame, by a failure, by `terminate`, or because the peer kept silent.
 */
import { CLIENT_CLOSE_SECONDS, WS_BUFFERED_BYTES_MAX } from "../../limits.ts";
import type { WsMessageType } from "../../protocol/ws_message_type.ts";
import { explain } from "./requests.ts";
import { encodeFrame, FrameReader, type WsMessage, WsProtocolError } from "./ws_frames.ts";
import { closeQuietly, writeAll, type WsConnection } from "./ws_handshake.ts";

/** Told of Text, Binary, Ping (answered already) and Pong. Until its promise resolves nothing more is read. */
export type WsListener = (message: WsMessage) => Promise<void> | void;

export interface WsEnd {
  /** Of the peer's close frame; 1005: it held none; 1006: there was no close frame. */
  code: number;
  reason: string;
  /** What broke the connection; `null` if it was closed properly. */
  failure: string | null;
}

/** RFC 6455 §7.4.1. */
const NO_CODE = 1005;
const NO_FRAME = 1006;

/** Frames are joined into writes of about this size: one call into the system for many small messages. */
const WRITE_BYTES = 64 * 1024;
const NO_BYTES = new Uint8Array(0);

export class WsSocket {
  readonly #connection: Deno.Conn;
  readonly #frames: FrameReader;
  readonly #closeSeconds: number;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #writing: Promise<void> | null = null;
  #closeSent = false;
  #closeTimer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;
  #failure: string | null = null;
  #closed = { code: NO_FRAME, reason: "" };

  constructor({ connection, reader }: WsConnection, closeSeconds = CLIENT_CLOSE_SECONDS) {
    this.#closeSeconds = closeSeconds;
    this.#connection = connection;
    this.#frames = new FrameReader(reader);
  }

  /** Reads until the end, and says how it came. */
  async run(hear: WsListener): Promise<WsEnd> {
    try {
      await this.#read(hear);
    } catch (error) {
      await this.#fail(error);
    }
    return { ...this.#closed, failure: this.#failure };
  }

  /**
   * Sends one frame. A peer that does not read what is sent, even if only our answers to its pings, loses its
   * connection: false. After a close frame nothing may follow (RFC 6455 §5.5.1); it is dropped, as in Kinode.
   */
  push(type: WsMessageType, bytes: Uint8Array): boolean {
    if (this.#ended) return false;
    if (this.#closeSent) return true;
    if (this.#queuedBytes > WS_BUFFERED_BYTES_MAX) {
      this.#end(`its peer left more than ${WS_BUFFERED_BYTES_MAX} bytes unread`);
      return false;
    }
    const frame = encodeFrame(type, bytes);
    this.#queue.push(frame);
    this.#queuedBytes += frame.length;
    this.#writing ??= this.#write();
    return true;
  }

  /** Sends a close frame; the end comes with the peer's, or without it after CLIENT_CLOSE_SECONDS. */
  close(bytes: Uint8Array = NO_BYTES): void {
    if (this.#closeSent || this.#ended) return;
    if (!this.push("Close", bytes)) return;
    this.#closeSent = true;
    this.#closeTimer = setTimeout(
      () => this.#end(`the peer did not close within ${this.#closeSeconds} s`),
      this.#closeSeconds * 1000,
    );
  }

  /** Ends it now, without a word to the peer. */
  terminate(): void {
    this.#end(null);
  }

  async #read(hear: WsListener): Promise<void> {
    while (!this.#ended) {
      const message = await this.#frames.next();
      if (this.#ended) return;
      if (message === null) return this.#end("the connection broke off");
      if (message.type === "Close") return await this.#answerClose(message.bytes);
      if (message.type === "Ping") this.push("Pong", message.bytes);
      const pause = hear(message);
      if (pause !== undefined) await pause;
    }
  }

  async #answerClose(bytes: Uint8Array): Promise<void> {
    const code = bytes.length < 2 ? NO_CODE : bytes[0]! << 8 | bytes[1]!;
    this.#closed = { code, reason: new TextDecoder().decode(bytes.subarray(2)) };
    this.close(bytes.subarray(0, 2));
    await this.#writing;
    this.#end(null);
  }

  async #fail(error: unknown): Promise<void> {
    if (error instanceof WsProtocolError) {
      this.close(new Uint8Array([error.code >> 8, error.code & 0xff]));
      await this.#writing;
    }
    this.#end(explain(error));
  }

  async #write(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        const frames = this.#takeQueue();
        await writeAll(this.#connection, frames);
        this.#queuedBytes -= frames.length;
      }
    } catch (error) {
      this.#end(explain(error));
    } finally {
      this.#writing = null;
    }
  }

  #takeQueue(): Uint8Array {
    let length = this.#queue[0]!.length;
    let count = 1;
    for (; count < this.#queue.length && length < WRITE_BYTES; count++) {
      length += this.#queue[count]!.length;
    }
    // A long queue is cut once, not shifted for each of its frames.
    const frames = count === 1 ? [this.#queue.shift()!] : this.#queue.splice(0, count);
    if (count === 1) return frames[0]!;
    const joined = new Uint8Array(length);
    let at = 0;
    for (const frame of frames) {
      joined.set(frame, at);
      at += frame.length;
    }
    return joined;
  }

  #end(failure: string | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    clearTimeout(this.#closeTimer);
    this.#queue = [];
    closeQuietly(this.#connection);
  }
}
