/**
 * `http-client:distro:sys`: processes' way out into the world, by HTTP and WebSocket (spec/http.md §4).
 *
 *   process ─► deliver(message) ─► Http ───────────► Requests ─► Fetcher ─► Dialer ─► world
 *                                  Http of `fetch` ─► WebCalls ─► Fetcher
 *                                  WebSocketOpen ┐
 *                                  WebSocketPush ├─► Channels ─► WsSocket ─► world
 *                                  WebSocketClose┘        └─► events to the process
 *
 * Nothing waits for anything else: each request and each opening runs by itself. Replies come from the name
 * that was addressed, in that name's era.
 */
import {
  CLIENT_ACTION_BYTES_MAX,
  CLIENT_GRACE_SECONDS,
  CLIENT_REQUEST_SECONDS,
} from "../../limits.ts";
import type { Log } from "../../log.ts";
import { type Address, nodeOf, speaksEraA } from "../../protocol/address.ts";
import { closeIn } from "../../protocol/close_details.ts";
import {
  type actions,
  HttpClientAction,
  type HttpClientError,
  type HttpClientResponse,
  toEraA,
} from "../../protocol/http_client.ts";
import {
  bytesOf,
  type Ending,
  type KernelMessage,
  type LazyLoadBlob,
  type Module,
  responseTo,
  textOf,
} from "../../protocol/message.ts";
import type { NetworkPolicy } from "../../protocol/network.ts";
import { decodeJson, dispatch, type Handlers, type Of } from "../../protocol/serde.ts";
import { Channels, type WsOpened } from "./channels.ts";
import { Connections } from "./connections.ts";
import { Dialer, type Resolve } from "./dialer.ts";
import { Fetcher } from "./fetcher.ts";
import { readCall } from "./http_call.ts";
import { Requests } from "./requests.ts";
import { type Answer, WebCalls } from "./web_calls.ts";

export interface HttpClientOptions {
  node: string;
  /** `false`: the target takes no more for now, and nothing was sent. */
  send(message: KernelMessage): boolean | void;
  log: Log;
  /** Where a process may go; asked for each request and each opening. */
  policyOf(process: Address): NetworkPolicy;
  /** PEM, trusted beside the system's. */
  caCerts?: string[];
  /** The largest answer that a process gets whole. */
  bodyBytesMax?: number;
  /** Else the system's. */
  resolve?: Resolve;
  /** Else what the machine allows. */
  connections?: Connections;
}

