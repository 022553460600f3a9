/**
 * `http-server:distro:sys` (spec/http.md §1): processes bind paths, and get what arrives on them.
 *
 *   process ─► deliver() ─┬─ Request: an action ─► Bindings, Channels ─► reply
 *                         └─ Response, SendError: the answer to an HTTP request ─► PendingRequests
 *   world ◄─► Listener ─► send() ─► process
 *
 * Every message to a process comes from the name by which it called us when it bound the path.
 */
import { escapeControl, type Log } from "../../log.ts";
import {
  type Address,
  addressOf,
  nodeOf,
  parseProcessId,
  processOf,
  speaksEraA,
} from "../../protocol/address.ts";
import {
  type actions,
  errorText,
  HttpServerAction,
  type HttpServerError,
  toEraA,
} from "../../protocol/http_server.ts";
import { HTTP_ACTION_BYTES_MAX } from "../../limits.ts";
import { closeIn } from "../../protocol/close_details.ts";
import {
  type Ending,
  type KernelMessage,
  type Module,
  responseTo,
  textOf,
  type Unreachable,
} from "../../protocol/message.ts";
import { decodeJson, dispatch, type Handlers } from "../../protocol/serde.ts";
import { Access, subdomainOf } from "./access.ts";
import { Bindings, type HttpBinding, normalize, type WsBinding } from "./bindings.ts";
import { ArrivingBodies } from "./bodies.ts";
import { Channels } from "./channels.ts";
import { Forward } from "./forward.ts";
import { FrontDoor, type FrontDoorOptions } from "./front_door/front_door.ts";
import { RequestHandler } from "./handler.ts";
import { Hosts } from "./hosts.ts";
import type { Login } from "./login/login.ts";
import { PendingRequests } from "./pending.ts";
import { type Refusal, refusal } from "./refusal.ts";
import { Reserved } from "./reserved.ts";
import { Rpc } from "./rpc.ts";
import { Listener } from "./serve.ts";
import { DEFAULT_SETTINGS, type HttpSettings } from "./settings.ts";
import { StaticStore } from "./static_content.ts";
import { Streams } from "./streams.ts";

export interface HttpServerOptions {
  node: string;
  /** False: the queue of the process is full, and an event for it is lost. */
  send(message: KernelMessage): boolean | void;
  /** Why an event for a process would go nowhere now; `null`: it would arrive. */
  whyNot?(source: Address, target: Address): Unreachable | null;
  log: Log;
  login: Pick<Login, "answer" | "isLoggedIn" | "refuse">;
  /** What is left out is the default. */
  settings?: Partial<HttpSettings>;
}

/** `"quiet"`: done, and no reply even if one was asked for; null: done. */
type Outcome = Refusal | "quiet" | null;

/** Of a malformed body as much comes back to its sender, and as much of the reason is printed. */
const ECHO_CHARS_MAX = 64 * 1024;
const PRINTED_CHARS_MAX = 200;

export class HttpServer implements Module {
  readonly #node: string;
  readonly #send: (message: KernelMessage) => boolean | void;
  readonly #log: Log;
  readonly #bindings = new Bindings();
  readonly #streams: Streams;
  readonly #pending: PendingRequests;
  readonly #channels: Channels;
  readonly #handler: RequestHandler;
  readonly #settings: HttpSettings;
  #listener: Listener | FrontDoor | undefined;

  readonly #access: Access;
  readonly #hosts: Hosts;
  readonly #rpc: Rpc;
  readonly #static: StaticStore;

