import type { Log } from "../../log.ts";
import type { Address } from "../../protocol/address.ts";
import type { WsMessageType } from "../../protocol/http_server.ts";
import { type Body, bytesOf, type KernelMessage, request } from "../../protocol/message.ts";
import { tryDecodeExtension } from "./extension.ts";
import type { ServerSocket, SocketEnd } from "./server_socket.ts";

/** Where a socket belongs: the binding that its path matched. */
export interface ChannelBinding {
  app: Address;
  boundAs: Address;
  extension: boolean;
}

/** What the client asked for: the path without the process, what stands behind the `?`, the sub-protocol if any. */
export interface Asked {
  path: string;
  query: string;
  protocol: string;
}

/** One socket and the process that it belongs to. */
export class Channel {
  /** The process ended, or was told that the channel is closed: it hears nothing more. */
  forgotten = false;
  /** Its process has not heard of it in this life. */
  dormant = false;
  /** It opened in another life of its process. */
  inherited = false;
  /** Runs while our close frame waits for its answer. */
  closing: ReturnType<typeof setTimeout> | undefined;
  #warned = false;

  constructor(
    readonly id: number,
    readonly socket: ServerSocket,
    readonly binding: ChannelBinding,
    readonly asked: Asked,
    readonly send: (message: KernelMessage) => void,
    readonly log: Log,
  ) {}

  get owner(): Address {
    return this.binding.app;
  }

  opened(): void {
    this.#tellOpen("");
  }

  /** Tells the process of this life that the channel is open, if it has not been told. */
  wake(): void {
    if (!this.dormant) return;
    this.dormant = false;
    this.inherited = true;
    this.#tellOpen(',"resumed":true');
  }

  /** A message of the process's own protocol, or the envelope of an extension. */
  received(type: WsMessageType, data: Body): void {
    const body = `{"WebSocketPush":{"channel_id":${this.id},"message_type":"${type}"}}`;
    const decoded = this.binding.extension ? tryDecodeExtension(bytesOf(data)) : null;
    if (decoded === null) return this.#tell(body, data);
    if (decoded === "other") return this.#warnOnce();
    const { id, kinode_message_type, blob } = decoded;
    this.#tell(body, blob, { id, kind: kinode_message_type });
  }

  /** A close frame reaches the process with its reason; a socket that broke only as the end (§3.5). */
  closed({ wasClean, reason, code }: SocketEnd): void {
    if (wasClean) this.received("Close", reason);
    this.tellClosed({ code, reason });
  }

  /**
   * Kinode says the id alone; the code stands in the metadata, for who looks there, and what was asked for a
   * version of the process that has heard of the channel only now.
   */
  tellClosed({ code, reason }: Pick<SocketEnd, "code" | "reason">): void {
    const metadata = JSON.stringify({ code, reason, ...this.asked });
    this.#tell(`{"WebSocketClose":${this.id}}`, null, { metadata });
    this.forgotten = true;
  }

  /** Kinode tells the path alone; query and sub-protocol stand in the metadata, where there are any. */
  #tellOpen(resumed: string): void {
    const { path, query, protocol } = this.asked;
    const open = `{"path":${JSON.stringify(path)},"channel_id":${this.id}${resumed}}`;
    const more = { ...query !== "" && { query }, ...protocol !== "" && { protocol } };
    const metadata = query + protocol === "" ? undefined : JSON.stringify(more);
    this.#tell(`{"WebSocketOpen":${open}}`, null, { metadata });
  }

  #warnOnce(): void {
    if (!this.#warned) this.log.warn(`http-server: got unexpected message from ext websocket`);
    this.#warned = true;
  }

  #tell(
    body: string,
    bytes: Body | null,
    { id, kind, metadata }: { id?: bigint; kind?: "Request" | "Response"; metadata?: string } = {},
  ): void {
    if (this.forgotten) return;
    this.wake();
    const { boundAs, app } = this.binding;
    const blob = bytes === null ? null : { mime: null, bytes };
    const message = request(boundAs, app, body, { id, metadata, lazy_load_blob: blob });
    if (kind !== undefined) message.kind = kind;
    this.send(message);
  }
}
