import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { RecordedLoader, run, TempFolder } from "./testing.ts";
import { type Changed, FolderWatcher } from "./watch.ts";

const hello = (text: string) => `export default ${JSON.stringify(text)};\n`;

/** A loader that watches these files, once they all run. */
async function watching(home: TempFolder): Promise<RecordedLoader> {
  const recorded = new RecordedLoader(home);
  await recorded.loader.loadAll();
  recorded.loader.watch();
  recorded.lines.length = 0;
  return recorded;
}

async function valueOf(recorded: RecordedLoader, file: string): Promise<unknown> {
  return (await run(recorded.scripts.get(file)!.code)).default;
}

Deno.test("watch() starts a saved script anew, and only that one", async () => {
  await using home = new TempFolder({
    "processes/hello.ts": hello("one"),
    "processes/other.ts": hello("other"),
  });
  await using recorded = await watching(home);
  home.write("processes/hello.ts", hello("two"));
  assertEquals(await recorded.until("start"), ["start hello.ts"]);
  assertEquals(await valueOf(recorded, "hello.ts"), "two");
});

Deno.test("watch() starts a new script and stops a deleted one", async () => {
  await using home = new TempFolder({ "processes/hello.ts": hello("one") });
  await using recorded = await watching(home);
  home.write("processes/fresh.ts", hello("fresh"));
  assertEquals(await recorded.until("start"), ["start fresh.ts"]);
  home.remove("processes/hello.ts");
  assertEquals(await recorded.until("stop"), ["stop hello:hello:template.os"]);
});

Deno.test("watch() takes a rename for a stop and a start", async () => {
  await using home = new TempFolder({ "processes/old.ts": hello("one") });
  await using recorded = await watching(home);
  Deno.renameSync(home.at("processes/old.ts"), home.at("processes/new.ts"));
  assertEquals(await recorded.until("start"), ["stop old:old:template.os", "start new.ts"]);
});

Deno.test("watch() starts the importers of a shared file anew, and nobody else", async () => {
  const importer = 'import { shared } from "./lib/shared.ts";\nexport default shared;\n';
  await using home = new TempFolder({
    "processes/a.ts": importer,
    "processes/b.ts": importer,
    "processes/c.ts": hello("c"),
    "processes/lib/shared.ts": "export const shared = 1;",
  });
  await using recorded = await watching(home);
  home.write("processes/lib/shared.ts", "export const shared = 2;");
  assertEquals(await recorded.until("start b.ts"), ["start a.ts", "start b.ts"]);
  assertEquals(await valueOf(recorded, "b.ts"), 2);
});

Deno.test("watch() keeps the old version through a syntax error, and says why", async () => {
  await using home = new TempFolder({ "processes/hello.ts": hello("one") });
  await using recorded = await watching(home);
  home.write("processes/hello.ts", "export default = ;\n");
  assertEquals(await recorded.until("goes on"), [
    'hello.ts:1:16: error: Unexpected "="',
    "  1 | export default = ;",
    "    |                ^",
    "hello.ts: the version before this one goes on running",
  ]);
  // Back to what runs: nothing to do. Then a new version: that one starts.
  home.write("processes/hello.ts", hello("one"));
  home.write("processes/next.ts", hello("next"));
  assertEquals(await recorded.until("start"), ["start next.ts"]);
  home.write("processes/hello.ts", hello("two"));
  assertEquals(await recorded.until("start"), ["start hello.ts"]);
});

Deno.test("watch() keeps the old version while a file is empty, or has nothing to run yet", async () => {
  await using home = new TempFolder({ "processes/hello.ts": hello("one") });
  await using recorded = await watching(home);
  for (const text of ["", "const half = 1;\nexport const other = half;\n"]) {
    home.write("processes/hello.ts", text);
    assertEquals(await recorded.until("goes on"), [
      "hello.ts: error: there is nothing to run: it exports neither `init(our)` nor a default",
      "hello.ts: write `export default { fetch(request) { … } }`; " +
      "a helper that others import has a name with `_` before it",
      "hello.ts: the version before this one goes on running",
    ]);
  }
  home.write("processes/hello.ts", hello("two"));
  assertEquals(await recorded.until("start"), ["start hello.ts"]);
});

