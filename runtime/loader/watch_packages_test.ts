import { assert, assertEquals } from "@std/assert";
import { RecordedLoader, run, TempFolder } from "./testing.ts";
import { zipFiles } from "./zip_testing.ts";

const hello = (text: string) => `export default ${JSON.stringify(text)};\n`;
const manifest = (...entries: Record<string, unknown>[]) => JSON.stringify(entries);
const ONE = { process_name: "one" };
const TWO = { process_name: "two" };

/** A loader that watches these files, once they all run. */
async function watching(home: TempFolder, options = {}): Promise<RecordedLoader> {
  const recorded = new RecordedLoader(home, options);
  await recorded.loader.loadAll();
  recorded.loader.watch();
  recorded.lines.length = 0;
  return recorded;
}

async function valueOf(recorded: RecordedLoader, file: string): Promise<unknown> {
  return (await run(recorded.scripts.get(file)!.code)).default;
}

const duo = {
  "processes/duo/manifest.json": manifest(ONE, TWO),
  "processes/duo/one.ts": 'import { shared } from "./_shared.ts";\nexport default shared;\n',
  "processes/duo/two.ts": hello("two"),
  "processes/duo/_shared.ts": "export const shared = 1;\n",
  "processes/other.ts": hello("other"),
};

Deno.test("watch() starts what changed of a package anew, not its neighbours", async () => {
  await using home = new TempFolder(duo);
  await using recorded = await watching(home);
  home.write("processes/duo/_shared.ts", "export const shared = 2;\n");
  assertEquals(await recorded.until("start"), ["start duo/one.ts"]);
  assertEquals(await valueOf(recorded, "duo/one.ts"), 2);
  home.write("processes/duo/two.ts", hello("new two"));
  assertEquals(await recorded.until("start"), ["start duo/two.ts"]);
});

Deno.test("watch() follows a manifest: what changed is started anew, what was dropped is stopped", async () => {
  await using home = new TempFolder({ ...duo, "processes/duo/three.ts": hello("three") });
  await using recorded = await watching(home);
  home.write("processes/duo/manifest.json", manifest(ONE, { ...TWO, memory_mb: 64 }));
  assertEquals(await recorded.until("start"), ["start duo/two.ts"]);
  home.write("processes/duo/manifest.json", manifest(TWO, { process_name: "three" }));
  await recorded.untilAll("stop one:duo:template.os", "start duo/two.ts", "start duo/three.ts");
  // The same again: nothing to do, as the next change shows.
  home.write("processes/duo/manifest.json", manifest(TWO, { process_name: "three" }));
  home.write("processes/duo/metadata.json", '{"properties":{"package_name":"trio"}}');
  await recorded.untilAll(
    "start duo/three.ts",
    "start duo/two.ts",
    "stop three:duo:template.os",
    "stop two:duo:template.os",
  );
});

Deno.test("watch() keeps what runs while a manifest is wrong, or names a script that is gone", async () => {
  await using home = new TempFolder(duo);
  await using recorded = await watching(home);
  home.write("processes/duo/manifest.json", '[{"process_name":1}]');
  const wrong = await recorded.until("expected a string");
  assert(wrong.every((line) => !line.startsWith("stop")), wrong.join("\n"));
  home.write("processes/duo/manifest.json", manifest(ONE, TWO));
  home.write("processes/duo/two.ts", hello("new two"));
  assertEquals((await recorded.until("start")).at(-1), "start duo/two.ts");
  home.remove("processes/duo/two.ts");
  const gone = await recorded.until('there is no script "two" in the package');
  assert(gone.every((line) => !line.startsWith("stop")), gone.join("\n"));
});

Deno.test("watch() stops a package that is deleted or moved away, and starts it when it is back", async () => {
  await using home = new TempFolder(duo);
  await using recorded = await watching(home);
  Deno.renameSync(home.at("processes/duo"), home.at("away"));
  await recorded.untilAll("stop one:duo:template.os", "stop two:duo:template.os");
  Deno.renameSync(home.at("away"), home.at("processes/duo"));
  await recorded.untilAll("start duo/one.ts", "start duo/two.ts");
  // It is watched as before.
  home.write("processes/duo/two.ts", hello("again"));
  assertEquals(await recorded.until("start"), ["start duo/two.ts"]);
  home.remove("processes/duo");
  await recorded.untilAll("stop one:duo:template.os", "stop two:duo:template.os");
});

