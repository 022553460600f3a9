/**
 * `/rpc:distro:sys/message` (spec/http.md §2.8): a program on this machine says something to a process, as
 * `kit inject-message` does.
 *
 *   POST {"process":"p:k:o","body":"…","expects_response":5}  ─►  Request to p:k:o  ─►  {"body":[…],"lazy_load_blob":…}
 *
 * For programs on this machine alone: a page in its owner's browser could send the same request.
 */
import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { HTTP_PENDING_MAX, HTTP_RESPONSE_SECONDS, RPC_ANSWER_BYTES_MAX } from "../../limits.ts";
import { type Address, addressOf, parseNodeName, parseProcessId } from "../../protocol/address.ts";
import { ById } from "../../protocol/by_id.ts";
import {
  bytesOf,
  type KernelMessage,
  type LazyLoadBlob,
  randomId,
  request,
  type SendErrorReason,
  sizeOf,
} from "../../protocol/message.ts";
import { anything, decodeJson, object, optional, string, u32 } from "../../protocol/serde.ts";

/** `inherit` and `context` mean nothing here, and are not looked at. */
const Injected = object({
  node: optional(string),
  process: string,
  inherit: anything,
  expects_response: optional(u32),
  body: optional(string),
  metadata: optional(string),
  context: anything,
  mime: optional(string),
  data: optional(string),
});

/** Kinode answers 408 for all of them. */
const STATUSES: Record<SendErrorReason, number> = {
  "no-answer": 408,
  "no-such-process": 404,
  "not-permitted": 403,
  "no-network-capability": 403,
  "too-large": 413,
  "offline": 502,
  "crashed": 502,
  "queue-full": 503,
};

export interface RpcOptions {
  node: string;
  /** Who says it. */
  source: Address;
  send(message: KernelMessage): void;
}

export class Rpc {
  readonly #options: RpcOptions;
  readonly #waiting = new ById<(message: KernelMessage) => void>();

  constructor(options: RpcOptions) {
    this.#options = options;
  }

  /** `body`: what was posted. */
  async inject(body: Uint8Array): Promise<Response> {
    let message: KernelMessage;
    try {
      message = this.#read(body);
    } catch (error) {
      return refused(400, (error as Error).message);
    }
    if (message.expects_response === null) {
      this.#options.send(message);
      return new Response(null);
    }
    if (this.#waiting.size >= HTTP_PENDING_MAX) {
      return refused(503, "too many messages wait for answers");
    }
    return toHttp(await this.#ask(message));
  }

  /** A Response or SendError from the kernel; false when nobody here waits for it. */
  answer(message: KernelMessage): boolean {
    const answered = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    answered?.(message);
    return answered !== undefined;
  }

  /** Note who waits before sending: the refusal may come at once. */
  #ask(message: KernelMessage): Promise<KernelMessage> {
    const { promise, resolve } = Promise.withResolvers<KernelMessage>();
    this.#waiting.set(message.id, resolve);
    this.#options.send(message);
    return promise;
  }

  /** Throws a TypeError that says what is wrong. */
  #read(body: Uint8Array): KernelMessage {
    const { node, source } = this.#options;
    const injected = decodeJson(new TextDecoder().decode(body), Injected, "message");
    const named = injected.node ?? "our";
    const to = named === "our" ? node : parseNodeName(named);
    const target = addressOf(to, parseProcessId(injected.process));
    const { expects_response: seconds, metadata } = injected;
    return request(source, target, injected.body ?? "", {
      id: randomId(),
      expects_response: seconds === null ? null : Math.min(seconds, HTTP_RESPONSE_SECONDS),
      metadata,
      lazy_load_blob: blobOf(injected.mime, injected.data),
    });
  }
}

/** What is no base64 is no blob, as in Kinode. */
function blobOf(mime: string | null, data: string | null): LazyLoadBlob | null {
  if (data === null) return null;
  try {
    return { mime, bytes: decodeBase64(data) };
  } catch {
    return null;
  }
}

/** The bytes of an answer's blob come as the bytes of their base64, the body as bytes: Kinode's own shape. */
function toHttp(message: KernelMessage): Response {
  if (message.error !== null) {
    const { reason, explanation } = message.error;
    return refused(STATUSES[reason], explanation);
  }
  if (sizeOf(message) > RPC_ANSWER_BYTES_MAX) {
    const bytes = sizeOf(message);
    return refused(502, `the answer has ${bytes} bytes, here at most ${RPC_ANSWER_BYTES_MAX}`);
  }
  const blob = message.lazy_load_blob;
  const answer = {
    body: [...bytesOf(message.body)],
    lazy_load_blob: blob === null
      ? null
      : { mime: blob.mime, bytes: [...bytesOf(encodeBase64(bytesOf(blob.bytes)))] },
  };
  return new Response(JSON.stringify(answer), { headers: { "content-type": "text/html" } });
}

function refused(status: number, error: string): Response {
  return Response.json({ error }, { status });
}
