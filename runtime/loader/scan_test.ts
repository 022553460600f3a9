import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { parseProcessId } from "../protocol/address.ts";
import { linesOf } from "./problem.ts";
import { Scanner } from "./scan.ts";
import { Sources } from "./sources.ts";
import { TempFolder } from "./testing.ts";

const scanFolder = (path: string) => new Scanner(path, new Sources(path)).scan(null);

async function scan(...files: string[]) {
  await using folder = new TempFolder(Object.fromEntries(files.map((file) => [file, ""])));
  const { scripts, contested, problems } = await scanFolder(folder.path);
  return {
    files: scripts.map(({ file }) => file),
    ids: scripts.map(({ id }) => id as string),
    contested: [...contested] as string[],
    lines: problems.flatMap(linesOf),
  };
}

Deno.test("scanFolder() takes the scripts of the top level, by name", async () => {
  const { files, ids, lines } = await scan(
    "z.ts",
    "a.js",
    "my_chat-2.mts",
    "page.tsx",
    "old.mjs",
    "view.jsx",
    "test.ts",
    "lib/helper.ts",
    "README.md",
    "data.json",
  );
  assertEquals(files, [
    "a.js",
    "my_chat-2.mts",
    "old.mjs",
    "page.tsx",
    "test.ts",
    "view.jsx",
    "z.ts",
  ]);
  assertEquals(ids[1], "my_chat-2:my_chat-2:template.os");
  assertEquals(lines, []);
});

Deno.test("scanFolder() leaves out helpers, hidden files, tests and declarations", async () => {
  const { files, lines } = await scan(
    "_util.ts",
    ".hidden.ts",
    "hello_test.ts",
    "hello.test.js",
    "kinode.d.ts",
    "x.d.mts",
    "hello.ts~",
    "hello.ts.swp",
    "ts",
  );
  assertEquals([files, lines], [[], []]);
});

Deno.test("scanFolder() says what to rename, and takes the others", async () => {
  const { files, lines } = await scan(
    "Hello World.ts",
    "my.app.js",
    "Ünïcode.mts",
    "¿.ts",
    "ok.ts",
  );
  assertEquals(files, ["ok.ts"]);
  for (const hint of ["hello-world.ts", "my-app.js", "unicode.mts"]) {
    assertStringIncludes(lines.join("\n"), `rename it to ${hint}`);
  }
  assertStringIncludes(lines.join("\n"), "give it a name of a-z, 0-9, `-` and `_`");
});

Deno.test("scanFolder() reports two files with one name, and takes the others", async () => {
  const { files, contested, lines } = await scan("hello.ts", "hello.js", "other.ts");
  assertEquals(files, ["other.ts"]);
  assertEquals(contested, [parseProcessId("hello:hello:template.os")]);
  assertEquals(lines, [
    "hello.js: error: hello.js and hello.ts would both be the process hello:hello:template.os",
    "hello.js: rename or delete all but one of them",
  ]);
});

Deno.test({
  name: "scanFolder() refuses links that leave the folder",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using outside = new TempFolder({ "secret.ts": "" });
    await using folder = new TempFolder({ "real.ts": "", "lib/inner.ts": "" });
    Deno.symlinkSync(outside.at("secret.ts"), folder.at("out.ts"));
    Deno.symlinkSync("nowhere.ts", folder.at("broken.ts"));
    Deno.symlinkSync("lib", folder.at("folder.ts"));
    Deno.symlinkSync("lib/inner.ts", folder.at("inner.ts"));
    const { scripts, problems } = await scanFolder(folder.path);
    assertEquals(scripts.map(({ file }) => file), ["inner.ts", "real.ts"]);
    const text = problems.flatMap(linesOf).join("\n");
    assertStringIncludes(text, "out.ts: error: this link leaves the processes folder");
    assertStringIncludes(text, "broken.ts: error: this link leads nowhere");
  },
});

Deno.test("scanFolder() throws when there is no folder", async () => {
  await using folder = new TempFolder();
  await assertRejects(() => scanFolder(folder.at("none")), Deno.errors.NotFound);
});
