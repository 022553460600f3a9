/**
 * The WebSockets of processes to the world, by (process, channel_id); the process chose the id.
 *
 *   WebSocketOpen ─► opening ─► open ─► closing ─► gone
 *                       │         └── the peer's close, a failure ──► WebSocketClose event
 *                       └── no handshake ──► WsOpenFailed
 *
 * Every connection is an entry of its own: the late end of one never touches the next one with the same id.
 * A channel belongs to the process that sent WebSocketOpen, whoever gets the reply: whom a process answers
 * for may not be spoken for on its sockets.
 */
import { CLIENT_CHANNELS_PER_PROCESS_MAX, CLIENT_RETRY_MS_MAX } from "../../limits.ts";
import { escapeControl, type Log } from "../../log.ts";
import { type Address, processOf } from "../../protocol/address.ts";
import type { actions, HttpClientError, HttpClientRequest } from "../../protocol/http_client.ts";
import {
  type Body,
  bytesOf,
  type KernelMessage,
  type LazyLoadBlob,
  request,
} from "../../protocol/message.ts";
import type { NetworkPolicy } from "../../protocol/network.ts";
import type { Of } from "../../protocol/serde.ts";
import type { Dialer } from "./dialer.ts";
import { outgoing } from "./headers.ts";
import { explain } from "./requests.ts";
import type { WsMessage } from "./ws_frames.ts";
import { closeQuietly, openConnection, type WsConnection, type WsWish } from "./ws_handshake.ts";
import { WsSocket } from "./ws_socket.ts";

export interface ChannelsOptions {
  /** `false`: the process takes no more for now, and nothing was sent. */
  send(message: KernelMessage): boolean | void;
  log: Log;
  dialer: Dialer;
  policyOf(process: Address): NetworkPolicy;
  /** PEM, trusted beside the system's. */
  caCerts: string[];
}

interface Channel {
  id: number;
  /** The WebSocketOpen, without its bytes: its id, target and source are those of every event. */
  opened: KernelMessage;
  origin: string;
  /** Ends the handshake. */
  opening: AbortController;
  socket: WsSocket | null;
  /** Which events the process still gets. */
  hears: "everything" | "the close" | "nothing";
}

interface Account {
  /** Opening and closing ones too: they hold connections. */
  all: Set<Channel>;
  open: Map<number, Channel>;
}

