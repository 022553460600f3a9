/** Request bodies that a process gets whole: counted while they arrive, for all requests together. */
import { HTTP_ARRIVING_BYTES_MAX } from "../../limits.ts";
import { concat } from "../../protocol/body_reader.ts";
import { overloaded, textResponse } from "./outgoing.ts";

export class ArrivingBodies {
  readonly #bytesMax: number;
  #bytes = 0;

  /** `bytesMax`: of one body. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The answer to a body that announces too much; null: it may come. */
  refuse(contentLength: string | null): Response | null {
    return Number(contentLength ?? 0) > this.#bytesMax ? this.#tooLarge() : null;
  }

  /** The whole body, or the answer to give instead. */
  async read(
    request: Pick<Request, "body" | "bytes">,
    contentLength: string | null,
  ): Promise<Uint8Array | Response> {
    const announced = Number(contentLength ?? 0);
    const arriving = { bytes: 0 };
    try {
      if (!this.#mayArrive(arriving, announced)) return overloaded("request bodies arrive");
      // 30 µs less than the stream. Deno holds the client to the length that it announced.
      if (announced > 0) return await request.bytes();
      const chunks: Uint8Array[] = [];
      // Leaving this loop cancels the stream.
      for await (const chunk of request.body ?? []) {
        if (!this.#mayArrive(arriving, chunk.length)) return overloaded("request bodies arrive");
        if (arriving.bytes > this.#bytesMax) return this.#tooLarge();
        chunks.push(chunk);
      }
      return concat(chunks, arriving.bytes);
    } catch {
      return textResponse(400, "the request body ended early"); // Its client is gone, mostly.
    } finally {
      this.#bytes -= arriving.bytes;
    }
  }

  #tooLarge(): Response {
    return textResponse(413, `the request body is larger than ${this.#bytesMax} bytes`);
  }

  #mayArrive(arriving: { bytes: number }, bytes: number): boolean {
    arriving.bytes += bytes;
    this.#bytes += bytes;
    return this.#bytes <= HTTP_ARRIVING_BYTES_MAX;
  }
}
