/**
 * The WebSockets of processes to the world, by (process, channel_id); the process chose the id.
 *
 *   WebSocketOpen ─► opening ─► open ─► closing ─► gone
 *                       │         └── the peer's close, a failure ──► WebSocketClose event
 *                       └── no handshake ──► WsOpenFailed
 *
 * A process that is replaced by a new version leaves them open for a moment: what the new one asks for with the same
 * URL and headers it gets back, and nothing of what the server sends meanwhile is lost.
 *
 * Every connection is an entry of its own: the late end of one never touches the next one with the same id.
 * A channel belongs to the process that sent WebSocketOpen, whoever gets the reply: whom a process answers
 * for may not be spoken for on its sockets.
 */
import { CLIENT_CHANNELS_PER_PROCESS_MAX } from "../../limits.ts";
import type { Log } from "../../log.ts";
import { type Address, packageOf, processOf } from "../../protocol/address.ts";
import type { actions, HttpClientError } from "../../protocol/http_client.ts";
import { bytesOf, type KernelMessage, type LazyLoadBlob } from "../../protocol/message.ts";
import type { NetworkPolicy } from "../../protocol/network.ts";
import type { Of } from "../../protocol/serde.ts";
import { Channel } from "./channel.ts";
import type { Connections } from "./connections.ts";
import type { Dialer } from "./dialer.ts";
import { outgoing } from "./headers.ts";
import { CLIENT_HELD_SECONDS } from "./limits.ts";
import { explain } from "./requests.ts";
import { closeQuietly, openConnection, type WsConnection, type WsWish } from "./ws_handshake.ts";
import { closeBytes, type CloseIn, isUtf8 } from "./ws_payloads.ts";
import { WsSocket } from "./ws_socket.ts";

export interface ChannelsOptions {
  /** `false`: the process takes no more for now, and nothing was sent. */
  send(message: KernelMessage): boolean | void;
  log: Log;
  dialer: Dialer;
  connections: Connections;
  policyOf(process: Address): NetworkPolicy;
  /** PEM, trusted beside the system's. */
  caCerts: string[];
}

/** What is asked for, and in whose bounds. */
interface Wish {
  url: URL;
  headers: Record<string, string>;
  policy: NetworkPolicy;
}

interface Account {
  /** Opening and closing ones too: they hold connections. */
  all: Set<Channel>;
  open: Map<number, Channel>;
  /** Runs while channels are held for a new version. */
  holding?: ReturnType<typeof setTimeout>;
}

/** What a process is told of an open channel; `resumed`: the id that it had in the version before. */
export interface WsOpened {
  protocol: string;
  resumed?: number;
}

/** RFC 6455 §7.4.1. */
const GOING_AWAY = 1001;

