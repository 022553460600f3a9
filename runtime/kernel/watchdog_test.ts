import { assertEquals } from "@std/assert";
import type { Run } from "./run.ts";
import { Watchdog } from "./watchdog.ts";

interface Fake {
  /** CPU between two looks, in microseconds; `null`: nobody can tell. */
  perLook: number | null;
  /** It gives signs of life. */
  answers: boolean;
  loaded?: boolean;
  /** Messages that it has not taken. */
  waiting?: number;
  cpuSeconds?: number;
  cpuShare?: number;
  /** It finishes a message before every look. */
  works?: boolean;
  /** Nothing is unfinished. */
  idle?: boolean;
  /** It has moved so often by that look. */
  moves?(look: number): number;
}

/** What a watchdog says of such a process within so many looks, a second apart. */
async function watch(fake: Fake, looks: number, killUnresponsive = false): Promise<string[]> {
  const said: string[] = [];
  let look = 0;
  let missed = 0;
  let asked = 0;
  let pings = 0;
  const { perLook, cpuSeconds = 3600, cpuShare = null, loaded = true, waiting = 0 } = fake;
  const run = {
    id: "a:a:b",
    heapMb: 128,
    limits: { cpuSeconds, cpuShare, idleSeconds: null },
    endpoint: {
      loaded,
      get oldest() {
        return fake.idle ? undefined : fake.works ? look : 0;
      },
      sign: { heapBytes: 0, bufferBytes: 0, waiting, held: 0 },
      get moves() {
        return fake.moves?.(look) ?? 0;
      },
      ping: () => {
        pings++;
        return fake.answers ? 0 : missed++;
      },
      unfinished: () => [1, 2],
      lastMessage: () => "a Request from b:b:b",
    },
    look: () => {
      asked++;
      return Promise.resolve(perLook === null ? null : { total: look * perLook, system: 0 });
    },
  };
  const watchdog = new Watchdog({
    runs: () => said.some((line) => line.startsWith("over")) ? [] : [run as unknown as Run],
    now: () => look * 1000,
    killUnresponsive,
    onUnresponsive: (_run, text) => void said.push(`${look}: ${text}`),
    onOver: (_run, why) => void said.push(`over ${look}: ${why}`),
  });
  try {
    for (; look < looks; look++) await watchdog.look();
  } finally {
    watchdog.close();
  }
  said.push(`${asked} looks at its CPU`);
  if (fake.moves !== undefined) said.push(`${pings} pings`);
  return said;
}

const SECOND = 1e6;

Deno.test("Watchdog ends what uses cpu_seconds on one message, whether it answers or not", async () => {
  const why = "used 30 s of CPU on one message (limit cpu_seconds)";
  const answers = { perLook: SECOND, answers: true, cpuSeconds: 30 };
  assertEquals(await watch(answers, 60), [`over 31: ${why}`, "5 looks at its CPU"]);
  const [line] = await watch({ ...answers, answers: false }, 60);
  assertEquals(line, `over 31: ${why}`);
});

Deno.test("Watchdog lets a process work that finishes one message after the other", async () => {
  const busy = { perLook: SECOND, answers: true, cpuSeconds: 5, works: true };
  assertEquals(await watch(busy, 100), ["10 looks at its CPU"]);
});

Deno.test("Watchdog costs an idle process nothing, and one that awaits next to nothing", async () => {
  assertEquals(await watch({ perLook: 0, answers: true, idle: true }, 100), [
    "10 looks at its CPU",
  ]);
  const awaits = { perLook: 0, answers: true, cpuSeconds: 30 };
  assertEquals(await watch(awaits, 100), ["14 looks at its CPU"]);
});

Deno.test("Watchdog ends a start that does not finish, and one that burns its CPU time", async () => {
  const [line] = await watch({ perLook: 0, answers: true, loaded: false }, 60);
  assertEquals(line?.slice(0, 49), "over 30: its start has not finished within 30 s: ");
  const burns = { perLook: SECOND, answers: false, loaded: false, cpuSeconds: 2 };
  assertEquals(
    (await watch(burns, 60))[0],
    "over 3: used 2 s of CPU on its start (limit cpu_seconds)",
  );
});

Deno.test("Watchdog ends what gives no sign of life and uses no CPU, and not before six signs are missed", async () => {
  assertEquals((await watch({ perLook: 0, answers: false }, 6)).length, 1);
  const [line] = await watch({ perLook: 0, answers: false }, 20);
  assertEquals(
    line,
    "over 8: it has stopped: blocked, or out of memory: its heap is full (limit memory_mb 128)",
  );
});

Deno.test("Watchdog reports what takes nothing although messages wait, every 30 s, or ends it", async () => {
  const awaits = { perLook: 0, answers: true, waiting: 3 };
  const said = await watch(awaits, 70);
  assertEquals(said.map((line) => line.slice(0, 49)).slice(0, 2), [
    "30: a:a:b has taken nothing for 30 s, and 3 wait ",
    "60: a:a:b has taken nothing for 60 s, and 3 wait ",
  ]);
  assertEquals(
    (await watch(awaits, 70, true))[0],
    [
      "over 30: it has taken nothing for 30 s, and 3 wait (--kill-unresponsive)",
    ][0],
  );
});

Deno.test("Watchdog reports one line, its end, of a loop whose CPU time is over soon", async () => {
  const loops = { perLook: SECOND, answers: false };
  assertEquals((await watch({ ...loops, cpuSeconds: 40 }, 60)).length, 2);
  assertEquals((await watch({ ...loops, cpuSeconds: 100 }, 65)).length, 3);
});

Deno.test("Watchdog finds a loop that is at no message: in a timer, or behind an await", async () => {
  const [line] = await watch({ perLook: SECOND, answers: false, idle: true, cpuSeconds: 30 }, 60);
  assertEquals(line, "over 31: used 30 s of CPU in one go (limit cpu_seconds)");
  const busy = { perLook: SECOND, answers: true, idle: true, cpuSeconds: 30 };
  assertEquals((await watch(busy, 100)).length, 1);
});

Deno.test("Watchdog asks what has moved, though it is at no message, and ends it if it stands still", async () => {
  const moves = (look: number) => look < 20 ? 1 : 2;
  const quiet = { perLook: 0, idle: true, moves };
  assertEquals(await watch({ ...quiet, answers: true }, 60), ["6 looks at its CPU", "4 pings"]);
  const [line] = await watch({ ...quiet, answers: false }, 20);
  assertEquals(
    line,
    "over 8: it has stopped: blocked, or out of memory: its heap is full (limit memory_mb 128)",
  );
});

Deno.test("Watchdog does not add up what a process uses in many goes, each after a move", async () => {
  const busy = { perLook: SECOND, idle: true, moves: (look: number) => look, cpuSeconds: 5 };
  assertEquals((await watch({ ...busy, answers: true }, 100))[0], "10 looks at its CPU");
});

Deno.test("Watchdog only reports where nobody can tell the CPU (Deno 2.4)", async () => {
  const said = await watch({ perLook: null, answers: false, cpuSeconds: 5, cpuShare: 0.1 }, 40);
  assertEquals(said.length, 2);
});

Deno.test("Watchdog ends what uses more than its cpu_share over 10 s, messages or not", async () => {
  const busy = { perLook: SECOND / 2, answers: true, idle: true };
  assertEquals((await watch({ ...busy, cpuShare: 0.6 }, 40)).length, 1);
  const [line] = await watch({ ...busy, cpuShare: 0.4 }, 40);
  assertEquals(line, "over 10: used 0.50 of a core over 10 s (limit cpu_share 0.4)");
});
