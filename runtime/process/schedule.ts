/** Calls `scheduled` of a script in web style when its `config.schedule` says so. */
import { Cron } from "croner";
import { current } from "./current.ts";
import { CONTEXT, ENV, type FetchContext, type FetchEnv, report } from "./web_answer.ts";
import { printToTerminal } from "./standard.ts";

/** Which of the expressions it is, and for when. */
export interface ScheduledController {
  /** As it stands in `config.schedule`. */
  readonly cron: string;
  /** The full minute that it was to be called at, in milliseconds since 1970. */
  readonly scheduledTime: number;
  /** Does nothing: what fails is printed, and the next time comes as planned. */
  noRetry(): void;
}

export type ScheduledHandler = (
  controller: ScheduledController,
  env: FetchEnv,
  ctx: FetchContext,
) => unknown;

export interface Clock {
  now(): number;
  later(run: () => void, ms: number): void;
}

/** A clock that was set back, or a machine that slept, is noticed after so long. */
const LOOK_MS = 60_000;

export class Schedule {
  readonly #handler: ScheduledHandler;
  readonly #clock: Clock;
  readonly #running = new Set<string>();

  constructor(handler: ScheduledHandler, clock: Clock) {
    this.#handler = handler;
    this.#clock = clock;
  }

  /** From now on, until the worker ends. Whoever has a schedule does not sleep. */
  start(crons: readonly string[]): void {
    if (crons.length > 0) current().held.add(this);
    for (const cron of new Set(crons)) this.#plan(cron);
  }

  #plan(cron: string): void {
    const timer = new Cron(cron, { timezone: "UTC", paused: true });
    const next = timer.nextRun(new Date(this.#clock.now()))?.getTime();
    if (next !== undefined) this.#await(cron, next);
  }

  #await(cron: string, next: number): void {
    const left = next - this.#clock.now();
    if (left > 0) return this.#clock.later(() => this.#await(cron, next), Math.min(left, LOOK_MS));
    this.#call(cron, next);
    this.#plan(cron); // From now: what was slept through comes once, not once for each minute.
  }

  async #call(cron: string, scheduledTime: number): Promise<void> {
    if (this.#running.has(cron)) {
      return printToTerminal(0, `scheduled: "${cron}" is left out, the last one is still running`);
    }
    this.#running.add(cron);
    try {
      await this.#handler({ cron, scheduledTime, noRetry() {} }, ENV, CONTEXT);
    } catch (error) {
      report(error);
    }
    this.#running.delete(cron);
  }
}
