/**
 * What the kernel wants kept, in `<home>/kernel.sqlite`. SQLite runs in a worker, since each save waits for the
 * disk. While the worker writes one transaction, what comes in meanwhile gathers for the next (group commit):
 *
 *   setState() ─► Waiting ─take()─► StoreThread ══► store_worker: BEGIN … COMMIT ══► each promise resolves
 *                    ▲ all that arrives until then                                └─► and the next batch
 */
import type { ProcessId } from "../../protocol/address.ts";
import type { PersistedCapability, PersistedProcess, Store } from "../../protocol/store.ts";
import { STATE_BYTES_MAX } from "./limits.ts";
import type { Log } from "../../log.ts";
import { decodeCapabilities, decodeProcess, encodeCapabilities, encodeProcess } from "./records.ts";
import { type Call, type Outcome, type Row, StoreUnusable, type Table } from "./store_protocol.ts";
import { StoreDied, StoreThread } from "./store_thread.ts";
import { Waiting } from "./waiting.ts";

export { StoreUnusable };

export interface StoreOptions {
  /** Made if it is not there. */
  home: string;
  log: Log;
  /** Runs store_worker.ts with leave to read and write `home`, which is absolute here. */
  makeWorker?(home: string): Worker;
  /** For tests: so many pages, and the disk is full. */
  pagesMax?: number;
}

/** Between two lines about failures. */
const WARN_PAUSE_MS = 10_000;

interface Asked {
  call: Call;
  answer: PromiseWithResolvers<Row[]>;
}

export class SqliteStore implements Store {
  readonly #home: string;
  readonly #options: StoreOptions;
  readonly #waiting = new Waiting<Asked>();
  /** The worker at work or on its way; null after it could not be started. */
  #thread: Promise<StoreThread> | null = null;
  /** Settles when nothing waits any more. */
  #running: Promise<void> | null = null;
  #closed = false;
  #quietUntil = 0;

  /** Rejects with a StoreUnusable, whose message is for the terminal, and changes nothing then. */
  static async open(options: StoreOptions): Promise<SqliteStore> {
    const store = new SqliteStore(await prepareHome(options.home), options);
    await store.#start();
    return store;
  }

  private constructor(home: string, options: StoreOptions) {
    this.#home = home;
    this.#options = options;
  }

  async getState(process: ProcessId): Promise<Uint8Array | null> {
    const [row] = await this.#ask(process, { verb: "read", table: "state", key: process });
    return row?.bytes ?? null;
  }

  async setState(process: ProcessId, bytes: Uint8Array): Promise<void> {
    if (bytes.length > STATE_BYTES_MAX) {
      throw new RangeError(
        `Cannot save ${bytes.length} bytes as the state of ${process}: at most ${STATE_BYTES_MAX} are kept`,
      );
    }
    this.#waiting.check(process, bytes.length);
    const whole = bytes.byteLength === bytes.buffer.byteLength;
    await this.#write("state", process, (whole ? bytes : bytes.slice()) as Uint8Array<ArrayBuffer>);
  }

  async clearState(process: ProcessId): Promise<void> {
    await this.#ask(process, { verb: "remove", table: "state", key: process });
  }

  async loadProcesses(): Promise<PersistedProcess[]> {
    const rows = await this.#list("process");
    return rows.map(({ key, bytes }) => this.#decode(key, () => decodeProcess(bytes)));
  }

  async saveProcess(process: PersistedProcess): Promise<void> {
    await this.#write("process", process.id, encodeProcess(process));
  }

  async removeProcess(id: ProcessId): Promise<void> {
    await this.#ask(id, { verb: "remove", table: "process", key: id });
  }

  async loadCapabilities(): Promise<PersistedCapability[]> {
    const rows = await this.#list("capability");
    return rows.flatMap(({ key, bytes }) =>
      this.#decode(key, () => decodeCapabilities(key as ProcessId, bytes))
    );
  }

  async saveCapabilities(holder: ProcessId, capabilities: PersistedCapability[]): Promise<void> {
    if (capabilities.length > 0) {
      return await this.#write("capability", holder, encodeCapabilities(capabilities));
    }
    await this.#ask(holder, { verb: "remove", table: "capability", key: holder });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#running;
    const thread = await this.#thread?.catch(() => null);
    await thread?.close();
  }

  /** Lists see every call before them, of whichever process. */
  async #list(table: Table): Promise<Row[]> {
    await this.#running;
    return await this.#ask("", { verb: "list", table });
  }

