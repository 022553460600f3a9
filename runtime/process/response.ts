import {
  type Body,
  type Capability,
  type KernelMessage,
  type LazyLoadBlob,
  responseTo,
} from "../protocol/message.ts";
import { toFrame } from "../protocol/port.ts";
import type { Address } from "./address.ts";
import { capabilitiesOf } from "./capability.ts";
import { checked } from "./checked.ts";
import { current } from "./current.ts";
import type { Message } from "./message.ts";
import type { BlobInit } from "./request.ts";

/** Whether anybody waits for an answer to this request. */
function wantsResponse(message: KernelMessage): boolean {
  return message.kind === "Request" && (message.rsvp !== null || message.expects_response !== null);
}

/**
 * The answer to the request that `awaitMessage()` returned last, or to a given one.
 *
 * ```ts
 * import { awaitMessage, Response } from "@kinode/process";
 *
 * const message = await awaitMessage();
 * new Response().body(JSON.stringify("Ack")).send(); // answers `message`
 * ```
 *
 * Answering a request that expects none does nothing. The web's `Response` is `globalThis.Response`.
 */
export class Response {
  readonly #to: KernelMessage | null;
  #body: Body | null = null;
  #metadata: string | null = null;
  #blob: LazyLoadBlob | null = null;
  #capabilities: Capability[] = [];
  #inherit = false;

  constructor(to?: Message) {
    this.#to = to?.raw ?? current().mailbox.prompting;
  }

  /** The answer to this very request, however many came after it. */
  static to(request: Message): Response {
    return new Response(request);
  }

  /** Bytes, or text that stands for its UTF-8 bytes. */
  body(body: Uint8Array | string): this {
    this.#body = checked(body, "body");
    return this;
  }

  metadata(metadata: string): this {
    this.#metadata = metadata;
    return this;
  }

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

  /** Hands over every capability held that `issuer` issued. Throws a SyntaxError if it is no address. */
  async attachAll(issuer: string | Address): Promise<this> {
    return this.capabilities([...this.#capabilities, ...await capabilitiesOf(issuer)]);
  }

  capabilities(capabilities: Capability[]): this {
    this.#capabilities = capabilities;
    return this;
  }

  /** Sends the blob received last along, unless one is set here. */
  inherit(inherit: boolean): this {
    this.#inherit = inherit;
    return this;
  }

  /** Throws without body, and where no request was received yet. */
  send(): void {
    if (this.#body === null) {
      throw new TypeError("Cannot send a Response without body: call .body(…), it may be empty");
    }
    if (this.#to === null) {
      throw new Error("Cannot send a Response: no request has been received yet");
    }
    if (!wantsResponse(this.#to)) return;
    const { mailbox, outbox } = current();
    const blob = this.#blob ?? (this.#inherit ? mailbox.last?.lazy_load_blob ?? null : null);
    outbox.send(toFrame({
      ...responseTo(this.#to, this.#body, blob),
      inherit: this.#inherit,
      metadata: this.#metadata,
      capabilities: this.#capabilities,
    }));
  }
}