Deno.test("watch() takes a folder for a package as soon as it has a manifest, and for none without", async () => {
  await using home = new TempFolder({ "processes/duo/one.ts": hello("one") });
  await using recorded = await watching(home);
  home.write("processes/duo/manifest.json", manifest(ONE));
  assertEquals(await recorded.until("start"), ["start duo/one.ts"]);
  home.remove("processes/duo/manifest.json");
  assertEquals(await recorded.until("stop"), ["stop one:duo:template.os"]);
});

Deno.test("watch() follows a zip file: only what changed in it, not while it is half copied, and to its end", async () => {
  const files = { "manifest.json": manifest(ONE, TWO), "one.ts": hello("1"), "two.ts": hello("2") };
  await using home = new TempFolder({ "processes/duo.zip": zipFiles(files) });
  await using recorded = await watching(home);
  const next = zipFiles({ ...files, "two.ts": hello("new 2") });
  home.write("processes/duo.zip", next.slice(0, 200));
  const broken = await recorded.until("no whole zip file");
  assert(broken.every((line) => !line.startsWith("stop")), broken.join("\n"));
  home.write("processes/.duo.zip.part", next);
  Deno.renameSync(home.at("processes/.duo.zip.part"), home.at("processes/duo.zip"));
  assertEquals((await recorded.until("start")).at(-1), "start duo.zip/two.ts");
  assertEquals(await valueOf(recorded, "duo.zip/two.ts"), "new 2");
  home.remove("processes/duo.zip");
  await recorded.untilAll("stop one:duo:template.os", "stop two:duo:template.os");
});

Deno.test("watch() starts a script as soon as the npm package that it lacks is whole, in whatever order it comes", async () => {
  await using home = new TempFolder({
    "processes/hello.ts": 'import { text } from "p";\nexport default text;\n',
  });
  await using recorded = await watching(home);
  home.write("processes/node_modules/p/package.json", '{"name":"p","main":"m.js"}');
  await recorded.until("the package p has no file for the web");
  home.write("processes/node_modules/p/m.js", 'export * from "./lib/text";\n');
  await recorded.until('"./lib/text" is not in the package of node_modules/p/m.js');
  home.write("processes/node_modules/p/lib/text.js", 'export const text = "whole";\n');
  assertEquals((await recorded.until("start")).at(-1), "start hello.ts");
  assertEquals(await valueOf(recorded, "hello.ts"), "whole");
});

Deno.test("watch() goes on when the folder itself vanishes and comes back", async () => {
  await using home = new TempFolder(duo);
  await using recorded = await watching(home);
  Deno.renameSync(home.at("processes"), home.at("away"));
  await recorded.until("until it is back");
  Deno.mkdirSync(home.at("processes"));
  home.write("processes/other.ts", hello("another"));
  await recorded.untilAll(
    "start other.ts",
    "stop one:duo:template.os",
    "stop two:duo:template.os",
  );
  home.write("processes/other.ts", hello("and watched"));
  assertEquals(await recorded.until("start"), ["start other.ts"]);
});

Deno.test("a config's id is the name: a change of it is a stop and a start, and a free name is taken", async () => {
  const named = (id: string) => `export const config = { id: "${id}" };\n${hello(id)}`;
  await using home = new TempFolder({
    "processes/a.ts": named("x:y:me.os"),
    "processes/b.ts": named("free:y:me.os"),
  });
  await using recorded = await watching(home);
  home.write("processes/b.ts", named("x:y:me.os"));
  await recorded.until("b.ts: the version before this one goes on running");
  home.write("processes/a.ts", named("z:y:me.os"));
  assertEquals(await recorded.until("start b.ts"), [
    "stop x:y:me.os",
    "start a.ts",
    "stop free:y:me.os",
    "start b.ts",
  ]);
});

Deno.test("--strict: a grant that is added, changed or taken back starts its process anew, nobody else", async () => {
  await using home = new TempFolder({
    "processes/a.ts": hello("a"),
    "processes/b.ts": hello("b"),
  });
  await using recorded = await watching(home, { strict: true });
  const rights = () => recorded.scripts.get("a.ts")!.rights.requests.length;
  assertEquals(rights(), 0);
  home.write("grants.json", '{ "a:a:template.os": "asked" }');
  assertEquals(await recorded.until("start"), ["start a.ts"]);
  assertEquals(rights(), 7);
  home.remove("grants.json");
  assertEquals(await recorded.until("start"), ["start a.ts"]);
  assertEquals(rights(), 0);
});