  constructor({ node, send, whyNot, log, login, settings: chosen }: HttpServerOptions) {
    const settings = { ...DEFAULT_SETTINGS, ...chosen };
    this.#node = node;
    this.#send = send;
    this.#log = log;
    this.#channels = new Channels({ send, whyNot, log, ...settings });
    this.#access = new Access(login);
    this.#hosts = new Hosts(settings.domains);
    const source = addressOf(node, parseProcessId("http-server:distro:sys"));
    this.#rpc = new Rpc({ node, source, send });
    this.#streams = new Streams({
      send,
      reply: (to, refused, bytes) => this.#reply(to, refused, bytes),
      waitsForClient: (id, waits) => this.#pending.waitsForClient(id, waits),
      lost: (id) => this.#pending.lost(id),
    });
    this.#pending = new PendingRequests({ streams: this.#streams });
    this.#static = new StaticStore({ folder: settings.staticFolder, log });
    const bodies = new ArrivingBodies(settings.bodyBytesMax);
    const [pending, streams] = [this.#pending, this.#streams];
    this.#handler = new RequestHandler({
      bindings: this.#bindings,
      channels: this.#channels,
      access: this.#access,
      hosts: this.#hosts,
      reserved: new Reserved({ login, rpc: this.#rpc, bodies }),
      forward: new Forward({ bodies, pending, streams, send }),
      log,
    });
    this.#settings = settings;
  }

  /**
   * Returns the port, which is another than asked for only for port 0. Throws AddrInUse when it is taken, and an
   * Error for the person when a certificate or network is no good. Without `frontDoor` it is the fast path.
   */
  listen(
    address: { hostname: string; port: number },
    frontDoor: FrontDoorOptions | null = null,
  ): number {
    this.#listener = frontDoor === null
      ? new Listener(this.#handler, this.#settings)
      : new FrontDoor(this.#handler, this.#log, { ...frontDoor, ...this.#settings });
    return this.#listener.listen(address);
  }

  deliver(message: KernelMessage): void {
    if (message.kind === "Request") return this.#act(message);
    if (!this.#pending.answer(message)) this.#rpc.answer(message);
  }

  processEnded(process: Address, ending: Ending): void {
    this.#channels.processEnded(process, ending);
    if (ending !== "asleep") this.#streams.processEnded(process);
  }

  keepsNothing(process: Address): void {
    this.#channels.keepsNothing(process);
  }

  async close(): Promise<void> {
    this.#pending.close();
    this.#channels.stop();
    await this.#listener?.close();
    await this.#static.close();
  }

  #act(message: KernelMessage): void {
    const outcome = this.#perform(message);
    if (outcome !== "quiet") this.#reply(message, outcome, null);
  }

  #reply(to: KernelMessage, refused: Refusal | null, bytes: Uint8Array | null): void {
    if (refused !== null) {
      // Refusals are always sent; the kernel drops what nobody waits for.
      const { error, detail } = refused;
      const Err = speaksEraA(to.target) ? toEraA(error, detail) : error;
      this.#send(responseTo(to, JSON.stringify({ Err })));
      return;
    }
    const wanted = to.rsvp !== null || to.expects_response !== null;
    const blob = bytes === null ? null : { mime: null, bytes };
    if (wanted) this.#send(responseTo(to, '{"Ok":null}', blob));
  }

  #perform(message: KernelMessage): Outcome {
    if (nodeOf(message.source) !== this.#node) {
      return refusal("InvalidSourceProcess", "only processes of this node may use its http server");
    }
    if (message.body.length > HTTP_ACTION_BYTES_MAX) {
      const why = `an action has at most ${HTTP_ACTION_BYTES_MAX} bytes`;
      const text = textOf(message.body.slice(0, ECHO_CHARS_MAX));
      return this.#malformed(message, text, new TypeError(why));
    }
    const text = textOf(message.body);
    let action: HttpServerAction;
    try {
      action = decodeJson(text, HttpServerAction);
    } catch (error) {
      return this.#malformed(message, text, error as TypeError);
    }
    return dispatch(action, this.#handlers, message);
  }

  #malformed({ source }: KernelMessage, text: string, { message }: TypeError): Refusal {
    const why = escapeControl(message.slice(0, PRINTED_CHARS_MAX));
    const line = `http-server: got malformed request from ${source}: ${why}`;
    this.#log.warn(line, processOf(source));
    return { error: "MalformedRequest", detail: { req: text.slice(0, ECHO_CHARS_MAX) } };
  }

  readonly #handlers: Handlers<typeof actions, KernelMessage, Outcome> = {
    Bind: ({ streaming, ...wanted }, message) =>
      this.#bind(message, { ...wanted, streaming: streaming === true, subdomain: null }),
    SecureBind: ({ path, cache }, message) =>
      this.#bind(message, {
        path,
        authenticated: true,
        local_only: false,
        cache,
        streaming: false,
        subdomain: subdomainOf(message.source),
      }),
    Unbind: ({ path }, { source }) => pathRefusal(this.#bindings.unbindHttp(source, path)),
    WebSocketBind: (wanted, message) => this.#bindWs(message, { ...wanted, subdomain: null }),
    WebSocketSecureBind: (wanted, message) =>
      this.#bindWs(message, {
        ...wanted,
        authenticated: true,
        subdomain: subdomainOf(message.source),
      }),
    WebSocketUnbind: ({ path }, { source }) => pathRefusal(this.#bindings.unbindWs(source, path)),
    WebSocketOpen: () => refusal("MalformedRequest", "WebSocketOpen is not a valid request"),
    WebSocketPush: ({ channel_id, message_type }, { source, lazy_load_blob }) =>
      this.#channels.push(source, channel_id, message_type, lazy_load_blob),
    WebSocketExtPushOutgoing: ({ channel_id, message_type, desired_reply_type }, message) => {
      const blob = message.lazy_load_blob;
      if (blob === null || message_type !== "Binary") return refusal("NoBlob", "");
      const data = { id: message.id, kinode_message_type: desired_reply_type };
      const refused = this.#channels.pushToExtension(message.source, channel_id, data, blob);
      // Done: the answer to this very request is the extension's to give.
      return refused ?? "quiet";
    },
    WebSocketExtPushData: () =>
      refusal("MalformedRequest", "Use WebSocketExtPushOutgoing, not WebSocketExtPushData"),
    WebSocketClose: (channel_id, { source, metadata }) =>
      this.#channels.close(source, channel_id, closeIn(metadata)),
    HttpBodyRead: ({ request }, message) => this.#streams.readBody(message, request),
    HttpResponseChunk: ({ request }, message) => this.#streams.chunk(message, request),
    HttpResponseEnd: ({ request, error }, { source }) => this.#streams.end(source, request, error),
  };

  #bindWs(
    { source, target }: KernelMessage,
    { path, ...wanted }: { path: string } & Omit<WsBinding, "app" | "boundAs" | "path">,
  ): Outcome {
    if (wanted.subdomain !== null) this.#access.reserve(wanted.subdomain);
    const error = this.#bindings.bindWs(path, { app: source, boundAs: target, ...wanted });
    if (error === null && normalize(path) === "") this.#hosts.add(processOf(source));
    return pathRefusal(error);
  }

  #bind(
    { source, target, lazy_load_blob: blob }: KernelMessage,
    wanted:
      & { path: string; cache: boolean }
      & Omit<
        HttpBinding,
        "app" | "boundAs" | "path" | "content"
      >,
  ): Outcome {
    if (wanted.subdomain !== null) this.#access.reserve(wanted.subdomain);
    const { path, cache, ...flags } = wanted;
    if (cache && blob === null) return refusal("NoBlob", "");
    const content = cache ? this.#static.make(blob!.mime ?? "text/plain", blob!.bytes) : null;
    const binding = { app: source, boundAs: target, ...flags, content };
    const error = this.#bindings.bindHttp(path, binding);
    if (error !== null) return pathRefusal(error);
    content?.bound();
    if (normalize(path) === "") this.#hosts.add(processOf(source));
    return null;
  }
}

function pathRefusal(error: HttpServerError | null): Refusal | null {
  return error === null ? null : refusal(error, errorText(error).replace(/^.*?: /, ""));
}