Deno.test("watch() starts a script when the file that it lacked appears", async () => {
  const source = 'import { late } from "./_late.ts";\nexport default late;\n';
  await using home = new TempFolder({ "processes/hello.ts": source });
  await using recorded = await watching(home);
  home.write("processes/_late.ts", "export const late = 3;");
  assertEquals(await recorded.until("start"), ["start hello.ts"]);
});

Deno.test("watch() makes one start of an atomic save and of a burst", async () => {
  await using home = new TempFolder({ "processes/hello.ts": hello("one") });
  await using recorded = await watching(home);
  home.write("processes/.hello.ts.swp", hello("atomic"));
  Deno.renameSync(home.at("processes/.hello.ts.swp"), home.at("processes/hello.ts"));
  assertEquals(await recorded.until("start"), ["start hello.ts"]);
  assertEquals(await valueOf(recorded, "hello.ts"), "atomic");
  for (let i = 0; i < 20; i++) home.write("processes/hello.ts", hello(`burst ${i}`));
  home.write("processes/z_last.ts", hello("last"));
  assertEquals(await recorded.until("z_last"), ["start hello.ts", "start z_last.ts"]);
  assertEquals(await valueOf(recorded, "hello.ts"), "burst 19");
});

/** How editors and tools replace a file, so that it is never half there. */
const saves: Record<string, (home: TempFolder, text: string) => void> = {
  "vim: the old one is moved aside, and deleted at last"(home, text) {
    Deno.renameSync(home.at("processes/hello.ts"), home.at("processes/hello.ts~"));
    home.write("processes/4913", "");
    home.remove("processes/4913");
    home.write("processes/hello.ts", text);
    home.remove("processes/hello.ts~");
  },
  "sed -i: a new one beside it takes its name"(home, text) {
    home.write("processes/sedYq3Vxb", text);
    Deno.renameSync(home.at("processes/sedYq3Vxb"), home.at("processes/hello.ts"));
  },
  "VS Code: emptied and written in place"(home, text) {
    home.write("processes/hello.ts", "");
    home.write("processes/hello.ts", text);
  },
  "a script's name with .tmp behind it, moved over it"(home, text) {
    home.write("processes/hello.ts.tmp", text);
    Deno.renameSync(home.at("processes/hello.ts.tmp"), home.at("processes/hello.ts"));
  },
};

for (const [name, save] of Object.entries(saves)) {
  Deno.test(`watch() makes one start of a save, and no stop: ${name}`, async () => {
    await using home = new TempFolder({ "processes/hello.ts": hello("one") });
    await using recorded = await watching(home);
    save(home, hello("saved"));
    home.write("processes/z_last.ts", hello("last"));
    assertEquals(await recorded.until("z_last"), ["start hello.ts", "start z_last.ts"]);
    assertEquals(await valueOf(recorded, "hello.ts"), "saved");
  });
}

Deno.test("watch() does nothing when a file is written with what it had", async () => {
  await using home = new TempFolder({ "processes/hello.ts": hello("one") });
  await using recorded = await watching(home);
  home.write("processes/hello.ts", hello("one"));
  home.write("processes/README.md", "text");
  home.write("processes/next.ts", hello("next"));
  assertEquals(await recorded.until("start"), ["start next.ts"]);
});

Deno.test("watch() keeps what runs while two files claim one id", async () => {
  await using home = new TempFolder({ "processes/hello.ts": hello("one") });
  await using recorded = await watching(home);
  home.write("processes/hello.js", hello("js"));
  const lines = await recorded.until("rename or delete");
  assert(lines.every((line) => !line.startsWith("stop")));
  home.remove("processes/hello.ts");
  assertEquals(await recorded.until("start"), ["start hello.js"]);
});

Deno.test("watch() reports a folder that vanished, and stops nothing because of it", async () => {
  await using home = new TempFolder({ "processes/hello.ts": hello("one") });
  await using recorded = await watching(home);
  Deno.renameSync(home.at("processes"), home.at("moved"));
  home.write("moved/hello.ts", hello("two"));
  const lines = await recorded.until("until it is back");
  assertStringIncludes(lines[0]!, "processes: error: cannot be read");
  assertEquals(lines.length, 2);
});

