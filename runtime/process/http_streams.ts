/**
 * Bodies piece by piece, as http_server passes them (its streams.ts): a request's body is pulled, and a piece of
 * an answer is sent when the client has taken the one before.
 */
import { HTTP_STREAM_SECONDS } from "../limits.ts";
import type { HttpServerAction } from "../protocol/http_server.ts";
import { ask } from "./ask.ts";
import { type Message, SendError } from "./message.ts";
import { give, piecesOf } from "./pieces.ts";
import { Request } from "./request.ts";

/** The body of request `id`: each read asks http_server for one piece. It errors when the client breaks off. */
export function pulledBody(id: bigint): ReadableStream<Uint8Array> {
  const action = { HttpBodyRead: { request: id } };
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      let piece = (await tell(action)).blob;
      // Deno 2.9 gives a POST without a body one empty piece, and no stream of bytes takes one.
      while (piece?.bytes.length === 0) piece = (await tell(action)).blob;
      give(controller, piece?.bytes ?? null);
    },
  });
}

/**
 * The rest of an answer whose head is sent.
 *
 *   stream ─read─► piece ─► http_server ─► client      the next is read when the client has taken this one
 */
export class AnswerBody {
  readonly #request: bigint;
  readonly #reader: ReadableStreamDefaultReader<unknown>;
  #gone = false;

  /** Throws a TypeError if the stream is read by somebody else. */
  constructor(id: bigint, stream: ReadableStream<unknown>) {
    this.#request = id;
    this.#reader = stream.getReader();
  }

  /**
   * Resolves when the client has taken all of it, or has gone, which cancels the stream. Rejects with what the
   * stream failed with: the client sees a connection that ends too early.
   */
  async send(): Promise<void> {
    const request = this.#request;
    try {
      while (true) {
        const { done, value } = await this.#reader.read();
        if (this.#gone) return;
        if (done) break;
        await this.#sendPiece(value);
      }
      await tell({ HttpResponseEnd: { request, error: null } });
    } catch (error) {
      if (this.#gone) return;
      if (error instanceof ClientGone) return this.cancel(error);
      const said = error instanceof Error ? error.message : String(error);
      // It may have gone meanwhile, and then this is of no interest.
      await tell({ HttpResponseEnd: { request, error: said } }).catch(() => {});
      await this.#reader.cancel(error).catch(() => {});
      throw error;
    }
  }

  /** The client has gone: the stream hears so at once. */
  cancel(reason: unknown): void {
    if (this.#gone) return;
    this.#gone = true;
    // What a stream throws while it is cancelled is for nobody: nothing waits for it any more.
    this.#reader.cancel(reason).catch(() => {});
  }

  async #sendPiece(piece: unknown): Promise<void> {
    const request = this.#request;
    for (const part of piecesOf(piece)) {
      if (this.#gone) return;
      await tell({ HttpResponseChunk: { request } }, part);
    }
  }
}

/** Nobody reads or writes the body any more. */
class ClientGone extends DOMException {
  constructor() {
    super("The client has gone", "AbortError");
  }
}

/** What the process is told as reason when its client goes: an AbortError, as of any other aborted request. */
export function clientGone(): DOMException {
  return new ClientGone();
}

/** Whether that is why: a handler that gave up because of it did nothing wrong. */
export function isClientGone(error: unknown): boolean {
  return error instanceof ClientGone;
}

function idAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}` : value;
}

async function tell(action: HttpServerAction, bytes?: Uint8Array): Promise<Message> {
  // By the newer name, whose errors are words: the older has none for these.
  const request = Request.to("our@http-server:distro:sys").body(JSON.stringify(action, idAsText));
  const answer = await ask(bytes ? request.blob({ bytes }) : request, HTTP_STREAM_SECONDS);
  if (answer instanceof SendError) throw answer;
  const { Err } = answer.json<{ Err?: string }>();
  if (Err === undefined) return answer;
  if (Err === "HttpStreamNotFound" || Err === "HttpBodyFailed") throw clientGone();
  throw new Error(`http_server refuses a piece of a body: ${Err}`);
}
