/** The kernel's end of the store's worker: starts it, asks one thing at a time, and knows when it has died. */
import { assert } from "../../assert.ts";
import {
  type Call,
  type FromWorker,
  type Outcome,
  StoreUnusable,
  type ToWorker,
} from "./store_protocol.ts";

/** The worker is gone. What it was asked last may have been done, or not. */
export class StoreDied extends Error {
  override name = "StoreDied";
}

export class StoreThread {
  /** Resolves with the reason, unless end() came first. */
  readonly died: Promise<string>;
  readonly #worker: Worker;
  readonly #died = Promise.withResolvers<string>();
  #asked: PromiseWithResolvers<FromWorker> | null = null;
  #ended = false;

  constructor(worker: Worker) {
    this.died = this.#died.promise;
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#hear(data);
    worker.onmessageerror = () => this.#die("its message could not be read");
    worker.onerror = (event) => {
      event.preventDefault();
      this.#die(event.message);
    };
  }

  /** Rejects with a StoreUnusable, or with a StoreDied. */
  async open(home: string, pagesMax: number | null): Promise<void> {
    const answer = await this.#ask({ type: "open", home, pagesMax }, []);
    if (answer.type === "unusable") throw new StoreUnusable(answer.reason);
  }

  /** The caller waits for the outcomes before it asks again. */
  async run(calls: Call[]): Promise<Outcome[]> {
    const buffers = calls.flatMap((call) => call.verb === "write" ? [call.bytes.buffer] : []);
    const answer = await this.#ask({ type: "run", calls }, buffers);
    assert(answer.type === "ran" && answer.outcomes.length === calls.length, answer.type);
    return answer.outcomes;
  }

  async close(): Promise<void> {
    await this.#ask({ type: "close" }, []);
    this.end();
  }

  end(): void {
    this.#ended = true;
    this.#worker.terminate();
  }

  #ask(message: ToWorker, transfer: Transferable[]): Promise<FromWorker> {
    this.#asked = Promise.withResolvers();
    if (this.#ended) this.#asked.reject(new StoreDied("it has ended"));
    else this.#worker.postMessage(message, transfer);
    return this.#asked.promise;
  }

  #hear(message: FromWorker): void {
    this.#asked?.resolve(message);
    this.#asked = null;
  }

  #die(reason: string): void {
    if (this.#ended) return;
    this.end();
    this.#asked?.reject(new StoreDied(reason));
    this.#asked = null;
    this.#died.resolve(reason);
  }
}
