/**
 * Request bodies that a process gets whole: counted as they arrive, for all requests together. What a client announces
 * counts for nothing: sixteen who announce much and send little would take the room of all.
 */
import { HTTP_ARRIVING_BYTES_MAX, HTTP_WHOLE_BODY_BYTES_MAX } from "../../limits.ts";
import { overloaded, textResponse } from "./outgoing.ts";

/** As much of a request as its body needs. */
export interface BodyRequest extends Pick<Request, "body" | "bytes"> {
  /** Of the front door: hears how many bytes of the body are held, until none are. It may end the connection. */
  holds?(bytes: number): unknown;
}

const WAITING = "request bodies arrive";

export class ArrivingBodies {
  readonly #bytesMax: number;
  readonly #sumMax: number;
  #sum = 0;

  /** `bytesMax`: of one body. */
  constructor(bytesMax: number, sumMax = HTTP_ARRIVING_BYTES_MAX) {
    this.#bytesMax = bytesMax;
    this.#sumMax = sumMax;
  }

  /** The answer to a body that announces too much; null: it may come. */
  refuse(contentLength: string | null): Response | null {
    return Number(contentLength ?? 0) > this.#bytesMax ? this.#tooLarge() : null;
  }

  /** The whole body, or the answer to give instead. */
  async read(request: BodyRequest, contentLength: string | null): Promise<Uint8Array | Response> {
    const announced = Number(contentLength ?? 0);
    const isSmall = announced > 0 && announced <= HTTP_WHOLE_BODY_BYTES_MAX;
    try {
      return isSmall ? await this.#readSmall(request, announced) : await this.#read(request);
    } catch {
      return textResponse(400, "the request body ended early"); // Its client is gone, mostly.
    }
  }

  /** Counted as a whole. 30 µs less than the stream; Deno holds the client to the length that it announced. */
  async #readSmall(request: BodyRequest, bytes: number): Promise<Uint8Array | Response> {
    this.#sum += bytes;
    try {
      return await this.#isFull() ? overloaded(WAITING) : await request.bytes();
    } finally {
      this.#sum -= bytes;
    }
  }

  /** In one growing array: a client that sends single bytes must not cost an array for each. */
  async #read(request: BodyRequest): Promise<Uint8Array | Response> {
    let whole = new Uint8Array(HTTP_WHOLE_BODY_BYTES_MAX);
    let size = 0;
    try {
      // Leaving this loop cancels the stream.
      for await (const chunk of request.body ?? []) {
        const end = size + chunk.length;
        if (end > this.#bytesMax) return this.#tooLarge();
        if (end > whole.length) whole = grown(whole, Math.max(end, 2 * whole.length));
        whole.set(chunk, size);
        size = end;
        this.#sum += chunk.length;
        request.holds?.(size);
        if (await this.#isFull()) return overloaded(WAITING);
      }
      return whole.length === size ? whole : whole.slice(0, size);
    } finally {
      this.#sum -= size;
      request.holds?.(0);
    }
  }

  /** Who was cut off a moment ago (`holds`) makes room within this turn of the event loop. */
  async #isFull(): Promise<boolean> {
    if (this.#sum > this.#sumMax) await new Promise((resolve) => setTimeout(resolve));
    return this.#sum > this.#sumMax;
  }

  #tooLarge(): Response {
    return textResponse(413, `the request body is larger than ${this.#bytesMax} bytes`);
  }
}

function grown(bytes: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(size);
  larger.set(bytes);
  return larger;
}
