import { assertEquals } from "@std/assert";
import { randomBytes, TempHome, write } from "./testing.ts";
import { findWalDamage } from "./wal.ts";

const LOG = "kernel.sqlite-wal";
const HEAD = 32;
const FRAME = 24 + 4096;

/** A home as a killed node leaves it: five transactions of two frames in the log. */
function killedHome(): TempHome {
  using home = new TempHome();
  return home.with((database) => {
    database.run([write("a", randomBytes(5000))]);
    database.tidy();
    for (let i = 0; i < 5; i++) database.run([write("a", randomBytes(5000))]);
    return home.killedCopy();
  });
}

function damaged(change: (home: TempHome, size: number) => void): string | null {
  using home = killedHome();
  change(home, Deno.statSync(home.at(LOG)).size);
  return findWalDamage(home.at(LOG));
}

Deno.test("findWalDamage() finds a log whole that was cut off anywhere, as by a kill", () => {
  using home = killedHome();
  let size = Deno.statSync(home.at(LOG)).size;
  assertEquals(size, HEAD + 10 * FRAME);
  for (; size > 0; size -= 977) {
    Deno.truncateSync(home.at(LOG), size);
    assertEquals(findWalDamage(home.at(LOG)), null, `cut to ${size}`);
  }
});

Deno.test("findWalDamage() finds a log whole whose last transaction is half there, as after a power cut", () => {
  const last = (home: TempHome, size: number) => home.overwrite(LOG, size - 100, randomBytes(50));
  const beforeLast = (home: TempHome, size: number) =>
    home.overwrite(LOG, size - FRAME - 100, randomBytes(FRAME));
  const behind = (home: TempHome, size: number) => home.overwrite(LOG, size, randomBytes(10_000));
  assertEquals([damaged(last), damaged(beforeLast), damaged(behind)], [null, null, null]);
});

Deno.test("findWalDamage() finds what SQLite would drop without a word: damage before the last transactions", () => {
  const first = "its frame 1 is damaged, and frames behind it are not";
  assertEquals(damaged((home) => home.overwrite(LOG, HEAD + 100, randomBytes(8))), first);
  assertEquals(damaged((home) => home.overwrite(LOG, HEAD, new Uint8Array(FRAME))), first);
  const third = damaged((home) => home.overwrite(LOG, HEAD + 2 * FRAME + 4, randomBytes(4)));
  assertEquals(third, "its frame 3 is damaged, and frames behind it are not");
});

Deno.test("findWalDamage() finds a header that is none", () => {
  const header = "its header is not that of a write-ahead log";
  for (const at of [0, 5, 9, 13, 17, 21, 25, 31]) {
    const flip = (home: TempHome) => {
      const byte = Deno.readFileSync(home.at(LOG))[at]!;
      home.overwrite(LOG, at, Uint8Array.of(byte ^ 0x10));
    };
    assertEquals(damaged(flip), header, `byte ${at}`);
  }
  const all = (home: TempHome, size: number) => home.overwrite(LOG, 0, randomBytes(size));
  const none = (home: TempHome, size: number) => home.overwrite(LOG, 0, new Uint8Array(size));
  assertEquals([damaged(all), damaged(none)], [header, header]);
});

Deno.test("findWalDamage() knows old transactions behind new ones for what they are", () => {
  using home = new TempHome();
  home.with((database) => {
    // After 1,000 pages SQLite starts the log anew, over the old frames.
    for (let i = 0; i < 5; i++) database.run([write("a", randomBytes(1_000_000))]);
    for (let i = 0; i < 2; i++) database.run([write("b", randomBytes(100))]);
    using copy = home.killedCopy();
    assertEquals(Deno.statSync(copy.at(LOG)).size > 4_000_000, true, "old frames are there");
    assertEquals(findWalDamage(copy.at(LOG)), null);
  });
});