const MIMES = { Text: "text/plain", Binary: "application/octet-stream" };
/** The longest that setTimeout takes. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export class Channels {
  readonly #options: ChannelsOptions;
  readonly #accounts = new Map<Address, Account>();

  constructor(options: ChannelsOptions) {
    this.#options = options;
  }

  /**
   * Opens a channel and stays until it is gone. `ack` is called before the first event. Resolves to an error
   * if it did not open, and to `null` otherwise, or if there is nobody left to tell.
   */
  async open(
    wish: Of<typeof actions.WebSocketOpen>,
    opened: KernelMessage,
    { seconds, ack }: { seconds: number; ack(): void },
  ): Promise<HttpClientError | null> {
    const url = URL.parse(wish.url);
    if (url === null) return { BadUrl: { url: wish.url } };
    const failed = { WsOpenFailed: { url: url.href } };
    if (url.protocol !== "ws:" && url.protocol !== "wss:") return failed;
    const account = this.#account(opened.source);
    if (account.all.size >= CLIENT_CHANNELS_PER_PROCESS_MAX) return TOO_MANY;
    const channel: Channel = {
      id: wish.channel_id,
      opened,
      origin: url.origin,
      opening: new AbortController(),
      socket: null,
      hears: "everything",
    };
    account.all.add(channel);
    const connection = await this.#connect(channel, url, wish.headers, seconds);
    if (connection === null || channel.opening.signal.aborted) {
      if (connection !== null) closeQuietly(connection.connection);
      this.#remove(account, channel);
      return channel.hears === "nothing" ? null : failed;
    }
    channel.socket = new WsSocket(connection);
    this.#takeOver(account, channel);
    ack();
    const failure = await channel.socket.run((message) => this.#hear(channel, message));
    if (account.open.get(channel.id) === channel) account.open.delete(channel.id);
    if (failure !== null) this.#logFailure(channel, failure);
    await this.#tellClose(channel);
    this.#remove(account, channel);
    return null;
  }

  push(
    owner: Address,
    { channel_id, message_type }: Of<typeof actions.WebSocketPush>,
    blob: LazyLoadBlob | null,
  ): HttpClientError | null {
    const unknown = { WsPushUnknownChannel: { channel_id } };
    const socket = this.#accounts.get(owner)?.open.get(channel_id)?.socket;
    if (socket == null) return unknown;
    if (message_type === "Close") {
      socket.close();
      return null;
    }
    const isControl = message_type === "Ping" || message_type === "Pong";
    if (blob === null && !isControl) return "WsPushNoBlob";
    const body = isControl ? "" : blob!.bytes; // A control frame is empty, as Kinode's: its blob is ignored.
    if (message_type === "Text" && !isUtf8(body)) return "WsPushBadText";
    return socket.push(message_type, bytesOf(body)) ? null : unknown;
  }

  /** Afterwards the process gets nothing but the close, once. One that is still opening is given up. */
  close(owner: Address, channel_id: number): HttpClientError | null {
    const account = this.#accounts.get(owner);
    const mine = [...account?.all ?? []].filter(({ id, hears }) =>
      id === channel_id && hears === "everything"
    );
    if (account === undefined || mine.length === 0) return { WsCloseFailed: { channel_id } };
    for (const channel of mine) {
      if (channel.socket === null) {
        channel.opening.abort(new Error("closed by the process"));
        continue;
      }
      channel.hears = "the close";
      account.open.delete(channel_id);
      channel.socket.close();
    }
    return null;
  }

  /** Ends every channel of `owner`, silently. */
  end(owner: Address): void {
    const account = this.#accounts.get(owner);
    if (account === undefined) return;
    this.#accounts.delete(owner);
    for (const channel of [...account.all]) {
      channel.hears = "nothing";
      channel.opening.abort(new Error("the process ended"));
      channel.socket?.terminate();
    }
  }

  endAll(): void {
    for (const owner of [...this.#accounts.keys()]) this.end(owner);
  }

  /** `null` without a handshake; the reason is logged, since Kinode's error has no room for it. */
  async #connect(
    channel: Channel,
    url: URL,
    headers: Record<string, string>,
    seconds: number,
  ): Promise<WsConnection | null> {
    const { signal } = channel.opening;
    const late = () => channel.opening.abort(new Error(`no handshake within ${seconds} s`));
    const timer = setTimeout(late, Math.min(seconds * 1000, TIMER_MS_MAX));
    const { caCerts, dialer, policyOf } = this.#options;
    const policy = policyOf(channel.opened.source);
    const dial: WsWish["dial"] = (host, port, signal) => dialer.connect(policy, host, port, signal);
    try {
      return await openConnection({ url, headers: outgoing(headers), caCerts, dial }, signal);
    } catch (error) {
      this.#logFailure(channel, explain(error));
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  /** `channel` is the one of its id from now on; a predecessor is closed and never heard of again. */
  #takeOver(account: Account, channel: Channel): void {
    for (const other of account.all) {
      if (other === channel || other.id !== channel.id || other.socket === null) continue;
      other.hears = "nothing";
      other.socket.close();
    }
    account.open.set(channel.id, channel);
  }

  #hear(channel: Channel, { type, bytes }: WsMessage): Promise<void> | void {
    if (channel.hears !== "everything") return;
    const blob = type === "Text" || type === "Binary" ? { mime: MIMES[type], bytes } : null;
    const event = { WebSocketPush: { channel_id: channel.id, message_type: type } };
    return this.#tell(channel, event, blob);
  }

  async #tellClose(channel: Channel): Promise<void> {
    if (channel.hears === "nothing") return;
    channel.hears = "the close";
    await this.#tell(channel, { WebSocketClose: { channel_id: channel.id } }, null);
  }

  /** A promise while the process takes no more: its socket is not read on, so that TCP slows the peer down. */
  #tell(
    channel: Channel,
    event: HttpClientRequest,
    lazy_load_blob: LazyLoadBlob | null,
  ): Promise<void> | void {
    const { id, target, source } = channel.opened;
    const message = request(target, source, JSON.stringify(event), { id, lazy_load_blob });
    if (this.#options.send(message) === false) return this.#insist(channel, message);
  }

  async #insist(channel: Channel, message: KernelMessage): Promise<void> {
    const { hears } = channel;
    for (let ms = 1; channel.hears === hears; ms = Math.min(2 * ms, CLIENT_RETRY_MS_MAX)) {
      await new Promise((retry) => setTimeout(retry, ms));
      if (channel.hears === hears && this.#options.send(message) !== false) return;
    }
  }

  #account(owner: Address): Account {
    let account = this.#accounts.get(owner);
    if (account === undefined) {
      account = { all: new Set(), open: new Map() };
      this.#accounts.set(owner, account);
    }
    return account;
  }

  #remove(account: Account, channel: Channel): void {
    account.all.delete(channel);
    const owner = channel.opened.source;
    if (account.all.size === 0 && this.#accounts.get(owner) === account) {
      this.#accounts.delete(owner);
    }
  }

  #logFailure({ id, opened, origin, hears }: Channel, failure: string): void {
    if (hears === "nothing") return;
    const process = processOf(opened.source);
    const why = escapeControl(failure); // It may quote a server, and begins no line of its own.
    this.#options.log.info(`http_client: WebSocket ${id} of ${process} to ${origin}: ${why}`);
  }
}

const TOO_MANY: HttpClientError = {
  ExecuteRequestFailed: `this process has ${CLIENT_CHANNELS_PER_PROCESS_MAX} WebSockets already`,
};

function isUtf8(bytes: Body): boolean {
  if (typeof bytes === "string") return true; // It is encoded below, whatever it holds.
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
