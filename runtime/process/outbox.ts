/**
 * The way out: frames gather during one turn of the event loop and cross in one post. Only so much may be under way
 * to the kernel; the rest waits here, in the process's own memory, until the kernel has routed what went before.
 *
 *   send(frame) … send(frame)  ──turn ends──►  port.postMessage([done, frame, frame])
 *                                              … ["Wait", posts]] when half of the credit is used
 *   credit(posts)              ◄── ["Credit", posts]
 *
 * No built-in method that a script may have replaced is handed a frame.
 */
import {
  BATCH_BYTES_MAX,
  BATCH_MESSAGES_MAX,
  BYTES_UNDER_WAY_MAX,
  FRAMES_UNDER_WAY_MAX,
  OUTBOX_BYTES_MAX,
  OUTBOX_FRAMES_MAX,
  POSTS_UNDER_WAY_MAX,
} from "../limits.ts";
import { sizeOfFrame } from "../protocol/frame_size.ts";
import type { FromProcess } from "../protocol/port.ts";
import { copyLarge } from "./large.ts";
import { plainFrame } from "./plain.ts";

/** What one post holds, until the kernel says that it is routed. */
interface UnderWay {
  frames: number;
  bytes: number;
  next: UnderWay | null;
}

type Post = (data: unknown, transfer?: ArrayBuffer[]) => void;

export class Outbox {
  readonly #post: Post;
  readonly #soon: (run: () => void) => void;
  /** Waiting frames, from `#head` on. */
  #frames: FromProcess[] = [];
  #head = 0;
  #bytes = 0;
  #done: number[] = [];
  #scheduled = false;
  #posts = 0;
  #credited = 0;
  #framesUnderWay = 0;
  #bytesUnderWay = 0;
  #oldest: UnderWay | null = null;
  #newest: UnderWay | null = null;
  #asked = 0;
  /** Bytes handed over so far. */
  given = 0;

  /** `soon` runs its argument when the current turn of the event loop has ended. */
  constructor(post: Post, soon: (run: () => void) => void) {
    this.#post = post;
    this.#soon = soon;
  }

  /** Whether more waits than a process may have waiting. */
  get full(): boolean {
    return this.#waiting >= OUTBOX_FRAMES_MAX || this.#bytes >= OUTBOX_BYTES_MAX;
  }

  /** As `send`; throws a RangeError when `full`. For whatever a script may do in a loop. */
  offer(frame: FromProcess): void {
    if (this.full) {
      const mbMax = OUTBOX_BYTES_MAX >> 20;
      throw new RangeError(
        `Cannot send: ${this.#waiting} messages wait already, with ${this.#bytes >> 20} MB ` +
          `(at most ${OUTBOX_FRAMES_MAX}, with ${mbMax}); let others run (await) between sends`,
      );
    }
    this.send(frame);
  }

  /** What leaves is plain, so that what is counted is what crosses; throws as `plainFrame` does. */
  send(frame: FromProcess): void {
    this.#frames[this.#frames.length] = plainFrame(frame);
    this.#bytes += sizeOfFrame(frame);
    if (this.#waiting >= BATCH_MESSAGES_MAX) this.flush();
    else this.#schedule();
  }

  /** Tells the kernel that the message of this number is finished, and its place in the queue free. */
  done(number: number): void {
    this.#done[this.#done.length] = number;
    this.#schedule();
  }

  /** Posts what there is credit for. */
  flush(): void {
    this.#scheduled = false;
    while ((this.#done.length > 0 || this.#waiting > 0) && this.#hasCredit()) this.#postOne();
  }

  /** The kernel has routed the first so many posts. */
  credit(posts: number): void {
    for (; this.#credited < posts && this.#oldest !== null; this.#credited++) {
      this.#framesUnderWay -= this.#oldest.frames;
      this.#bytesUnderWay -= this.#oldest.bytes;
      this.#oldest = this.#oldest.next;
    }
    if (this.#oldest === null) this.#newest = null;
    this.flush();
  }

  get #waiting(): number {
    return this.#frames.length - this.#head;
  }

  /** One post is always allowed, however large it is. */
  #hasCredit(part = 1): boolean {
    const posts = this.#posts - this.#credited;
    return posts === 0 ||
      posts < POSTS_UNDER_WAY_MAX * part && this.#framesUnderWay < FRAMES_UNDER_WAY_MAX * part &&
        this.#bytesUnderWay < BYTES_UNDER_WAY_MAX * part;
  }

  #postOne(): void {
    const post: unknown[] = [this.#done];
    const transfer: ArrayBuffer[] = [];
    let bytes = 0;
    while (this.#waiting > 0 && post.length <= BATCH_MESSAGES_MAX && bytes < BATCH_BYTES_MAX) {
      const frame = this.#frames[this.#head++]!;
      bytes += sizeOfFrame(frame);
      post[post.length] = copyLarge(frame, transfer);
    }
    this.#bytes -= bytes;
    if (this.#waiting === 0) {
      this.#frames = [];
      this.#head = 0;
    }
    this.#done = [];
    this.#note({ frames: post.length - 1, bytes, next: null });
    const asks = !this.#hasCredit(0.5) && this.#asked <= this.#credited;
    if (asks || !this.#hasCredit()) {
      this.#asked = this.#posts;
      post[post.length] = ["Wait", this.#posts];
    }
    for (let at = 0; at < transfer.length; at++) this.given += transfer[at]!.byteLength;
    if (transfer.length === 0) this.#post(post);
    else this.#post(post, transfer);
  }

  #note(post: UnderWay): void {
    if (this.#newest === null) this.#oldest = post;
    else this.#newest.next = post;
    this.#newest = post;
    this.#posts++;
    this.#framesUnderWay += post.frames;
    this.#bytesUnderWay += post.bytes;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#soon(() => this.#scheduled && this.flush());
  }
}
