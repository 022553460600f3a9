/**
 * Starts and ends the worker that esbuild runs in. While somebody is at work it stands by for the next save; where a
 * script was large, another in its place, for its memory never shrinks. The compiled WebAssembly is kept for longer,
 * since compiling is nine tenths of a cold start.
 */
import { assert } from "../assert.ts";
import { BUNDLE_SECONDS_MAX } from "../limits.ts";
import {
  BUILD_GREEDY_MB,
  ESBUILD_KEPT_MB,
  ESBUILD_KEPT_SECONDS,
  STAND_BY_AFTER_SECONDS,
  STAND_BY_SECONDS,
} from "./limits.ts";
import type { Answer, Built, FromWorker, Question, ToWorker } from "./bundle_protocol.ts";
import { withMemoryMax } from "./wasm_memory.ts";

/** esbuild broke, or was given up; the worker is gone, the next build starts another. */
export interface Crash {
  crashed: string;
  /** What there was too little of; `null`: it is something else, and may not happen again. */
  lacked: "time" | "memory" | null;
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

type Word<Type extends FromWorker["type"]> = Extract<FromWorker, { type: Type }>;

const MB = 1024 * 1024;
const TOO_LONG = "it took too long";
/** As Go says it when memory has reached its maximum: in its heap, and of what it asks the system for. */
const OUT_OF_MEMORY = /out of memory|cannot allocate memory/;

export class Esbuild {
  readonly #bounds: BuildBounds;
  readonly #rss: () => number;
  /** What the node held when the build began; Infinity while there is none. */
  #rssBefore = Infinity;
  #worker: Worker | null = null;
  /** Its way to its first build: `null` when it is ready, else what went wrong. */
  #ready: Promise<Word<"crashed"> | null> | null = null;
  #isUsed = false;
  /** What its WebAssembly has of memory after its last build. */
  #memoryBytes = 0;
  /** Somebody saves: it stands by after each build, or another does. */
  #isAtWork = false;
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

