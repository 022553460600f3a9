import { assertEquals } from "@std/assert";
import type { Run } from "./run.ts";
import { Watchdog } from "./watchdog.ts";

/** A life that misses every sign from its third on, and uses so much CPU between two looks. */
class FakeRun {
  missed = -2;
  cpu = 0;
  constructor(readonly perLook: number | null) {}
  readonly endpoint = { ping: () => Math.max(0, this.missed++) };
  look(): Promise<number | null> {
    if (this.perLook === null) return Promise.resolve(null);
    this.cpu += this.perLook;
    return Promise.resolve(this.cpu);
  }
}

async function watch(run: FakeRun, looks: number): Promise<string[]> {
  const said: string[] = [];
  const watchdog = new Watchdog({
    runs: () => said.includes("stopped") ? [] : [run as unknown as Run],
    onSilent: (_run, seconds) => void said.push(`silent ${seconds}`),
    onStopped: () => void said.push("stopped"),
  });
  try {
    for (let i = 0; i < looks; i++) await watchdog.look();
  } finally {
    watchdog.close();
  }
  return said;
}

Deno.test("Watchdog ends what gives no sign of life and uses no CPU, and not before six signs are missed", async () => {
  assertEquals(await watch(new FakeRun(0), 8), []);
  assertEquals(await watch(new FakeRun(0), 20), ["stopped"]);
});

Deno.test("Watchdog reports what burns CPU, every 30 s, and lets it live", async () => {
  assertEquals(await watch(new FakeRun(900_000), 70), ["silent 30", "silent 60"]);
});

Deno.test("Watchdog only reports where nobody can tell the CPU (Deno 2.4)", async () => {
  assertEquals(await watch(new FakeRun(null), 40), ["silent 30"]);
});
