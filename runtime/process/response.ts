import { type KernelMessage, responseTo } from "../protocol/message.ts";
import { toFrame } from "../protocol/port.ts";
import { Builder } from "./builder.ts";
import { current } from "./current.ts";
import type { Message } from "./message.ts";

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
export class Response extends Builder {
  readonly #to: KernelMessage | null;

  constructor(to?: Message) {
    super();
    this.#to = to?.raw ?? current().mailbox.prompting;
  }

  /** The answer to this very request, however many came after it. */
  static to(request: Message): Response {
    return new Response(request);
  }

  /** Throws without body, and where no request was received yet. */
  send(): void {
    const { body, metadata, blob, capabilities, inherit } = this.parts("Response");
    if (this.#to === null) {
      throw new Error("Cannot send a Response: no request has been received yet");
    }
    if (!wantsResponse(this.#to)) return;
    current().outbox.send(toFrame({
      ...responseTo(this.#to, body, blob),
      inherit,
      metadata,
      capabilities,
    }));
  }
}
