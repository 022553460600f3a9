/** Fewer are not worth a move of the rest. */
const MOVED_MIN = 1_024;

/** Frames that came out of a port and wait to be handled, oldest first. What is taken is not held: it may be large. */
export class FrameQueue {
  #frames: unknown[] = [];
  #head = 0;

  get size(): number {
    return this.#frames.length - this.#head;
  }

  add(frames: readonly unknown[]): void {
    for (const frame of frames) this.#frames.push(frame);
  }

  /** The oldest; `undefined` if there is none. */
  take(): unknown {
    const frame = this.#frames[this.#head];
    this.#frames[this.#head++] = undefined;
    if (this.size === 0) this.clear();
    // For a queue that never runs dry: each frame is moved once on average.
    else if (this.#head >= MOVED_MIN && this.#head >= this.size) {
      this.#frames.splice(0, this.#head);
      this.#head = 0;
    }
    return frame;
  }

  clear(): void {
    this.#frames = [];
    this.#head = 0;
  }
}