Deno.test("watch() says so when it cannot watch", async () => {
  await using home = new TempFolder();
  await using recorded = new RecordedLoader(home);
  recorded.loader.watch();
  assertStringIncludes(recorded.lines[0]!, "go unnoticed");
});

Deno.test("FolderWatcher knows what it will tell of next", async () => {
  await using folder = new TempFolder();
  const told = Promise.withResolvers<void>();
  const watcher = new FolderWatcher(folder.path, async () => {
    assert(!watcher.willTell(["first.ts"]));
    folder.write("first.ts", "again");
    while (!watcher.willTell(["first.ts"])) await Deno.stat(folder.path);
    assert(!watcher.willTell(["other.ts"]));
    told.resolve();
  });
  folder.write("first.ts", "");
  await told.promise;
  await watcher.close();
});

Deno.test("FolderWatcher tells of a change that happens while it is acted on, afterwards", async () => {
  await using folder = new TempFolder();
  const told: Changed[] = [];
  const second = Promise.withResolvers<void>();
  const watcher = new FolderWatcher(folder.path, async (changed) => {
    told.push(changed);
    if (told.length === 2) second.resolve();
    if (told.length === 1) {
      folder.write("during.ts", "");
      await Deno.stat(folder.at("during.ts"));
    }
  });
  folder.write("first.ts", "");
  await second.promise;
  await watcher.close();
  assert(told[0]!.has("first.ts"));
  assert(told[1]!.has("during.ts"));
});

/** What a FolderWatcher told, as it comes; "everything" for a look at all. */
class Told {
  readonly paths: string[] = [];
  #happened = Promise.withResolvers<void>();

  readonly act = (changed: Changed): Promise<void> => {
    this.paths.push(...changed ?? ["everything"]);
    this.#happened.resolve();
    return Promise.resolve();
  };

  /** Waits until something is told; rejects when nothing is. */
  async next(): Promise<void> {
    const late = Promise.withResolvers<never>();
    const told = this.paths.join(", ");
    const timer = setTimeout(() => late.reject(new Error(`nothing more than ${told}`)), 30_000);
    try {
      await Promise.race([this.#happened.promise, late.promise]);
      this.#happened = Promise.withResolvers();
    } finally {
      clearTimeout(timer);
    }
  }

  async until(path: string, times = 1): Promise<void> {
    while (this.paths.filter((one) => one === path).length < times) await this.next();
  }
}

Deno.test("FolderWatcher watches what can be watched, where Deno refuses the whole: new folders, too", async () => {
  await using folder = new TempFolder({ "lib/a.ts": "", "node_modules/p/index.js": "" });
  const told = new Told();
  const refusing: typeof Deno.watchFs = (paths, options) => {
    const all = [paths].flat();
    if (options?.recursive !== false) throw new Deno.errors.PermissionDenied("lost+found");
    if (all.some((path) => path.includes("node_modules"))) throw new Error("too many");
    return Deno.watchFs(paths, options);
  };
  const watcher = new FolderWatcher(folder.path, told.act, refusing);
  try {
    assertEquals(watcher.unwatched, [folder.at("node_modules")]);
    folder.write("lib/a.ts", "saved");
    await told.until("lib/a.ts");
    folder.write("later/b.ts", "");
    await told.until("later");
    // Told once for the end of the old watch, once for the new one.
    await told.until("everything", 2);
    folder.write("later/b.ts", "saved");
    await told.until("later/b.ts");
  } finally {
    await watcher.close();
  }
});

// Linux drops what is too much, folders that are new among it, and those would never be watched.
Deno.test("FolderWatcher opens its watch anew after more events at once than the system may have kept", async () => {
  await using folder = new TempFolder();
  const told = new Told();
  let opened = 0;
  const watcher = new FolderWatcher(folder.path, told.act, (...args) => {
    opened++;
    return Deno.watchFs(...args);
  });
  try {
    for (let i = 0; i < 1_500; i++) folder.write(`${i}.txt`, "");
    while (opened < 2) await told.next();
  } finally {
    await watcher.close();
  }
});
