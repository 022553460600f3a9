/** Kinode's host functions as plain functions (spec/kernel.md §2.2); `Request` and `Response` are built on the same. */
import type { Capability } from "../protocol/message.ts";
import type { Address } from "./address.ts";
import type { Message } from "./message.ts";
import type { BlobInit, Builder } from "./builder.ts";
import { Request } from "./request.ts";
import { Response } from "./response.ts";
import { awaitMessage } from "./standard.ts";

/** A request in one object; what is left out has Kinode's default: false, `null`, none. */
export interface RequestInit {
  body: Uint8Array | string;
  inherit?: boolean;
  /** Whole seconds. */
  expectsResponse?: number | null;
  metadata?: string | null;
  capabilities?: Capability[];
}

/** A response in one object. */
export type ResponseInit = Omit<RequestInit, "expectsResponse">;

/**
 * The next message with its sender; rejects with a `SendError` as `awaitMessage` does.
 *
 * ```ts
 * import { println, receive } from "@kinode/process";
 *
 * const [source, message] = await receive();
 * println(`${source} said ${message.text()}`);
 * ```
 */
export async function receive(): Promise<[Address, Message]> {
  const message = await awaitMessage();
  return [message.source, message];
}

/** Sends a request; its response, if one is expected, comes out of `receive()`. Throws as `Request` does. */
export function sendRequest(
  target: string | Address,
  request: RequestInit,
  context: Uint8Array | null = null,
  blob: BlobInit | null = null,
): void {
  const built = build(target, request, blob);
  if (request.expectsResponse != null) built.expectsResponse(request.expectsResponse);
  if (context !== null) built.context(context);
  built.send();
}

/** Sends several, in order; stops at the first that throws. */
export function sendRequests(
  requests: [string | Address, RequestInit, (Uint8Array | null)?, (BlobInit | null)?][],
): void {
  for (const [target, request, context, blob] of requests) {
    sendRequest(target, request, context, blob);
  }
}

/** Sends and waits; `request.expectsResponse` says how long. Rejects with a `SendError`. */
export async function sendAndAwaitResponse(
  target: string | Address,
  request: RequestInit,
  blob: BlobInit | null = null,
): Promise<[Address, Message]> {
  if (request.expectsResponse == null) {
    throw new TypeError("Cannot await a response that is not expected: set expectsResponse");
  }
  const message = await build(target, request, blob).sendAndAwaitResponse(request.expectsResponse);
  return [message.source, message];
}

/** Answers the request received last. Answering one that expects nothing does nothing. */
export function sendResponse(response: ResponseInit, blob: BlobInit | null = null): void {
  fill(new Response(), response, blob).send();
}

function build(target: string | Address, request: RequestInit, blob: BlobInit | null): Request {
  return fill(Request.to(target), request, blob);
}

function fill<B extends Builder>(builder: B, init: ResponseInit, blob: BlobInit | null): B {
  const { body, inherit = false, metadata, capabilities = [] } = init;
  builder.body(body).inherit(inherit).capabilities(capabilities);
  if (metadata != null) builder.metadata(metadata);
  if (blob !== null) builder.blob(blob);
  return builder;
}
