/**
 * Starts and ends the worker that esbuild runs in. It lives for one look at the folder, for its memory never shrinks;
 * another stands by for the next save while somebody is at work. The compiled WebAssembly is kept for longer, since
 * compiling is nine tenths of a cold start.
 */
import { assert } from "../assert.ts";
import { BUNDLE_SECONDS_MAX } from "../limits.ts";
import {
  BUILD_GREEDY_MB,
  ESBUILD_KEPT_SECONDS,
  STAND_BY_AFTER_SECONDS,
  STAND_BY_SECONDS,
} from "./limits.ts";
import {
  type Answer,
  type Built,
  type FromWorker,
  OUT_OF_MEMORY,
  type Question,
  type ToWorker,
} from "./bundle_protocol.ts";
import { withMemoryMax } from "./wasm_memory.ts";

/** esbuild broke, or took too long; the worker is gone, the next build starts another. */
export interface Crash {
  crashed: string;
  /** With more time, or without warnings, which take memory, it might have gone well. */
  isLate: boolean;
  /** Another time it may go well as it was. */
  mayPass: boolean;
}

export interface BuildRequest {
  entry: string;
  /** `tsconfig.json`, as text. */
  tsconfig: string;
  lowerTemplates: boolean;
  answer(question: Question): Promise<Answer>;
}

/** For one build, once esbuild is there. */
export interface BuildBounds {
  seconds: number;
  memoryMb: number;
  /** Without warnings. */
  quiet: boolean;
}

const MB = 1024 * 1024;
const TOO_LONG = "it took too long";

function crash(crashed: string, isLate = crashed === TOO_LONG): Crash {
  return { crashed, isLate, mayPass: !isLate };
}

export class Esbuild {
  readonly #bounds: BuildBounds;
  readonly #rss: () => number;
  /** What the node held when the build began. */
  #rssBefore = Infinity;
  #worker: Worker | null = null;
  /** Its way to its first build: `null` when it is ready, else what went wrong. */
  #ready: Promise<FromWorker | null> | null = null;
  #hasBuilt = false;
  #standByTimer: ReturnType<typeof setTimeout> | undefined;
  #module: WebAssembly.Module | null = null;
  #keepTimer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #packages: URL | null = null;
  /** Who waits for the worker's next word; there is one build at a time. */
  #waiting: ((word: FromWorker) => void) | null = null;
  #answer: BuildRequest["answer"] | null = null;

  /** Tests say themselves what the node holds, in bytes. */
  constructor(bounds: BuildBounds, rss = () => Deno.memoryUsage().rss) {
    this.#bounds = bounds;
    this.#rss = rss;
  }

