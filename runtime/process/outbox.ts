/**
 * The way out: frames gather during one turn of the event loop and cross in one post.
 *
 *   send(frame) … send(frame)  ──turn ends──►  port.postMessage([done, frame, frame])
 */
import type { FromProcess } from "../protocol/port.ts";

export class Outbox {
  #post: (data: unknown) => void;
  #soon: (run: () => void) => void;
  #frames: FromProcess[] = [];
  #done: number[] = [];
  #scheduled = false;
  readonly #framesMax: number;

  /** `soon` runs its argument when the current turn of the event loop has ended. */
  constructor(post: (data: unknown) => void, soon: (run: () => void) => void, framesMax: number) {
    this.#post = post;
    this.#soon = soon;
    this.#framesMax = framesMax;
  }

  send(frame: FromProcess): void {
    this.#frames.push(frame);
    if (this.#frames.length >= this.#framesMax) this.flush();
    else this.#schedule();
  }

  /** Tells the kernel that the message of this number is finished, and its place in the queue free. */
  done(number: number): void {
    this.#done.push(number);
    this.#schedule();
  }

  flush(): void {
    this.#scheduled = false;
    if (this.#done.length === 0 && this.#frames.length === 0) return;
    const post = [this.#done, ...this.#frames];
    this.#done = [];
    this.#frames = [];
    this.#post(post);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#soon(() => this.#scheduled && this.flush());
  }
}