export class HttpClient implements Module {
  readonly #node: string;
  readonly #send: (message: KernelMessage) => boolean | void;
  readonly #log: Log;
  readonly #requests: Requests;
  readonly #webCalls: WebCalls;
  readonly #channels: Channels;
  readonly #underWay = new Set<Promise<void>>();
  readonly #handlers: Handlers<typeof actions, KernelMessage, void> = {
    Http: (wish, message) =>
      this.#run(
        wish.web === undefined
          ? this.#http(wish, message)
          : this.#answer(message, this.#webCalls.open(wish, message, secondsFor(message))),
      ),
    HttpRequestChunk: ({ call }, message) => {
      const bytes = bytesOf(message.lazy_load_blob?.bytes ?? "");
      this.#run(this.#answer(message, this.#webCalls.chunk(message.source, call, bytes)));
    },
    HttpRequestEnd: ({ call, error }, message) => {
      this.#run(this.#answer(message, this.#webCalls.endChunks(message.source, call, error)));
    },
    HttpBodyRead: ({ call }, message) => {
      this.#run(this.#answer(message, this.#webCalls.read(message.source, call)));
    },
    HttpCancel: ({ call }, message) => {
      this.#run(this.#answer(message, this.#webCalls.cancel(message.source, call)));
    },
    WebSocketOpen: (wish, message) => {
      // It is kept as long as the channel: not its bytes.
      this.#run(this.#open(wish, { ...message, body: "", lazy_load_blob: null }));
    },
    WebSocketPush: (push, message) => {
      this.#acknowledge(
        message,
        this.#channels.push(
          message.source,
          push,
          message.lazy_load_blob,
          closeIn(message.metadata),
        ),
      );
    },
    WebSocketClose: ({ channel_id }, message) => {
      this.#acknowledge(
        message,
        this.#channels.close(message.source, channel_id, closeIn(message.metadata)),
      );
    },
  };

  constructor(options: HttpClientOptions) {
    const { node, send, log, policyOf, resolve, caCerts = [], bodyBytesMax } = options;
    const { connections = new Connections() } = options;
    const dialer = new Dialer(resolve);
    this.#node = node;
    this.#send = send;
    this.#log = log;
    const fetcher = new Fetcher(caCerts, dialer, bodyBytesMax);
    this.#requests = new Requests({ fetcher, policyOf, connections });
    this.#webCalls = new WebCalls(this.#requests, fetcher);
    this.#channels = new Channels({ send, log, caCerts, dialer, policyOf, connections });
  }

  /** Only requests mean something to us. */
  deliver(message: KernelMessage): void {
    if (message.kind !== "Request") return;
    if (nodeOf(message.source) !== this.#node) return this.#refuse(message, NOT_OURS);
    if (message.body.length > CLIENT_ACTION_BYTES_MAX) return this.#refuse(message, TOO_LONG);
    let action: HttpClientAction;
    try {
      action = decodeJson(textOf(message.body), HttpClientAction);
    } catch {
      return this.#refuse(message, "MalformedRequest");
    }
    dispatch(action, this.#handlers, message);
  }

  processEnded(process: Address, ending: Ending): void {
    if (ending !== "asleep") this.#requests.end(process);
    // Whoever reads an answer does not sleep: the rest of one is nobody's, and its number the next life's.
    this.#webCalls.forget(process);
    if (ending === "asleep") return; // What else it waits for wakes it.
    if (ending === "kept") this.#channels.hold(process);
    else this.#channels.end(process);
  }

  async close(): Promise<void> {
    this.#channels.endAll();
    await this.#requests.close();
    this.#webCalls.close();
    await Promise.all(this.#underWay);
  }

  async #http(wish: Of<typeof actions.Http>, message: KernelMessage): Promise<void> {
    const call = readCall(wish, bytesOf(message.lazy_load_blob?.bytes ?? ""));
    if ("Err" in call) return this.#refuse(message, call.Err);
    const answer = await this.#requests.run(message.source, call, secondsFor(message));
    if (answer === null) return;
    if ("Err" in answer) return this.#refuse(message, answer.Err);
    const { status, headers, body } = answer;
    this.#succeed(message, { Http: { status, headers } }, { mime: null, bytes: body });
  }

  async #answer(message: KernelMessage, answer: Answer | Promise<Answer>): Promise<void> {
    const said = await answer;
    if (said === null) return;
    if ("Err" in said) return this.#refuse(message, said.Err);
    const blob = said.blob === null ? null : { mime: null, bytes: said.blob };
    this.#succeed(message, said.Ok, blob);
  }

  async #open(wish: Of<typeof actions.WebSocketOpen>, message: KernelMessage): Promise<void> {
    const ack = (opened: WsOpened) => this.#succeed(message, "WebSocketAck", null, opened);
    const seconds = secondsFor(message);
    const error = await this.#channels.open(wish, message, { seconds, ack });
    if (error !== null) this.#fail(message, error);
  }

  #acknowledge(message: KernelMessage, error: HttpClientError | null): void {
    if (error === null) this.#succeed(message, "WebSocketAck");
    else this.#fail(message, error);
  }

  /** `details`: what Kinode's answer has no room for, as metadata. */
  #succeed(
    message: KernelMessage,
    Ok: HttpClientResponse,
    blob: LazyLoadBlob | null = null,
    details: WsOpened | null = null,
  ): void {
    const metadata = details === null ? null : JSON.stringify(details);
    this.#send({ ...responseTo(message, JSON.stringify({ Ok }), blob), metadata });
  }

  #fail(message: KernelMessage, error: HttpClientError): void {
    const Err = speaksEraA(message.target) ? toEraA(error, textOf(message.body)) : error;
    this.#send(responseTo(message, JSON.stringify({ Err })));
  }

  /** Errors of HTTP and of bodies that are no action are told only to who asked for a response. */
  #refuse(message: KernelMessage, error: HttpClientError): void {
    if (message.rsvp !== null || message.expects_response !== null) this.#fail(message, error);
  }

  #run(work: Promise<void>): void {
    const settled: Promise<void> = work
      .catch((error: unknown) => this.#log.warn(`http_client: ${error}`))
      .finally(() => this.#underWay.delete(settled));
    this.#underWay.add(settled);
  }
}

const TOO_LONG: HttpClientError = {
  BuildRequestFailed:
    `URL and headers are longer than ${CLIENT_ACTION_BYTES_MAX} bytes: a body goes into the blob`,
};

const NOT_OURS: HttpClientError = {
  ExecuteRequestFailed: "only processes of this node may use its http_client",
};

/** The caller's own timeout is the kernel's; ours sees to it that nothing runs for ever. */
function secondsFor({ expects_response }: KernelMessage): number {
  return expects_response === null
    ? CLIENT_REQUEST_SECONDS
    : expects_response + CLIENT_GRACE_SECONDS;
}
