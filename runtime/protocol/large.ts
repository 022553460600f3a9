/**
 * What is large crosses to a process in pieces ahead of its frame, each in a turn of its own: to clone 60 MB in one go
 * holds the kernel's thread up for 30 ms, and for 200 ms on a machine where fresh memory is dear (Deno 2.9.6).
 *
 *   ["Piece", 11, bytes, 62914560] … ["Piece", 11, bytes, 62914560]  ["Request", …, "" in slot 11]
 */
import { weigh } from "./frame_size.ts";
import { type Body, isReceiversOnly, type KernelMessage } from "./message.ts";
import type { ToProcess } from "./port.ts";

/** From here on a body, a blob, a state or a bundle counts as large: bytes, or UTF-16 units of text. */
export const LARGE_BYTES = 2 * 1024 * 1024;

/** One to two milliseconds of copying. */
const PIECE_BYTES = 512 * 1024;

/** The next part of what belongs into a slot of the frame behind it, and the length of the whole. */
export type PieceFrame = ["Piece", number, Body, number];

type WholeFrame = Exclude<ToProcess, PieceFrame>;

/** Where a frame may hold something large, by its first word. */
const SLOTS: Record<string, readonly number[]> = {
  Request: [7, 11],
  Response: [7, 11],
  SendError: [7, 11],
  Return: [3],
  Boot: [2],
};
const NONE: readonly number[] = [];

// Taken before a script can replace them.
const Bytes = Uint8Array;
const { set } = Uint8Array.prototype;
const { transfer, transferToFixedLength } = ArrayBuffer.prototype;
const { apply } = Reflect;

/** What `ownBytes` took. All else may be kept by whoever made it, such as the last requests of an on-exit. */
const taken = new WeakSet<Uint8Array>();

/** Whether it goes in pieces. */
export function isLarge(frame: ToProcess): boolean {
  for (const slot of SLOTS[frame[0]] ?? NONE) if (isLargeBody(frame[slot])) return true;
  return false;
}

export function isLargeBody(value: unknown): value is Body {
  return (typeof value === "string" || value instanceof Bytes) && weigh(value) >= LARGE_BYTES;
}

/**
 * Bytes that came out of a process's port, as memory that nothing else has; `null` for anything else. Shared memory
 * would let the sender change them after they were checked; a small view would carry its whole buffer along. What is
 * large is given on and given back (`release`), so it is taken out of the buffer it came in: a second frame with the same
 * buffer, which only a script that got to its port can post, has nothing.
 */
export function ownBytes(value: unknown): Uint8Array<ArrayBuffer> | null {
  if (!(value instanceof Bytes) || !(value.buffer instanceof ArrayBuffer)) return null;
  const { buffer, byteLength } = value as Uint8Array<ArrayBuffer>;
  if (buffer.detached) return null;
  if (byteLength < buffer.byteLength) return value.slice() as Uint8Array<ArrayBuffer>;
  if (byteLength < LARGE_BYTES) return value as Uint8Array<ArrayBuffer>;
  const own = new Bytes(apply(transferToFixedLength, buffer, []) as ArrayBuffer);
  taken.add(own);
  return own;
}

/**
 * Gives the memory of bytes back at once, if they are large, of which nobody has another view. As garbage they would
 * count as what an isolate holds, and make V8 collect it: 15 ms of the kernel's thread for each 60 MB.
 */
export function free(bytes: Uint8Array): void {
  if (isLargeBody(bytes)) apply(transfer, bytes.buffer, [0]);
}

/**
 * Gives back what is large in a message that nobody gets, or that is finished: if only its receiver may have it, and not
 * what was made here.
 */
export function release(message: KernelMessage): void {
  if (!isReceiversOnly(message)) return;
  for (const bytes of largeBytes(message)) if (taken.has(bytes)) free(bytes);
}

/** What a message has of large bytes. */
export function largeBytes({ body, lazy_load_blob: blob }: KernelMessage): Uint8Array[] {
  const isLargeBytes = (value: unknown) => value instanceof Bytes && isLargeBody(value);
  return [body, blob?.bytes].filter(isLargeBytes) as Uint8Array[];
}

/** Bytes of a process's frame that were handed over to the kernel (process/large.ts), and not copied. */
export function handedOver(frame: readonly unknown[]): number {
  if (frame[0] === "Call") {
    const state = (frame[2] as { SetState?: unknown } | null)?.SetState;
    return isLargeBody(state) ? weigh(state) : 0;
  }
  const isMessage = frame[0] === "Request" || frame[0] === "Response";
  let bytes = 0;
  for (const slot of isMessage ? SLOTS.Request! : NONE) {
    if (isLargeBody(frame[slot])) bytes += weigh(frame[slot]);
  }
  return bytes;
}

/**
 * The pieces of a frame, and last the frame without them. A piece of bytes has memory of its own, to be handed over: what
 * only this frame has, the answer to a call, is one piece and not copied.
 */
export function* cut(frame: ToProcess): Generator<ToProcess> {
  const rest: unknown[] = [...frame];
  const isOwn = frame[0] === "Return";
  for (const slot of SLOTS[frame[0]]!) {
    const whole: unknown = frame[slot];
    if (!isLargeBody(whole)) continue;
    if (isOwn && typeof whole !== "string") {
      yield ["Piece", slot, whole, whole.length];
    } else {
      for (let at = 0; at < whole.length; at += PIECE_BYTES) {
        yield ["Piece", slot, whole.slice(at, at + PIECE_BYTES), whole.length];
      }
    }
    rest[slot] = "";
  }
  yield rest as unknown as ToProcess;
}

/** Puts together what `cut` took apart. */
export class Pieces {
  /** By slot. */
  #wholes: (Body | undefined)[] = [];
  #filled = 0;
  #any = false;
  /** Bytes in all so far. */
  taken = 0;

  add([, slot, piece, length]: PieceFrame): void {
    const whole = this.#wholes[slot];
    this.#any = true;
    this.taken += piece.length;
    if (typeof piece === "string") {
      this.#wholes[slot] = `${whole ?? ""}${piece}`;
      return;
    }
    if (piece.length === length) {
      this.#wholes[slot] = piece;
      return;
    }
    if (whole === undefined) this.#filled = 0;
    const bytes = this.#wholes[slot] = (whole as Uint8Array | undefined) ?? new Bytes(length);
    apply(set, bytes, [piece, this.#filled]);
    this.#filled += piece.length;
    // As garbage, that of a few messages would count as what the process holds.
    apply(transfer, piece.buffer, [0]);
  }

  /** The frame behind its pieces gets them back. */
  fill(frame: WholeFrame): WholeFrame {
    if (!this.#any) return frame;
    const wholes = this.#wholes;
    this.#wholes = [];
    this.#any = false;
    return (frame as unknown[]).map((value, slot) => wholes[slot] ?? value) as WholeFrame;
  }
}
