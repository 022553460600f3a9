/** A request's body as its process sends it: the next piece is wanted when the connection has taken the one before. */
export class Upload {
  readonly stream: ReadableStream<Uint8Array>;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #wanted = false;
  #waiting: { bytes: Uint8Array; settle(taken: boolean): void } | null = null;
  #over = false;

  constructor() {
    this.stream = new ReadableStream({
      start: (controller) => void (this.#controller = controller),
      pull: () => {
        this.#wanted = true;
        this.#give();
      },
      cancel: () => this.stop(),
    }, { highWaterMark: 0 });
  }

  /** True once it is taken, false if nobody wants it (any more). One at a time: `null` for a second. */
  put(bytes: Uint8Array): Promise<boolean> | null {
    if (this.#over) return Promise.resolve(false);
    if (this.#waiting !== null) return null;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiting = { bytes, settle: resolve };
    this.#give();
    return promise;
  }

  /** That was all; `error`: the server must see that something is missing. False if nobody waited for it. */
  end(error: string | null): boolean {
    if (this.#over) return false;
    if (error === null) this.#controller.close();
    else this.#controller.error(new Error(`the request's body broke off: ${error}`));
    this.stop();
    return true;
  }

  /** Nobody wants more. */
  stop(): void {
    this.#over = true;
    this.#waiting?.settle(false);
    this.#waiting = null;
  }

  #give(): void {
    if (!this.#wanted || this.#waiting === null) return;
    const { bytes, settle } = this.#waiting;
    this.#waiting = null;
    this.#wanted = false;
    this.#controller.enqueue(bytes);
    settle(true);
  }
}
