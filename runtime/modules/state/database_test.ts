import { assertEquals, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { STATE_FREE_BYTES_MIN } from "./limits.ts";
import { Database } from "./database.ts";
import { StoreUnusable } from "./store_protocol.ts";
import { randomBytes, TempHome, thrown, write } from "./testing.ts";

const FILE = "kernel.sqlite";
const LOG = "kernel.sqlite-wal";
const PAGE = 4096;
const keys = [..."abcdefgh"].map((name) => `${name}:x:y`);
const states = new Map(keys.map((key, i) => [key, randomBytes(10 + 5000 * i)]));

/** A home with some states, closed in order. */
function closedHome(): TempHome {
  const home = new TempHome();
  home.with((database) => {
    for (const [key, bytes] of states) database.run([write(key, bytes)]);
  });
  return home;
}

/** The same as a killed node leaves it: some of it in the database, some in the log. */
function killedHome(): TempHome {
  using home = new TempHome();
  return home.with((database) => {
    [...states].forEach(([key, bytes], i) => {
      database.run([write(key, bytes)]);
      if (i === 3) database.tidy();
    });
    return home.killedCopy();
  });
}

/** Refuses to open it, says so with all of `parts`, and leaves every byte as it was. */
function assertRefused(home: TempHome, ...parts: string[]): void {
  const before = home.snapshot();
  const error = thrown(() => Database.open(home.path));
  assertEquals(error instanceof StoreUnusable, true, error.stack);
  for (const part of parts) assertStringIncludes(error.message, part);
  assertEquals(home.snapshot(), before, error.message);
}

/** Nothing is lost, nothing is torn. */
function assertWhole(home: TempHome): void {
  home.with((database) => {
    for (const [key, bytes] of states) {
      assertEquals(database.run([{ verb: "read", table: "state", key }]), [{
        rows: [{ key, bytes }],
      }]);
    }
  });
}

const spoil = {
  "cut to nothing": (home: TempHome) => Deno.truncateSync(home.at(FILE), 0),
  "cut within a page": (home: TempHome) => Deno.truncateSync(home.at(FILE), 10_000),
  "cut after a page": (home: TempHome) => Deno.truncateSync(home.at(FILE), 2 * PAGE),
  "a garbage header": (home: TempHome) => home.overwrite(FILE, 0, randomBytes(100)),
  "a zeroed header": (home: TempHome) => home.overwrite(FILE, 0, new Uint8Array(100)),
  "a zeroed page": (home: TempHome) => home.overwrite(FILE, 3 * PAGE, new Uint8Array(PAGE)),
  "all garbage": (home: TempHome) => Deno.writeFileSync(home.at(FILE), randomBytes(50_000)),
  "a text": (home: TempHome) => Deno.writeTextFileSync(home.at(FILE), "not a database"),
  "another program's": (home: TempHome) => {
    Deno.removeSync(home.at(FILE));
    new DatabaseSync(home.at(FILE)).exec("CREATE TABLE t (a)");
  },
};

for (const [how, change] of Object.entries(spoil)) {
  Deno.test(`open() refuses a kernel.sqlite that is damaged, and does not touch it: ${how}`, () => {
    using home = closedHome();
    change(home);
    assertRefused(home, `Cannot open "${home.at(FILE)}"`, "nothing was changed", "Put a copy");
  });
}

Deno.test("open() refuses every damaged page, also where SQLite sees nothing wrong, or nothing is lost", () => {
  for (const make of [closedHome, killedHome]) {
    using whole = make();
    const pages = Deno.statSync(whole.at(FILE)).size / PAGE;
    let refused = 0;
    for (let page = 0; page < pages; page++) {
      using home = new TempHome();
      for (const { name } of Deno.readDirSync(whole.path)) {
        Deno.copyFileSync(whole.at(name), home.at(name));
      }
      home.overwrite(FILE, page * PAGE + 1000 + page, randomBytes(50));
      const before = home.snapshot();
      try {
        // A page that the log holds too, or whose gap was hit.
        assertWhole(home);
      } catch (error) {
        if (!(error instanceof StoreUnusable)) throw error;
        assertEquals(home.snapshot(), before);
        refused++;
      }
    }
    assertEquals(refused > pages / 4, true, `${refused} of ${pages}`);
  }
});

Deno.test("open() finds everything after a kill, and the log is tidied away in the end", () => {
  using home = killedHome();
  assertWhole(home);
  assertEquals([...Deno.readDirSync(home.path)].map(({ name }) => name).sort(), [
    "kernel.lock",
    FILE,
  ]);
});

Deno.test("open() refuses a damaged log, and does not touch it", () => {
  using garbage = killedHome();
  garbage.overwrite(LOG, 0, randomBytes(100));
  assertRefused(garbage, `"${garbage.at(LOG)}"`, "its header is not that of a write-ahead log");
  using middle = killedHome();
  middle.overwrite(LOG, 5000, randomBytes(100));
  assertRefused(middle, `"${middle.at(LOG)}"`, "its frame 2 is damaged");
});

Deno.test("open() refuses a damaged database beside a whole log, and moves nothing from one to the other", () => {
  using home = killedHome();
  home.overwrite(FILE, 0, randomBytes(PAGE));
  home.overwrite(FILE, 2 * PAGE, randomBytes(2 * PAGE));
  assertRefused(home, "is damaged");
});

Deno.test("open() refuses a log without its database", () => {
  using home = killedHome();
  Deno.removeSync(home.at(FILE));
  assertRefused(home, `"${home.at(LOG)}"`, "its kernel.sqlite is missing");
});

Deno.test("open() refuses a folder in a file's place, and files that no node writes", () => {
  using folder = new TempHome();
  Deno.mkdirSync(folder.at(FILE));
  assertRefused(folder, `Cannot open "${folder.at(FILE)}": it is not a file`);
  using journal = closedHome();
  Deno.writeFileSync(journal.at("kernel.sqlite-journal"), randomBytes(2000));
  assertRefused(journal, "kernel.sqlite-journal", "Move it away");
  using lockFolder = closedHome();
  Deno.removeSync(lockFolder.at("kernel.lock"));
  Deno.mkdirSync(lockFolder.at("kernel.lock"));
  assertRefused(lockFolder, `"${lockFolder.at("kernel.lock")}"`, "must be able to read and write");
  using lock = closedHome();
  Deno.writeFileSync(lock.at("kernel.lock"), randomBytes(2000));
  assertRefused(lock, `"${lock.at("kernel.lock")}"`, "delete it");
});

Deno.test("open() refuses what a newer kinode wrote", () => {
  using home = closedHome();
  const database = new DatabaseSync(home.at(FILE));
  database.exec("PRAGMA user_version = 7");
  database.close();
  assertRefused(home, home.at(FILE), "format 7; this one knows 1", "Start the newer one");
});

Deno.test("open() refuses a database that another program writes to", () => {
  using home = closedHome();
  const other = new DatabaseSync(home.at(FILE));
  other.exec("BEGIN IMMEDIATE");
  const error = thrown(() => Database.open(home.path));
  assertStringIncludes(error.message, "another program has it open");
  other.close();
  assertWhole(home);
});

Deno.test("a home that was never completed is begun anew", () => {
  using home = new TempHome();
  Deno.writeFileSync(home.at("kernel.sqlite.new"), randomBytes(5000));
  home.with((database) => database.run([write("a", randomBytes(10))]));
  assertEquals([...Deno.readDirSync(home.path)].map(({ name }) => name).sort(), [
    "kernel.lock",
    FILE,
  ]);
});

Deno.test({
  name: "kernel.sqlite and its log are readable for their owner alone",
  ignore: Deno.build.os === "windows",
  fn() {
    using home = new TempHome();
    home.with((database) => {
      database.run([write("a", randomBytes(10))]);
      const modes = [FILE, LOG].map((name) => Deno.statSync(home.at(name)).mode! & 0o777);
      assertEquals(modes, [0o600, 0o600]);
    });
  },
});

Deno.test("run() gives each its own outcome when the transaction fails, and keeps the rest", () => {
  using home = new TempHome();
  const database = Database.open(home.path, { pagesMax: 30 });
  const large = randomBytes(200_000);
  const outcomes = database.run([
    write("a", Uint8Array.of(1)),
    write("b", large),
    { verb: "read", table: "state", key: "b" },
    write("c", Uint8Array.of(3)),
    { verb: "remove", table: "state", key: "a" },
    { verb: "list", table: "state" },
  ]);
  assertEquals(outcomes, [
    { rows: [] },
    { failed: "database or disk is full" },
    { rows: [] },
    { rows: [] },
    { rows: [] },
    { rows: [{ key: "c", bytes: Uint8Array.of(3) }] },
  ]);
  database.close();
  home.with((again) => assertEquals(again.run([write("b", large)]), [{ rows: [] }]));
});

Deno.test("run() keeps room on the disk for removing things", () => {
  using home = new TempHome();
  let free = STATE_FREE_BYTES_MIN + 2;
  const database = Database.open(home.path, { freeBytes: () => free });
  const small = write("a", Uint8Array.of(1));
  assertEquals(database.run([small]), [{ rows: [] }]);
  const large = database.run([write("b", randomBytes(2)), small]);
  const failed = "the disk is full: 8388610 bytes are left, of which 8388608 stay free";
  assertEquals(large, [{ failed }, { rows: [] }]);
  free = 0;
  assertEquals("failed" in database.run([small])[0]!, true);
  assertEquals(database.run([{ verb: "remove", table: "state", key: "a" }]), [{ rows: [] }]);
  database.close();
});

Deno.test({
  name: "run() acknowledges nothing that goes into a removed file",
  ignore: Deno.build.os === "windows",
  fn() {
    for (const name of [FILE, LOG]) {
      using home = closedHome();
      const database = Database.open(home.path);
      Deno.removeSync(home.at(name));
      Deno.writeTextFileSync(home.at(name), "another");
      const [outcome] = database.run([write("a", Uint8Array.of(1))]);
      assertStringIncludes((outcome as { failed: string }).failed, "moved or removed");
      database.close();
    }
  },
});
