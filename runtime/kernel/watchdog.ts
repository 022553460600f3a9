/**
 * Finds processes that have something to do and do not do it. Once a second it asks each for a sign of life.
 *
 *   no sign, CPU burns  ─► a long loop: reported every 30 s; it may be meant
 *   no sign, no CPU     ─► it has stopped: a worker whose heap is full outside of a timer stops for good and says
 *                          nothing (Deno 2.9.6), and Atomics.wait() may wait for ever; the process is ended
 */
import { SILENT_SECONDS } from "../limits.ts";
import type { Run } from "./run.ts";

/** So many signs missed in a row; counted and not timed, for the whole machine may have slept. */
const MISSED_MAX = 5;
const PING_MS = 1_000;
/** Less CPU than this between two looks, a second apart, is none. */
const IDLE_MICROSECONDS = 20_000;

export interface WatchdogOptions {
  /** The lives to look after. */
  runs(): Iterable<Run>;
  /** It has taken nothing for so many seconds, and burns CPU. */
  onSilent(run: Run, seconds: number): void;
  /** It has stopped for good. */
  onStopped(run: Run): void;
}

export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #cpu = new WeakMap<Run, number>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.look(), PING_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** One look at all of them. */
  async look(): Promise<void> {
    const silent = [...this.#options.runs()]
      .map((run) => ({ run, missed: run.endpoint.ping() }))
      .filter(({ missed }) => missed > MISSED_MAX);
    await Promise.all(silent.map(({ run, missed }) => this.#judge(run, missed)));
  }

  async #judge(run: Run, missed: number): Promise<void> {
    const cpu = await run.look();
    const before = this.#cpu.get(run);
    if (cpu !== null) this.#cpu.set(run, cpu);
    const isIdle = cpu !== null && before !== undefined && cpu - before < IDLE_MICROSECONDS;
    if (isIdle) this.#options.onStopped(run);
    else if (missed % SILENT_SECONDS === 0) this.#options.onSilent(run, missed);
  }
}
