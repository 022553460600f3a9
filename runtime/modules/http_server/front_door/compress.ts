/**
 * Compression by gzip, of answers that are whole and of what goes out piece by piece. CompressionStream cannot flush: it
 * would hold a piece back until many have come.
 */
import { constants, createGzip } from "node:zlib";

/** A smaller one fits into one packet as it is. */
const WORTH_BYTES = 1_024;
/** In one go: 25 ms of the thread that serves all. Pieces give others their turn. */
const WHOLE_BYTES_MAX = 1024 * 1024;
const PIECE_BYTES = 64 * 1024;
/** Types that are packed: as Deno has it. */
export const COMPRESSIBLE =
  /^(?:text\/(?!event-stream)|application\/(?:.+\+)?(?:json|xml|javascript|wasm)\b|image\/svg\+xml|font\/(?:ttf|otf))/i;

/** Whether a client that says `accepted` (Accept-Encoding) wants gzip: `*` is said of what is not named. */
export function acceptsGzip(accepted: string | null): boolean {
  let others = false;
  for (const part of (accepted ?? "").toLowerCase().split(",")) {
    const [coding = "", ...parameters] = part.split(";").map((word) => word.trim());
    const refused = parameters.some((word) => /^q=0(?:\.0*)?$/.test(word));
    if (coding === "gzip") return !refused;
    if (coding === "*") others = !refused;
  }
  return others;
}

/**
 * Makes the head say that the body goes out compressed, and whether it does. Where the client alone is why not, caches
 * must know that it depends on it (`Vary`).
 */
export function compresses({ status, headers }: Response, gzip: boolean): boolean {
  if (status !== 200 || headers.has("content-encoding") || headers.has("content-range")) {
    return false;
  }
  if (!COMPRESSIBLE.test(headers.get("content-type") ?? "")) return false;
  if (/no-transform/i.test(headers.get("cache-control") ?? "")) return false;
  headers.append("vary", "Accept-Encoding");
  if (!gzip) return false;
  headers.set("content-encoding", "gzip");
  headers.delete("content-length");
  // A strong tag is of these bytes and no others.
  const tag = headers.get("etag");
  if (tag?.startsWith('"')) headers.set("etag", `W/${tag}`);
  return true;
}

export function isWorthIt(length: number): boolean {
  return length >= WORTH_BYTES;
}

/** Too large to be compressed as a whole. */
export function isLarge(length: number): boolean {
  return length > WHOLE_BYTES_MAX;
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
      for (let at = 0; at < piece.length; at += PIECE_BYTES) {
        const part = piece.subarray(at, at + PIECE_BYTES);
        await new Promise<void>((resolve) => stream.write(part, () => resolve()));
        yield* out.splice(0);
      }
    }
    stream.end();
    await ended;
    yield* out.splice(0);
  } finally {
    stream.destroy();
  }
}
