import { canonical, nodeOf, type ProcessId, processOf } from "../protocol/address.ts";
import {
  bytesOf,
  type Capability,
  type KernelMessage,
  type SendErrorReason,
  textOf,
} from "../protocol/message.ts";
import { Address } from "./address.ts";

/** Bytes that travel beside a message's body, with an optional MIME type. */
export interface Blob {
  mime: string | null;
  bytes: Uint8Array;
}

/**
 * A message that this process received: a Request, or the Response to one of its own.
 *
 * ```ts
 * import { awaitMessage, println } from "@kinode/process";
 *
 * const message = await awaitMessage();
 * if (message.isRequest) println(`${message.source}: ${message.text()}`);
 * ```
 */
export class Message {
  readonly #message: KernelMessage;
  readonly #context: Uint8Array | null;

  constructor(message: KernelMessage, context: Uint8Array | null = null) {
    this.#message = message;
    this.#context = context;
  }

  get isRequest(): boolean {
    return this.#message.kind === "Request";
  }

  get isResponse(): boolean {
    return this.#message.kind === "Response";
  }

  /** The sender, written by the kernel: it cannot be forged. */
  get source(): Address {
    return Address.parse(this.#message.source);
  }

  /** Whether it comes from this node. */
  get isLocal(): boolean {
    return nodeOf(this.#message.source) === nodeOf(this.#message.target);
  }

  /** Whether it comes from this process id, e.g. `http_server:distro:sys`; either generation's name counts. */
  isProcess(id: string): boolean {
    return canonical(processOf(this.#message.source)) === canonical(id as ProcessId);
  }

  get body(): Uint8Array {
    return bytesOf(this.#message.body);
  }

  /** The body as text; invalid UTF-8 becomes U+FFFD. */
  text(): string {
    return textOf(this.#message.body);
  }

  /** The body as JSON; throws a SyntaxError if it is none. */
  json<T = unknown>(): T {
    return JSON.parse(this.text()) as T;
  }

  get metadata(): string | null {
    return this.#message.metadata;
  }

  /** Seconds in which the sender wants a response; `null`: none wanted. */
  get expectsResponse(): number | null {
    return this.#message.expects_response;
  }

  /** What was given to `.context()` of the request that this is the response to. */
  get context(): Uint8Array | null {
    return this.#context;
  }

  get capabilities(): Capability[] {
    return this.#message.capabilities;
  }

  /** The blob of this very message. */
  get blob(): Blob | null {
    const blob = this.#message.lazy_load_blob;
    return blob === null ? null : { mime: blob.mime, bytes: bytesOf(blob.bytes) };
  }

  /** @internal */
  get raw(): KernelMessage {
    return this.#message;
  }
}

/**
 * A request of ours came back instead of its response. `kind` is Kinode's; `reason` says what happened.
 *
 * ```ts
 * import { Request, SendError } from "@kinode/process";
 *
 * try {
 *   await Request.to("our@chat:chat:template.os").body("{}").sendAndAwaitResponse(5);
 * } catch (error) {
 *   if (error instanceof SendError) console.log(error.kind, error.reason);
 * }
 * ```
 */
export class SendError extends Error {
  override name = "SendError";
  readonly kind: "Offline" | "Timeout";
  readonly reason: SendErrorReason;
  /** Whom the request was for. */
  readonly target: Address;
  /** The body of the request that came back. */
  readonly body: Uint8Array;
  /** Its blob. */
  readonly blob: Blob | null;
  /** Its context. */
  readonly context: Uint8Array | null;

  /** The target cannot be reached. */
  get isOffline(): boolean {
    return this.kind === "Offline";
  }

  /** There is no answer, or will be none: see `reason`. */
  get isTimeout(): boolean {
    return this.kind === "Timeout";
  }

  /** @internal */
  constructor(message: KernelMessage, context: Uint8Array | null) {
    const error = message.error!;
    super(error.explanation);
    this.kind = error.kind;
    this.reason = error.reason;
    this.target = Address.parse(error.target);
    this.body = bytesOf(message.body);
    const blob = message.lazy_load_blob;
    this.blob = blob === null ? null : { mime: blob.mime, bytes: bytesOf(blob.bytes) };
    this.context = context;
  }
}
