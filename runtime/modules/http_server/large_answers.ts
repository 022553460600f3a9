/**
 * Answers that are large, while the clients of Deno's own server take them: in pieces, so that no turn copies a whole
 * one, and counted, since what clients do not take is memory that no process holds.
 */
import { HTTP_UNTAKEN_BYTES_PER_PACKAGE_MAX } from "../../limits.ts";
import { type Address, packageOf, processOf } from "../../protocol/address.ts";
import { acceptsGzip, COMPRESSIBLE } from "./front_door/compress.ts";

/** From here on an answer counts as large. */
export const LARGE_ANSWER_BYTES = 1024 * 1024;
const PIECE_BYTES = 256 * 1024;

export class LargeAnswers {
  readonly #untaken = new Map<string, number>();

  /** The body of an answer of `app`; `null`: its clients have not taken what it answered before. */
  open(app: Address, bytes: Uint8Array): ReadableStream<Uint8Array> | null {
    const owner = packageOf(processOf(app));
    if ((this.#untaken.get(owner) ?? 0) + bytes.length > HTTP_UNTAKEN_BYTES_PER_PACKAGE_MAX) {
      return null;
    }
    this.#count(owner, bytes.length);
    let at = 0;
    return new ReadableStream<Uint8Array>({
      pull: (out) => {
        const piece = bytes.subarray(at, at + PIECE_BYTES);
        at += piece.length;
        this.#count(owner, -piece.length);
        out.enqueue(piece);
        if (at === bytes.length) out.close();
      },
      cancel: () => {
        this.#count(owner, at - bytes.length);
        at = bytes.length;
      },
    }, { highWaterMark: 0 });
  }

  #count(owner: string, more: number): void {
    const bytes = (this.#untaken.get(owner) ?? 0) + more;
    if (bytes === 0) this.#untaken.delete(owner);
    else this.#untaken.set(owner, bytes);
  }
}

/** Whether Deno may pack it, so that its length is not the one that is sent. */
export function mayBePacked(request: Headers, headers: [string, string][]): boolean {
  const { "content-type": type = "", "content-encoding": encoding } = Object.fromEntries(
    headers.map(([name, value]) => [name.toLowerCase(), value]),
  );
  const accepted = request.get("accept-encoding");
  return encoding === undefined && COMPRESSIBLE.test(type) &&
    (acceptsGzip(accepted) || /\bbr\b/.test(accepted ?? ""));
}
