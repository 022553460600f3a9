/** The store's worker: it may read and write the node's home folder, and nothing else. One question at a time. */
import { free } from "../../protocol/large.ts";
import { Database } from "./database.ts";
import { type FromWorker, StoreUnusable, type ToWorker } from "./store_protocol.ts";

/** After so much quiet the log is moved into the database. */
const QUIET_MS = 1_000;

interface WorkerScope {
  postMessage(message: FromWorker, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
}

class StoreWorker {
  readonly #scope: WorkerScope;
  #database: Database | null = null;
  #quiet: ReturnType<typeof setTimeout> | undefined;

  constructor(scope: WorkerScope) {
    this.#scope = scope;
    scope.onmessage = ({ data }) => this.#receive(data);
  }

  /** What is thrown here ends the worker, and the kernel's side starts another. */
  #receive(message: ToWorker): void {
    try {
      this.#do(message);
    } catch (error) {
      // Deno 2.4 leaves the files of an ended worker open: the next one would find them locked.
      this.#database?.close();
      throw error;
    }
  }

  #do(message: ToWorker): void {
    clearTimeout(this.#quiet);
    switch (message.type) {
      case "open":
        return this.#answer(this.#open(message.home, message.pagesMax));
      case "run":
        this.#run(message.calls);
        this.#quiet = setTimeout(() => this.#database?.tidy(), QUIET_MS);
        return;
      case "close":
        this.#database?.close();
        return this.#answer({ type: "closed" });
      default:
        throw new TypeError("the store was asked for something that it does not know");
    }
  }

  #open(home: string, pagesMax: number | null): FromWorker {
    try {
      this.#database = Database.open(home, { pagesMax });
      return { type: "opened" };
    } catch (error) {
      if (!(error instanceof StoreUnusable)) throw error;
      return { type: "unusable", reason: error.message };
    }
  }

  #run(calls: Extract<ToWorker, { type: "run" }>["calls"]): void {
    const outcomes = this.#database!.run(calls);
    for (const call of calls) if (call.verb === "write") free(call.bytes);
    const rows = outcomes.flatMap((outcome) => "rows" in outcome ? outcome.rows : []);
    const buffers = new Set(rows.map(({ bytes }) => bytes.buffer));
    this.#answer({ type: "ran", outcomes }, [...buffers]);
  }

  #answer(message: FromWorker, transfer: Transferable[] = []): void {
    this.#scope.postMessage(message, transfer);
  }
}

new StoreWorker(globalThis as unknown as WorkerScope);
