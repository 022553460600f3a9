/** Host calls under way: sent as frames of their own, answered by id (protocol/host.ts). */
import type { CallFrame, HostCall, ReturnFrame } from "../protocol/host.ts";

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class Calls {
  /** Throws when too much waits to be sent. */
  readonly #send: (frame: CallFrame) => void;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;

  constructor(send: (frame: CallFrame) => void) {
    this.#send = send;
  }

  /** What the kernel returned; rejects with an Error that says why not. */
  call(call: HostCall): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      this.#send(["Call", id, call]);
      this.#waiting.set(id, { resolve, reject });
    });
  }

  settle([, id, error, value]: ReturnFrame): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === null) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
  }
}
