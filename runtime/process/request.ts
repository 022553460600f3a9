import { type Address as AddressText, parseAddress } from "../protocol/address.ts";
import { type KernelMessage, randomId, request } from "../protocol/message.ts";
import { toFrame } from "../protocol/port.ts";
import type { Address } from "./address.ts";
import { Builder } from "./builder.ts";
import { Capability } from "./capability.ts";
import { current } from "./current.ts";
import type { Message } from "./message.ts";

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
export class Request extends Builder {
  #target: AddressText | null = null;
  #context: Uint8Array | null = null;
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

  /** Bytes kept here and given back with the response or the SendError. */
  context(context: Uint8Array): this {
    this.#context = context;
    return this;
  }

  /** Hands over the right to message this process, so that the receiver may answer later by itself. */
  attachMessaging(): this {
    return this.attach([new Capability(current().our, "messaging")]);
  }

  /** As `attachAll` of the target. Throws without target. */
  async tryAttachAll(): Promise<this> {
    if (this.#target === null) throw new TypeError("Cannot attach capabilities without target");
    return await this.attachAll(this.#target);
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

  /** Sends; a response, if one is expected, comes out of `awaitMessage()`. Throws without target or body, and a RangeError where too much waits unsent. */
  send(): void {
    const message = this.#build();
    const { mailbox, outbox } = current();
    outbox.offer(toFrame(message));
    if (message.expects_response !== null) mailbox.expect(message.id, this.#context);
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
    outbox.offer(toFrame(message));
    return mailbox.expectAwaited(message.id, this.#context);
  }

  #build(): KernelMessage {
    if (this.#target === null) {
      throw new TypeError("Cannot send a Request without target: begin with Request.to(address)");
    }
    const { body, metadata, blob, capabilities, inherit } = this.parts("Request");
    const { mailbox, our } = current();
    const parent = inherit ? mailbox.prompting : null;
    const inheritsReply = parent !== null && this.#expectsResponse === null;
    return {
      ...request(our, this.#target, body, {
        // Two expecting requests may not share an id (spec/kernel.md §2.4), a passed-on one keeps its parent's.
        id: inheritsReply ? parent.id : randomId(),
        rsvp: inheritsReply ? parent.rsvp : null,
        expects_response: this.#expectsResponse,
        metadata,
        lazy_load_blob: blob,
      }),
      inherit,
      capabilities,
    };
  }
}
