/** One WebSocket of a process to the world, from its WebSocketOpen on, and what the process hears of it. */
import { CLIENT_RETRY_MS_MAX } from "../../limits.ts";
import { escapeControl, type Log } from "../../log.ts";
import { processOf } from "../../protocol/address.ts";
import type { HttpClientRequest } from "../../protocol/http_client.ts";
import { type KernelMessage, type LazyLoadBlob, request } from "../../protocol/message.ts";
import type { WsMessage } from "./ws_frames.ts";
import type { WsEnd, WsSocket } from "./ws_socket.ts";

export interface ChannelOptions {
  id: number;
  /** The WebSocketOpen, without its bytes: its id, target and source are those of every event. */
  opened: KernelMessage;
  /** What a new version of the process must ask for to get it. */
  wish: string;
  origin: string;
  /** `false`: the process takes no more for now, and nothing was sent. */
  send(message: KernelMessage): boolean | void;
  log: Log;
}

const MIMES = { Text: "text/plain", Binary: "application/octet-stream" };

export class Channel {
  id: number;
  opened: KernelMessage;
  readonly wish: string;
  /** Ends the handshake. */
  readonly opening = new AbortController();
  socket: WsSocket | null = null;
  protocol = "";
  /** Which events the process still gets. */
  hears: "everything" | "the close" | "nothing" = "everything";
  readonly #send: ChannelOptions["send"];
  readonly #log: Log;
  readonly #origin: string;
  /** Its process was replaced, and the new version has not asked for it yet: the server waits, by TCP. */
  #held: PromiseWithResolvers<void> | null = null;

  constructor({ id, opened, wish, origin, send, log }: ChannelOptions) {
    this.id = id;
    this.opened = opened;
    this.wish = wish;
    this.#origin = origin;
    this.#send = send;
    this.#log = log;
  }

  get isHeld(): boolean {
    return this.#held !== null;
  }

  /** Nothing is told from now on, until `adopt`. */
  hold(): void {
    this.#held ??= Promise.withResolvers();
  }

  /** It is the new version's, under the id that this one chose. */
  adopt(id: number, opened: KernelMessage): void {
    this.id = id;
    this.opened = opened;
    this.release();
  }

  release(): void {
    this.#held?.resolve();
    this.#held = null;
  }

  hear(message: WsMessage): Promise<void> | void {
    if (this.hears !== "everything") return;
    if (this.#held !== null) return this.#held.promise.then(() => this.hear(message));
    const { type, bytes } = message;
    const blob = type === "Text" || type === "Binary" ? { mime: MIMES[type], bytes } : null;
    const event = { WebSocketPush: { channel_id: this.id, message_type: type } };
    return this.#tell(event, blob, null);
  }

  /** Kinode's event has no room for code and reason: they stand in the metadata. */
  async tellClose({ code, reason }: WsEnd): Promise<void> {
    await this.#held?.promise;
    if (this.hears === "nothing") return;
    this.hears = "the close";
    const event = { WebSocketClose: { channel_id: this.id } };
    await this.#tell(event, null, JSON.stringify({ code, reason }));
  }

  logFailure(failure: string): void {
    if (this.hears === "nothing") return;
    const process = processOf(this.opened.source);
    const why = escapeControl(failure); // It may quote a server, and begins no line of its own.
    const line = `http_client: WebSocket ${this.id} of ${process} to ${this.#origin}: ${why}`;
    this.#log.info(line, process);
  }

  /** A promise while the process takes no more: its socket is not read on, so that TCP slows the peer down. */
  #tell(
    event: HttpClientRequest,
    lazy_load_blob: LazyLoadBlob | null,
    metadata: string | null,
  ): Promise<void> | void {
    const { id, target, source } = this.opened;
    const body = JSON.stringify(event);
    const message = request(target, source, body, { id, lazy_load_blob, metadata });
    if (this.#send(message) === false) return this.#insist(message);
  }

  async #insist(message: KernelMessage): Promise<void> {
    const { hears } = this;
    for (let ms = 1; this.hears === hears; ms = Math.min(2 * ms, CLIENT_RETRY_MS_MAX)) {
      await new Promise((retry) => setTimeout(retry, ms));
      if (this.hears === hears && this.#send(message) !== false) return;
    }
  }
}
