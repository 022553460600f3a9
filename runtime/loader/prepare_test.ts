import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Bundler } from "./bundle.ts";
import { FolderUnusable, prepareFolder } from "./prepare.ts";
import { Sources } from "./sources.ts";
import { LIBRARY_NAMES, run, TempFolder } from "./testing.ts";

/** Prepares, and gives what was said. */
async function prepare(folder: string): Promise<[outcome: string, ...lines: string[]]> {
  const lines: string[] = [];
  const line = (text: string) => void lines.push(text);
  return [await prepareFolder(folder, { info: line, warn: line }), ...lines];
}

Deno.test("prepareFolder() makes a folder with a README, what editors need, and a process that runs", async () => {
  await using home = new TempFolder();
  const folder = home.at("deep/processes");
  assertEquals(await prepare(folder), [
    "created",
    `made the folder ${folder}, with a hello.ts to begin with`,
  ]);
  assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
    "README.md",
    "deno.json",
    "hello.ts",
    "kinode.d.ts",
  ]);
  const bundler = new Bundler(new Sources(folder), LIBRARY_NAMES);
  const { output, problems } = await bundler.bundle("hello.ts");
  bundler.close();
  assertEquals(problems, []);
  const { fetch } = (await run(output!.code)).default as { fetch(request: Request): Response };
  const response = fetch(new Request("http://localhost:8080/hello"));
  assertEquals(await response.text(), "hello from /hello\n");
});

Deno.test("prepareFolder() leaves a folder alone that exists, even an empty one", async () => {
  await using home = new TempFolder();
  Deno.mkdirSync(home.at("processes"));
  assertEquals(await prepare(home.at("processes")), ["found"]);
  assertEquals([...Deno.readDirSync(home.at("processes"))], []);
});

Deno.test("prepareFolder() says which path cannot be used, and why", async () => {
  await using home = new TempFolder({ "file": "" });
  const error = await assertRejects(() => prepare(home.at("file")), FolderUnusable);
  assertEquals(error.message, `${home.at("file")} is a file; processes need a folder`);
  const below = await assertRejects(() => prepare(home.at("file/below")), FolderUnusable);
  assertStringIncludes(below.message, home.at("file/below"));
});
