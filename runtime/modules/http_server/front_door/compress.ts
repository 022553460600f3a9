/**
 * Compression by gzip, of answers that are whole and of what goes out piece by piece. CompressionStream cannot flush: it
 * would hold a piece back until many have come.
 */
import { constants, createGzip } from "node:zlib";

/** A smaller one fits into one packet as it is. */
const WORTH_BYTES = 1_024;
const COMPRESSIBLE =
  /^(?:text\/(?!event-stream)|application\/(?:.+\+)?(?:json|xml|javascript|wasm)\b|image\/svg\+xml|font\/(?:ttf|otf))/i;

/** Whether a client that says `accepted` (Accept-Encoding) wants gzip. */
export function acceptsGzip(accepted: string | null): boolean {
  for (const part of (accepted ?? "").toLowerCase().split(",")) {
    const [coding = "", ...parameters] = part.split(";").map((word) => word.trim());
    const refused = parameters.some((word) => /^q=0(?:\.0*)?$/.test(word));
    if (coding === "gzip" || coding === "*") return !refused;
  }
  return false;
}

/** Whether that changes anything: then caches must know that it does (`Vary`). */
export function isCompressible({ status, headers }: Response): boolean {
  return status === 200 && !headers.has("content-encoding") && !headers.has("content-range") &&
    COMPRESSIBLE.test(headers.get("content-type") ?? "") &&
    !/no-transform/i.test(headers.get("cache-control") ?? "");
}

export function isWorthIt(bytes: Uint8Array): boolean {
  return bytes.length >= WORTH_BYTES;
}

export async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Response(bytes as BodyInit).body!.pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A window of 8 kB: 64 kB of memory for each answer under way, where zlib would take 256. */
const STREAM = { flush: constants.Z_SYNC_FLUSH, windowBits: 13, memLevel: 6 };

/** The pieces, compressed: each is whole in what comes for it. */
export async function* gzipped(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  const stream = createGzip(STREAM);
  const out: Uint8Array[] = [];
  stream.on("data", (bytes: Uint8Array) => void out.push(bytes));
  const ended = new Promise<void>((resolve, reject) =>
    void stream.once("end", resolve).once("error", reject)
  );
  ended.catch(() => {});
  try {
    for await (const piece of pieces) {
      await new Promise<void>((resolve) => stream.write(piece, () => resolve()));
      yield* out.splice(0);
    }
    stream.end();
    await ended;
    yield* out.splice(0);
  } finally {
    stream.destroy();
  }
}
