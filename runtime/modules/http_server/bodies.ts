/**
 * Request bodies that a process gets whole: counted while they arrive, for all requests together. What a client announces
 * counts for nothing: sixteen who announce much and send little would take the room of all. When they are too many the
 * one that has been arriving for longest gives way, if that is long; else the newest does.
 */
import {
  HTTP_ARRIVING_BYTES_MAX,
  HTTP_ARRIVING_SECONDS,
  HTTP_WHOLE_BODY_BYTES_MAX,
} from "../../limits.ts";
import { Gathering } from "./gathering.ts";
import { overloaded, textResponse } from "./outgoing.ts";

/** As much of a request as its body needs. */
export interface BodyRequest extends Pick<Request, "body" | "bytes"> {
  /** Of the front door: hears how many bytes of the body are held, until none are. It may end a connection by it. */
  holds?(bytes: number): unknown;
}

/** One body on its way. */
interface Arriving {
  bytes: number;
  sinceMs: number;
  /** Ends it, with this answer. */
  giveWay(answer: Response): void;
}

export class ArrivingBodies {
  readonly #bytesMax: number;
  readonly #sumMax: number;
  readonly #now: () => number;
  /** In the order in which they began. */
  readonly #arriving = new Set<Arriving>();
  #sum = 0;

  /** `bytesMax`: of one body. */
  constructor(
    bytesMax: number,
    { sumMax = HTTP_ARRIVING_BYTES_MAX, now = () => performance.now() } = {},
  ) {
    this.#bytesMax = bytesMax;
    this.#sumMax = sumMax;
    this.#now = now;
  }

  /** The answer to a body that announces too much; null: it may come. */
  refuse(contentLength: string | null): Response | null {
    return Number(contentLength ?? 0) > this.#bytesMax ? this.#tooLarge() : null;
  }

  /** The whole body, or the answer to give instead. */
  async read(request: BodyRequest, contentLength: string | null): Promise<Uint8Array | Response> {
    const announced = contentLength === null ? null : Number(contentLength);
    const { promise: gaveWay, resolve } = Promise.withResolvers<Response>();
    const arriving: Arriving = { bytes: 0, sinceMs: this.#now(), giveWay: resolve };
    this.#arriving.add(arriving);
    try {
      return await Promise.race([gaveWay, this.#take(request, announced, arriving)]);
    } catch {
      return textResponse(400, "the request body ended early"); // Its client is gone, mostly.
    } finally {
      this.#forget(arriving);
    }
  }

  async #take(
    request: BodyRequest,
    announced: number | null,
    arriving: Arriving,
  ): Promise<Uint8Array | Response> {
    // 30 µs less than the stream; it is counted as if it were there. Deno holds the client to the length that it announced.
    if (announced !== null && announced <= HTTP_WHOLE_BODY_BYTES_MAX) {
      this.#add(arriving, announced);
      return await this.#isOver(arriving) ? tooMany() : await request.bytes();
    }
    const gathering = new Gathering(announced);
    const reader = request.body?.getReader();
    if (reader === undefined) return gathering.whole();
    // What is not read then is nobody's; a read under way ends by it.
    const cancel = () => void reader.cancel().catch(() => {});
    const { giveWay } = arriving;
    arriving.giveWay = (answer) => {
      giveWay(answer);
      cancel();
    };
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        if (arriving.bytes + next.value.length > this.#bytesMax) return this.#tooLarge();
        gathering.add(next.value);
        this.#add(arriving, next.value.length);
        request.holds?.(arriving.bytes);
        if (await this.#isOver(arriving)) return tooMany();
      }
      return gathering.whole();
    } finally {
      cancel();
      request.holds?.(0);
    }
  }

  #tooLarge(): Response {
    return textResponse(413, `the request body is larger than ${this.#bytesMax} bytes`);
  }

  #add(arriving: Arriving, bytes: number): void {
    if (!this.#arriving.has(arriving)) return; // It gave way a moment ago.
    arriving.bytes += bytes;
    this.#sum += bytes;
  }

  /** Whether this one has to go. Who was cut off a moment ago (`holds`) makes room within this turn of the event loop. */
  async #isOver(arriving: Arriving): Promise<boolean> {
    if (this.#sum > this.#sumMax) await new Promise((resolve) => setTimeout(resolve));
    const oldMs = this.#now() - HTTP_ARRIVING_SECONDS * 1000;
    for (const oldest of this.#arriving) {
      if (this.#sum <= this.#sumMax || oldest.sinceMs > oldMs) break;
      this.#forget(oldest);
      oldest.giveWay(tooMany());
    }
    return !this.#arriving.has(arriving) || this.#sum > this.#sumMax;
  }

  #forget(arriving: Arriving): void {
    if (this.#arriving.delete(arriving)) this.#sum -= arriving.bytes;
  }
}

function tooMany(): Response {
  return overloaded("request bodies arrive");
}
