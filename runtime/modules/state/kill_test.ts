/**
 * The promise of protocol/store.ts, kept against `kill -9`: a child saves, we kill it at a random moment, and look
 * at what is there. 20 kills; 200 with FULL=1.
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import type { ProcessId } from "../../protocol/address.ts";
import { readNumber } from "./numbered.ts";
import { rejected, TempHome } from "./testing.ts";

const KILLS = Deno.env.get("FULL") === "1" ? 200 : 20;
/** So often the same home is used: what an earlier kill left is there in the next round. */
const ROUNDS_PER_HOME = 10;

const script = fromFileUrl(new URL("./kill_child.ts", import.meta.url));

function spawn(home: TempHome): Deno.ChildProcess {
  const args = ["run", "-A", "--no-check", "--no-prompt", "--unstable-worker-options", script];
  const command = new Deno.Command(Deno.execPath(), {
    args: [...args, home.path],
    stdout: "piped",
  });
  return command.spawn();
}

/** Kills it after `count` lines and `ms` more; gives the last number that it acknowledged for each process. */
async function killAfter(child: Deno.ChildProcess, count: number, ms: number) {
  const acknowledged = new Map<ProcessId, number>();
  const lines = child.stdout.pipeThrough(new TextDecoderStream());
  let rest = "";
  let seen = 0;
  let doomed = false;
  // To its end: what it had written before it died counts.
  for await (const text of lines) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    for (const line of parts) {
      const [id, number] = line.split(" ");
      acknowledged.set(id as ProcessId, Number(number));
    }
    seen += parts.length;
    if (seen < count || doomed) continue;
    doomed = true;
    setTimeout(() => child.kill("SIGKILL"), ms);
  }
  assertEquals((await child.status).signal, "SIGKILL");
  return acknowledged;
}

/** Each acknowledged number, or a later one, is there and whole. (Opening it runs SQLite's integrity check.) */
async function assertNothingLost(home: TempHome, acknowledged: Map<ProcessId, number>) {
  const store = await home.open();
  for (const [id, number] of acknowledged) {
    const found = readNumber(await store.getState(id));
    // The one after the last acknowledged may have been on the disk already.
    assertEquals(found === number || found === number + 1, true, `${id}: ${number}, now ${found}`);
  }
  await store.close();
  assertEquals(home.lines, []);
}

Deno.test(`what was acknowledged survives kill -9, whole, ${KILLS} times at random moments`, async () => {
  for (let done = 0; done < KILLS;) {
    using home = new TempHome();
    for (let round = 0; round < ROUNDS_PER_HOME; round++, done++) {
      const child = spawn(home);
      const count = 1 + Math.floor(Math.random() ** 2 * 1000);
      const acknowledged = await killAfter(child, count, Math.random() * 5);
      await assertNothingLost(home, acknowledged);
    }
  }
});

Deno.test("a home is in use by another node until that one is killed", async () => {
  using home = new TempHome();
  const child = spawn(home);
  const reader = child.stdout.getReader();
  await reader.read();
  assertStringIncludes((await rejected(home.open())).message, "another node runs on it");
  child.kill("SIGKILL");
  // It may still be dying: the store waits a moment for the lock.
  const store = await home.open();
  await store.close();
  while (!(await reader.read()).done);
  await child.status;
});
