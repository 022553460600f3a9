import { assertEquals } from "@std/assert";
import { FakeKernel } from "./fake_kernel_test.ts";
import { Schedule, type ScheduledController } from "./schedule.ts";

const MINUTE = 60_000;

/** What was begun has had its turns. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Time that passes as it is told. */
class FakeClock {
  #now = Date.UTC(2026, 10, 24, 10, 2, 30);
  readonly #timers: { at: number; run: () => void }[] = [];

  now = () => this.#now;
  later = (run: () => void, ms: number) => void this.#timers.push({ at: this.#now + ms, run });

  /** `sleeps`: the machine does nothing meanwhile. */
  async pass(ms: number, sleeps = false): Promise<void> {
    const end = this.#now + ms;
    if (sleeps) this.#now = end;
    for (let next; (next = this.#next()) !== undefined && next.at <= end;) {
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await settled();
    }
    this.#now = end;
  }

  #next() {
    return this.#timers.toSorted((a, b) => a.at - b.at)[0];
  }
}

function scheduled(crons: string[], handler?: (controller: ScheduledController) => unknown) {
  const kernel = new FakeKernel();
  const clock = new FakeClock();
  const calls: string[] = [];
  const note = ({ cron, scheduledTime }: ScheduledController) => {
    calls.push(`${cron} ${new Date(scheduledTime).toISOString().slice(11, 19)}`);
  };
  new Schedule(handler ?? note, clock).start(crons);
  return { kernel, clock, calls };
}

Deno.test("a schedule calls at its full minutes, in UTC, for each expression", async () => {
  const { kernel, clock, calls } = scheduled(["*/5 * * * *", "4 10 * * *", "*/5 * * * *"]);
  assertEquals(kernel.process.held.size, 1);
  await clock.pass(10 * MINUTE);
  assertEquals(calls, ["4 10 * * * 10:04:00", "*/5 * * * * 10:05:00", "*/5 * * * * 10:10:00"]);
  await clock.pass(60 * MINUTE);
  assertEquals(calls.length, 3 + 12);
});

Deno.test("what a machine slept through is called once", async () => {
  const { clock, calls } = scheduled(["* * * * *"]);
  await clock.pass(60 * MINUTE, true);
  assertEquals(calls, ["* * * * * 10:03:00"]);
  await clock.pass(MINUTE);
  assertEquals(calls.length, 2);
});

Deno.test("a call that is still running is not called again, and what it throws is printed", async () => {
  const ends: PromiseWithResolvers<void>[] = [];
  const { kernel, clock } = scheduled(["* * * * *"], () => {
    ends.push(Promise.withResolvers());
    return ends.at(-1)!.promise;
  });
  await clock.pass(3 * MINUTE);
  assertEquals(ends.length, 1);
  ends[0]!.reject(new Error("mine"));
  await settled();
  await clock.pass(MINUTE);
  assertEquals(ends.length, 2);
  const lines = kernel.lines.join("\n");
  assertEquals(lines.match(/is left out, the last one is still running/g)?.length, 2);
  assertEquals(lines.includes("Error: mine"), true);
});