/** The longest that setTimeout takes. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export class Channels {
  readonly #options: ChannelsOptions;
  readonly #accounts = new Map<Address, Account>();

  constructor(options: ChannelsOptions) {
    this.#options = options;
  }

  /**
   * Opens a channel and stays until it is gone, or gives the process one that its version before has left. `ack` is
   * called before the first event. Resolves to an error if it did not open, and to `null` otherwise, or if there is
   * nobody left to tell.
   */
  async open(
    wish: Of<typeof actions.WebSocketOpen>,
    opened: KernelMessage,
    { seconds, ack }: { seconds: number; ack(opened: WsOpened): void },
  ): Promise<HttpClientError | null> {
    const url = URL.parse(wish.url);
    if (url === null) return { BadUrl: { url: wish.url } };
    const failed = { WsOpenFailed: { url: url.href } };
    if (url.protocol !== "ws:" && url.protocol !== "wss:") return failed;
    const account = this.#account(opened.source);
    const { send, log, policyOf, connections } = this.#options;
    const { channel_id: id, headers } = wish;
    const policy = policyOf(opened.source);
    const key = wishOf({ url, headers, policy });
    if (this.#adopt(account, key, id, { opened, ack })) return null;
    if (account.all.size >= CLIENT_CHANNELS_PER_PROCESS_MAX) return TOO_MANY;
    const owner = packageOf(processOf(opened.source));
    if (!connections.tryTake(owner)) return tooMany(connections.packageMax);
    const channel = new Channel({ id, opened, wish: key, origin: url.origin, send, log });
    account.all.add(channel);
    try {
      const isOpen = await this.#stay(channel, account, { url, headers, policy }, { seconds, ack });
      return isOpen || channel.hears === "nothing" ? null : failed;
    } finally {
      connections.release(owner);
      this.#remove(account, channel);
    }
  }

  /** From the handshake to the end; false if there was no handshake. */
  async #stay(
    channel: Channel,
    account: Account,
    wish: Wish,
    { seconds, ack }: { seconds: number; ack(opened: WsOpened): void },
  ): Promise<boolean> {
    const connection = await this.#connect(channel, wish, seconds);
    if (connection === null || channel.opening.signal.aborted) {
      if (connection !== null) closeQuietly(connection.connection);
      return false;
    }
    channel.socket = new WsSocket(connection);
    channel.protocol = connection.protocol;
    this.#takeOver(account, channel);
    ack({ protocol: channel.protocol });
    const end = await channel.socket.run((message) => channel.hear(message));
    if (account.open.get(channel.id) === channel) account.open.delete(channel.id);
    if (end.failure !== null) channel.logFailure(end.failure);
    await channel.tellClose(end);
    return true;
  }

  push(
    owner: Address,
    { channel_id, message_type }: Of<typeof actions.WebSocketPush>,
    blob: LazyLoadBlob | null,
    details: CloseIn = {},
  ): HttpClientError | null {
    const unknown = { WsPushUnknownChannel: { channel_id } };
    const socket = this.#accounts.get(owner)?.open.get(channel_id)?.socket;
    if (socket == null) return unknown;
    if (message_type === "Close") {
      socket.close(closeBytes(details));
      return null;
    }
    const isControl = message_type === "Ping" || message_type === "Pong";
    if (blob === null && !isControl) return "WsPushNoBlob";
    const body = isControl ? "" : blob!.bytes; // A control frame is empty, as Kinode's: its blob is ignored.
    if (message_type === "Text" && !isUtf8(body)) return "WsPushBadText";
    return socket.push(message_type, bytesOf(body)) ? null : unknown;
  }

  /** Afterwards the process gets nothing but the close, once. One that is still opening is given up. */
  close(owner: Address, channel_id: number, details: CloseIn = {}): HttpClientError | null {
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
      channel.socket.close(closeBytes(details));
    }
    return null;
  }

  /** Ends every channel of `owner`, silently. */
  end(owner: Address): void {
    const account = this.#accounts.get(owner);
    if (account === undefined) return;
    this.#accounts.delete(owner);
    clearTimeout(account.holding);
    for (const channel of [...account.all]) giveUp(channel);
  }

  /** `owner` is replaced by a new version, which may ask for what is open; for a moment it is kept. */
  hold(owner: Address): void {
    const account = this.#accounts.get(owner);
    if (account === undefined) return;
    clearTimeout(account.holding);
    for (const channel of [...account.all]) {
      if (channel.socket !== null && channel.hears === "everything") channel.hold();
      else giveUp(channel);
    }
    account.holding = setTimeout(() => this.#letGo(account), CLIENT_HELD_SECONDS * 1000);
  }

  /** What the new version has not asked for. */
  #letGo(account: Account): void {
    for (const channel of [...account.all]) {
      if (!channel.isHeld) continue;
      channel.hears = "nothing";
      channel.socket?.close(closeBytes({ code: GOING_AWAY }));
      channel.release();
    }
  }

  /** True if one is held that was opened with the same wish: it is the process's again. */
  #adopt(
    account: Account,
    wish: string,
    id: number,
    { opened, ack }: { opened: KernelMessage; ack(opened: WsOpened): void },
  ): boolean {
    const channel = [...account.all].find((one) => one.isHeld && one.wish === wish);
    if (channel === undefined) return false;
    const { id: resumed, protocol } = channel;
    if (account.open.get(resumed) === channel) account.open.delete(resumed);
    ack({ protocol, resumed });
    channel.adopt(id, opened);
    this.#takeOver(account, channel);
    return true;
  }

  endAll(): void {
    for (const owner of [...this.#accounts.keys()]) this.end(owner);
  }

  /** `null` without a handshake; the reason is logged, since Kinode's error has no room for it. */
  async #connect(
    channel: Channel,
    { url, headers, policy }: Wish,
    seconds: number,
  ): Promise<WsConnection | null> {
    const { signal } = channel.opening;
    const late = () => channel.opening.abort(new Error(`no handshake within ${seconds} s`));
    const timer = setTimeout(late, Math.min(seconds * 1000, TIMER_MS_MAX));
    const { caCerts, dialer } = this.#options;
    const dial: WsWish["dial"] = (host, port, signal) => dialer.connect(policy, host, port, signal);
    try {
      return await openConnection({ url, headers: outgoing(headers), caCerts, dial }, signal);
    } catch (error) {
      channel.logFailure(explain(error));
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
}

/** With the policy: what one has opened is not for a version that may call out elsewhere. */
function wishOf({ url, headers, policy }: Wish): string {
  return JSON.stringify([url.href, Object.entries(headers).sort(), policy]);
}

function giveUp(channel: Channel): void {
  channel.hears = "nothing";
  channel.opening.abort(new Error("the process ended"));
  channel.socket?.terminate();
  channel.release();
}

const TOO_MANY: HttpClientError = {
  ExecuteRequestFailed: `this process has ${CLIENT_CHANNELS_PER_PROCESS_MAX} WebSockets already`,
};

function tooMany(packageMax: number): HttpClientError {
  const text =
    `no room for another connection: a package has ${packageMax} at most, and all share the node's`;
  return { ExecuteRequestFailed: text };
}