  /** Where the packages of this program lie, beside esbuild's own; known once the worker has spoken. */
  get packages(): URL {
    assert(this.#packages !== null, "nothing asks for a package before the worker is there");
    return this.#packages;
  }

  /** Builds one script. One at a time: the caller waits before it asks again. */
  async build(request: BuildRequest): Promise<Built | Crash> {
    if (this.#closed) return crash("the loader was closed");
    clearTimeout(this.#keepTimer);
    clearTimeout(this.#standByTimer);
    this.#hasBuilt = true;
    this.#answer = request.answer;
    const { entry, tsconfig, lowerTemplates } = request;
    const { seconds, memoryMb, quiet } = this.#bounds;
    this.#rssBefore = this.#rss();
    const build = () => this.#say({ type: "build", entry, tsconfig, lowerTemplates, quiet });
    const word =
      await this.#withinSeconds(BUNDLE_SECONDS_MAX, () => this.#ready ??= this.#start()) ??
        await this.#withinSeconds(seconds, build);
    this.#rssBefore = Infinity;
    if (word.type === "built") return word.built;
    this.end();
    if (word.type !== "crashed") return crash(`it said "${word.type}"`);
    if (word.reason !== OUT_OF_MEMORY) return crash(word.reason);
    return crash(`it takes more than ${memoryMb} MB of memory`, true);
  }

  /** Ends a build during which the node has grown by much, since it holds too much. Whether there was one. */
  relieve(): boolean {
    const grownMb = (this.#rss() - this.#rssBefore) / MB;
    if (grownMb < BUILD_GREEDY_MB) return false;
    this.#crash("the node holds more than --memory-mb allows");
    return true;
  }

  /**
   * Compiles it, if that is still to be done, so that the next build need not wait; what a build runs is compiled when it
   * runs first, and so one is tried. Not while something is built.
   */
  async warm(): Promise<void> {
    if (this.#closed || this.#worker !== null || this.#module !== null) return;
    const answer = () =>
      Promise.resolve({ refused: { text: "there is nothing to build", hint: null } });
    // If it fails the build will, and says so.
    await this.build({ entry: "warm.ts", tsconfig: "{}", lowerTemplates: false, answer });
    this.end();
  }

  /** Ends a worker that has built. Another stands by if more is to come, a moment later: what was saved starts first. */
  rest(moreToCome: boolean): void {
    if (!this.#hasBuilt) return;
    this.end();
    if (this.#closed || !moreToCome) return;
    this.#standByTimer = setTimeout(() => this.#standBy(), STAND_BY_AFTER_SECONDS * 1000);
  }

  /** Ends the worker. What was compiled is kept for the next save. */
  end(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#ready = null;
    this.#hasBuilt = false;
    clearTimeout(this.#standByTimer);
    clearTimeout(this.#keepTimer);
    if (this.#module === null || this.#closed) return;
    const forget = () => this.#module = null;
    this.#keepTimer = setTimeout(forget, ESBUILD_KEPT_SECONDS * 1000);
  }

  /** Ends the worker and keeps nothing. */
  close(): void {
    this.#closed = true;
    this.end();
    this.#module = null;
    this.#crash("the loader was closed");
  }

  async #withinSeconds<T>(seconds: number, work: () => Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.#crash(TOO_LONG), seconds * 1000);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
    }
  }

  async #standBy(): Promise<void> {
    this.#standByTimer = setTimeout(() => this.end(), STAND_BY_SECONDS * 1000);
    const ready = this.#ready = this.#start();
    // The next build tries it again, and says what is wrong.
    if (await ready !== null && ready === this.#ready && !this.#hasBuilt) this.end();
  }

  async #start(): Promise<FromWorker | null> {
    const loaded = await this.#say(null, () => {
      const url = new URL("./bundle_worker.ts", import.meta.url);
      const worker = new Worker(url, { type: "module", deno: { permissions: "none" } });
      worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#hear(worker, data);
      worker.onmessageerror = () => this.#crash("its message could not be read");
      worker.onerror = (event) => {
        event.preventDefault();
        this.#crash(event.message);
      };
      this.#worker = worker;
    });
    if (loaded.type !== "loaded") return loaded;
    this.#packages = new URL("../../", loaded.wasmUrl);
    try {
      this.#module ??= await this.#compile(new URL(loaded.wasmUrl));
    } catch (error) {
      return { type: "crashed", reason: `no esbuild.wasm at "${loaded.wasmUrl}": ${error}` };
    }
    const started = await this.#say({ type: "start", wasm: this.#module });
    return started.type === "started" ? null : started;
  }

  async #compile(url: URL): Promise<WebAssembly.Module> {
    const bytes = await Deno.readFile(url);
    return await WebAssembly.compile(withMemoryMax(bytes, this.#bounds.memoryMb * MB));
  }

  /** Posts `message` and waits for the worker's word. */
  #say(message: ToWorker | null, before?: () => void): Promise<FromWorker> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
      before?.();
      if (this.#worker === null) this.#crash("it was ended");
      else if (message !== null) this.#worker.postMessage(message);
    });
  }

  async #hear(worker: Worker, word: FromWorker): Promise<void> {
    if (word.type !== "ask") return this.#resume(word);
    const answer = await this.#answer!(word.question)
      .catch((error): Answer => ({ refused: { text: String(error), hint: null } }));
    const reply: ToWorker = { type: "answer", id: word.id, answer };
    // It may have been ended while a file was read.
    if (worker === this.#worker) worker.postMessage(reply);
  }

  #crash(reason: string): void {
    this.#resume({ type: "crashed", reason });
  }

  #resume(word: FromWorker): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.(word);
  }
}