  async #write(table: Table, key: ProcessId, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#ask(key, { verb: "write", table, key, bytes });
  }

  #ask(lane: string, call: Call): Promise<Row[]> {
    const bytes = call.verb === "write" ? call.bytes.length : 0;
    const answer = Promise.withResolvers<Row[]>();
    try {
      if (this.#closed) throw new Error("the store is closed: the node is stopping");
      this.#waiting.check(lane, bytes);
      this.#waiting.add(lane, { call, answer }, bytes);
      this.#running ??= this.#run();
    } catch (error) {
      answer.reject(error);
    }
    return answer.promise;
  }

  /** One transaction after another, until nothing waits. */
  async #run(): Promise<void> {
    await null; // All that is asked within one turn goes together.
    for (let batch = this.#waiting.take(); batch.length > 0; batch = this.#waiting.take()) {
      const outcomes = await this.#commit(batch.map(({ call }) => call));
      batch.forEach((asked, i) => settle(asked, outcomes[i]!));
    }
    this.#running = null;
  }

  /** Never rejects. The reasons carry no path: they end up in processes. */
  async #commit(calls: Call[]): Promise<Outcome[]> {
    let failed = "the node's store does not work";
    try {
      const thread = await (this.#thread ?? this.#start());
      const outcomes = await thread.run(calls);
      const failure = outcomes.find((outcome) => "failed" in outcome);
      if (failure !== undefined) this.#warn(failure.failed);
      return outcomes;
    } catch (error) {
      if (error instanceof StoreDied) failed = "the node's store died; it may be done, or not";
      else this.#warn((error as Error).message);
    }
    return calls.map(() => ({ failed }));
  }

  /** The person at the terminal hears of it, but not of each of a thousand. */
  #warn(reason: string): void {
    const now = performance.now();
    if (now < this.#quietUntil) return;
    this.#quietUntil = now + WARN_PAUSE_MS;
    this.#options.log.warn(`processes cannot save or load in "${this.#home}": ${reason}`);
  }

  #start(): Promise<StoreThread> {
    const starting = this.#open();
    this.#thread = starting;
    // Whoever waits for it hears of a failure; the next call tries again.
    starting.catch(() => this.#forget(starting));
    return starting;
  }

  async #open(): Promise<StoreThread> {
    const make = this.#options.makeWorker ?? makeStoreWorker;
    const thread = new StoreThread(make(this.#home));
    try {
      await thread.open(this.#home, this.#options.pagesMax ?? null);
    } catch (error) {
      thread.end();
      if (error instanceof StoreUnusable) throw error;
      throw new StoreUnusable(`Cannot start the store: ${(error as Error).message}`);
    }
    thread.died.then((reason) => this.#startAnew(reason));
    return thread;
  }

  /** At once: with the worker went the lock that keeps other nodes off the folder. */
  #startAnew(reason: string): void {
    this.#options.log.warn(`the store died and is started anew: ${reason}`);
    this.#thread = null;
    if (this.#closed) return;
    this.#start().catch((error) => this.#warn(error.message));
  }

  #forget(thread: Promise<StoreThread>): void {
    if (this.#thread === thread) this.#thread = null;
  }

  #decode<T>(key: string, decode: () => T): T {
    try {
      return decode();
    } catch (error) {
      const { message } = error as Error;
      throw new StoreUnusable(
        `Cannot read what was saved of ${key} in "${this.#home}": ${message}`,
      );
    }
  }
}

function settle({ call, answer }: Asked, outcome: Outcome): void {
  if ("rows" in outcome) return answer.resolve(outcome.rows);
  const what = call.verb === "list" ? "all" : `the ${call.table} of ${call.key}`;
  const verb = call.verb === "read" || call.verb === "list" ? "load" : "save";
  answer.reject(new Error(`Cannot ${verb} ${what}: ${outcome.failed}`));
}

/** Absolute, and without links: it is what the worker may read and write. */
async function prepareHome(home: string): Promise<string> {
  try {
    await Deno.mkdir(home, { recursive: true });
    return await Deno.realPath(home);
  } catch (error) {
    const isFile = await Deno.stat(home).then((info) => info.isFile, () => false);
    const why = isFile ? "there is a file of that name" : (error as Error).message;
    throw new StoreUnusable(
      `Cannot make the folder "${home}": ${why}. Another one can be given with --home DIR.`,
    );
  }
}

function makeStoreWorker(home: string): Worker {
  const url = new URL("./store_worker.ts", import.meta.url);
  const permissions = { read: [home], write: [home], sys: ["statfs"] };
  return new Worker(url, { type: "module", deno: { permissions } } as WorkerOptions);
}
