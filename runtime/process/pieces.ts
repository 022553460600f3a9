/** Bodies that a script streams, whichever way they go: cut into pieces that may be sent, and put together again. */
import { HTTP_CHUNK_BYTES_MAX } from "../limits.ts";

const encoder = new TextEncoder();

/** What a script's stream gave, as bytes in pieces that may be sent. Throws a TypeError for what is no part of a body. */
export function* piecesOf(given: unknown): Generator<Uint8Array> {
  const bytes = typeof given === "string" ? encoder.encode(given) : given;
  if (!(bytes instanceof Uint8Array)) {
    throw new TypeError(`a streamed body is made of Uint8Array or text, not of ${typeof given}`);
  }
  for (let at = 0; at < bytes.length; at += HTTP_CHUNK_BYTES_MAX) {
    yield bytes.slice(at, at + HTTP_CHUNK_BYTES_MAX);
  }
}

/** Hands the next piece to a stream of bytes; `null`: that was all. */
export function give(controller: ReadableByteStreamController, piece: Uint8Array | null): void {
  if (piece !== null) return controller.enqueue(piece as Uint8Array<ArrayBuffer>);
  controller.close();
  controller.byobRequest?.respond(0);
}
