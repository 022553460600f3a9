import { type Address as AddressText, parseAddress } from "../protocol/address.ts";
import {
  type Body,
  type Capability as Shape,
  type KernelMessage,
  type LazyLoadBlob,
  randomId,
  request,
} from "../protocol/message.ts";
import { toFrame } from "../protocol/port.ts";
import type { Address } from "./address.ts";
import { capabilitiesOf, Capability } from "./capability.ts";
import { checked } from "./checked.ts";
import { current } from "./current.ts";
import type { Message } from "./message.ts";

/** A blob as it is given: text stands for its UTF-8 bytes. */
export interface BlobInit {
  mime?: string | null;
  bytes: Uint8Array | string;
}

/**
 * A message to another process, built step by step.
 *
 * ```ts
 * import { Request } from "@kinode/process";
 *
 * await Request.to("our@chat:chat:template.os")
 *   .body(JSON.stringify({ Send: "hello" }))
 *   .sendAndAwaitResponse(5);
 * ```
 */
export class Request {
  #target: AddressText | null = null;
  #body: Body | null = null;
  #metadata: string | null = null;
  #blob: LazyLoadBlob | null = null;
  #context: Uint8Array | null = null;
  #capabilities: Shape[] = [];
  #inherit = false;
  #expectsResponse: number | null = null;

  /** Begins a request; throws a SyntaxError if `target` is no address. */
  static to(target: string | Address): Request {
    return new Request().target(target);
  }

  /** `node@process:package:publisher`; `our@…` is this node. Throws a SyntaxError. */
  target(target: string | Address): this {
    const text = parseAddress(String(target));
    const node = current().our.slice(0, current().our.indexOf("@"));
    this.#target =
      (text.startsWith("our@") ? node + text.slice("our".length) : text) as AddressText;
    return this;
  }

  /** Bytes, or text that stands for its UTF-8 bytes. */
  body(body: Uint8Array | string): this {
    this.#body = checked(body, "body");
    return this;
  }

  /** Text that travels beside the body, by convention JSON. */
  metadata(metadata: string): this {
    this.#metadata = metadata;
    return this;
  }

  /** Bytes that travel beside the body. */
  blob(blob: BlobInit): this {
    this.#blob = { mime: blob.mime ?? null, bytes: checked(blob.bytes, "blob.bytes") };
    return this;
  }

  /** Bytes that travel beside the body; keeps the MIME type set before. */
  blobBytes(bytes: Uint8Array | string): this {
    return this.blob({ mime: this.#blob?.mime ?? null, bytes });
  }

  /** The MIME type of the blob; without bytes the blob is empty. */
  blobMime(mime: string): this {
    return this.blob({ mime, bytes: this.#blob?.bytes ?? "" });
  }

  /** Bytes kept here and given back with the response or the SendError. */
  context(context: Uint8Array): this {
    this.#context = context;
    return this;
  }

  /** Capabilities to hand over; only those that this process holds or issues arrive. */
  capabilities(capabilities: Shape[]): this {
    this.#capabilities = capabilities;
    return this;
  }

  /** Hands over the right to message this process, so that the receiver may answer later by itself. */
  attachMessaging(): this {
    return this.#attach([new Capability(current().our, "messaging")]);
  }

  /** Hands over every capability held that `issuer` issued. Throws a SyntaxError if it is no address. */
  async attachAll(issuer: string | Address): Promise<this> {
    return this.#attach(await capabilitiesOf(issuer));
  }

  /** As `attachAll` of the target. Throws without target. */
  async tryAttachAll(): Promise<this> {
    if (this.#target === null) throw new TypeError("Cannot attach capabilities without target");
    return await this.attachAll(this.#target);
  }

  /** Passes on the current request's blob (if none is set here) and lets the response go to its sender. */
  inherit(inherit: boolean): this {
    this.#inherit = inherit;
    return this;
  }

  /** Whole seconds after which a SendError comes instead of the missing response. */
  expectsResponse(seconds: number): this {
    if (!Number.isInteger(seconds) || seconds < 0) {
      throw new RangeError(
        `Cannot expect a response in ${seconds} seconds: give a whole number of seconds`,
      );
    }
    this.#expectsResponse = seconds;
    return this;
  }

  /** Sends; a response, if one is expected, comes out of `awaitMessage()`. Throws without target or body. */
  send(): void {
    const message = this.#build();
    const { mailbox, outbox } = current();
    if (message.expects_response !== null) mailbox.expect(message.id, this.#context);
    outbox.send(toFrame(message));
  }

  /**
   * Sends and waits for the response; other messages wait in the queue meanwhile, in order.
   * Rejects with a SendError: no such process, not permitted, crashed, or no answer in `seconds`.
   */
  sendAndAwaitResponse(seconds: number): Promise<Message> {
    const message = this.expectsResponse(seconds).#build();
    const { mailbox, outbox, our } = current();
    if (message.target === our) {
      throw new Error("Cannot await a Request to `our`: it would wait for itself");
    }
    const answer = mailbox.expectAwaited(message.id, this.#context);
    outbox.send(toFrame(message));
    return answer;
  }

  #attach(capabilities: Shape[]): this {
    this.#capabilities = [...this.#capabilities, ...capabilities];
    return this;
  }

  #build(): KernelMessage {
    if (this.#target === null) {
      throw new TypeError("Cannot send a Request without target: begin with Request.to(address)");
    }
    if (this.#body === null) {
      throw new TypeError("Cannot send a Request without body: call .body(…), it may be empty");
    }
    const { mailbox, our } = current();
    const parent = this.#inherit ? mailbox.prompting : null;
    const inheritsReply = parent !== null && this.#expectsResponse === null;
    return {
      ...request(our, this.#target, this.#body, {
        // Two expecting requests may not share an id (spec/kernel.md §2.4), a passed-on one keeps its parent's.
        id: inheritsReply ? parent.id : randomId(),
        rsvp: inheritsReply ? parent.rsvp : null,
        expects_response: this.#expectsResponse,
        metadata: this.#metadata,
        lazy_load_blob: this.#blob ?? (this.#inherit ? mailbox.last?.lazy_load_blob ?? null : null),
      }),
      inherit: this.#inherit,
      capabilities: this.#capabilities,
    };
  }
}