  /** Builds one script, in `seconds` at most. One at a time: the caller waits before it asks again. Never rejects. */
  async build(request: BuildRequest, seconds = this.#bounds.seconds): Promise<Built | Crash> {
    if (this.#closed) return { crashed: "the loader was closed", lacked: null };
    clearTimeout(this.#keepTimer);
    clearTimeout(this.#standByTimer);
    const stoodBy = this.#ready !== null && !this.#isUsed;
    this.#isUsed = true;
    this.#answer = request.answer;
    const { memoryMb, quiet } = this.#bounds;
    const { entry, tsconfig, lowerTemplates } = request;
    let word: FromWorker | null = await within(BUNDLE_SECONDS_MAX, this.#getReady());
    // What befell the one that was to stand by is no reason not to try.
    if (word !== null && stoodBy) {
      this.end();
      word = await within(BUNDLE_SECONDS_MAX, this.#getReady());
    }
    if (word === null) {
      this.#rssBefore = this.#rss();
      const said = this.#say({ type: "build", entry, tsconfig, lowerTemplates, quiet });
      word = await within(seconds, said);
      this.#rssBefore = Infinity;
    }
    if (word.type === "built") {
      this.#memoryBytes = word.memoryBytes;
      return word.built;
    }
    this.end();
    const reason = word.type === "crashed" ? word.reason : `it said "${word.type}"`;
    if (reason === TOO_LONG) return { crashed: reason, lacked: "time" };
    if (!OUT_OF_MEMORY.test(reason)) return { crashed: reason, lacked: null };
    return { crashed: `it takes more than ${memoryMb} MB of memory`, lacked: "memory" };
  }

  /** Ends a build that has made the node grow by much: the node holds too much. Whether there was one. */
  relieve(): boolean {
    if (this.#waiting === null) return false;
    const grownMb = (this.#rss() - this.#rssBefore) / MB;
    if (grownMb < BUILD_GREEDY_MB) return false;
    this.#crash("the node holds more than --memory-mb allows; save it to try again");
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
    this.rest(false);
  }

  /**
   * If more is to come a worker that has built stands by; one that has grown is ended and another does, a moment later:
   * what was saved starts first.
   */
  rest(moreToCome: boolean): void {
    if (!this.#isUsed) return;
    this.#isUsed = false;
    this.#isAtWork ||= moreToCome;
    const isSmall = this.#worker !== null && this.#memoryBytes <= ESBUILD_KEPT_MB * MB;
    if (this.#isAtWork && isSmall) return this.#endLater();
    this.end();
    if (this.#closed || !this.#isAtWork) return;
    this.#standByTimer = setTimeout(() => this.#standBy(), STAND_BY_AFTER_SECONDS * 1000);
  }

  /** Ends the worker. What was compiled is kept for the next save. */
  end(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#ready = null;
    this.#resume({ type: "crashed", reason: "it was ended" });
    clearTimeout(this.#standByTimer);
    clearTimeout(this.#keepTimer);
    if (this.#module === null || this.#closed) return;
    const forget = () => this.#module = null;
    this.#keepTimer = setTimeout(forget, ESBUILD_KEPT_SECONDS * 1000);
  }

  /** Ends the worker and keeps nothing. */
  close(): void {
    this.#closed = true;
    this.#resume({ type: "crashed", reason: "the loader was closed" });
    this.end();
    this.#module = null;
  }

  async #standBy(): Promise<void> {
    this.#endLater();
    // The next build tries it again, and says what is wrong.
    if (await this.#getReady() !== null && !this.#isUsed) this.end();
  }

  #endLater(): void {
    this.#standByTimer = setTimeout(() => {
      this.#isAtWork = false;
      this.end();
    }, STAND_BY_SECONDS * 1000);
  }

  #getReady(): Promise<Word<"crashed"> | null> {
    return this.#ready ??= this.#start().catch((error) => crashed(`it does not start: ${error}`));
  }

  async #start(): Promise<Word<"crashed"> | null> {
    const url = new URL("./bundle_worker.ts", import.meta.url);
    const worker = new Worker(url, { type: "module", deno: { permissions: "none" } });
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#hear(worker, data);
    worker.onmessageerror = () => this.#crash("its message could not be read");
    worker.onerror = (event) => {
      event.preventDefault();
      this.#crash(event.message);
    };
    this.#worker = worker;
    const loaded = await this.#say(null);
    if (loaded.type !== "loaded") return asCrashed(loaded);
    this.#packages = new URL("../../", loaded.wasmUrl);
    this.#module ??= await this.#compile(new URL(loaded.wasmUrl));
    // It may have been ended while it was compiled, and another be on its way.
    if (this.#worker !== worker) return crashed("it was ended");
    const started = await this.#say({ type: "start", wasm: this.#module });
    return started.type === "started" ? null : asCrashed(started);
  }

  async #compile(url: URL): Promise<WebAssembly.Module> {
    const bytes = await Deno.readFile(url);
    return await WebAssembly.compile(withMemoryMax(bytes, this.#bounds.memoryMb * MB));
  }

  /** Posts `message` and waits for the worker's word. */
  #say(message: ToWorker | null): Promise<FromWorker> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
      if (this.#worker === null) this.#crash("it was ended");
      else if (message !== null) this.#worker.postMessage(message);
    });
  }

  async #hear(worker: Worker, word: FromWorker): Promise<void> {
    if (worker !== this.#worker) return;
    if (word.type === "crashed") return this.#crash(word.reason);
    if (word.type !== "ask") return this.#resume(word);
    const answer = await this.#answer!(word.question)
      .catch((error): Answer => ({ refused: { text: String(error), hint: null } }));
    const reply: ToWorker = { type: "answer", id: word.id, answer };
    // It may have been ended while a file was read.
    if (worker === this.#worker) worker.postMessage(reply);
  }

  /** One that dies while nobody waits is of no use to the next build. */
  #crash(reason: string): void {
    if (this.#waiting === null) this.end();
    else this.#resume(crashed(reason));
  }

  #resume(word: FromWorker): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.(word);
  }
}

function crashed(reason: string): Word<"crashed"> {
  return { type: "crashed", reason };
}

function asCrashed(word: FromWorker): Word<"crashed"> {
  return word.type === "crashed" ? word : crashed(`it said "${word.type}"`);
}

async function within<T>(seconds: number, work: Promise<T>): Promise<T | Word<"crashed">> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Word<"crashed">>((resolve) => {
    timer = setTimeout(() => resolve(crashed(TOO_LONG)), seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
