/**
 * Compression of answers that are whole, by gzip. What goes out piece by piece is sent as it is: CompressionStream
 * cannot flush, and would hold an event back until many have come.
 */

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
