import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { load, RecordedLoader, TempFolder } from "./testing.ts";
import { zipFiles, zipOf } from "./zip_testing.ts";

const HELLO = 'export default { fetch: () => new Response("hello") };\n';

Deno.test("a wrong field is named with file, line and JSON path, and nothing of the package starts", async () => {
  const wrong: [manifest: string, lines: string[]][] = [
    ["[{]", ["chat/manifest.json:1:3: error: manifest: not JSON"]],
    ["", ["chat/manifest.json:1:1: error: manifest: not JSON (Unexpected end of JSON input)"]],
    ['[{"process_name":\n"a"}', ["chat/manifest.json:2:5: error: manifest: not JSON (Expected"]],
    ['// mine\n[{"process_name":"a"}]', [
      "chat/manifest.json:1:1: error: manifest: not JSON (Unexpected token '/')",
      "  1 | // mine",
      "    | ^",
      'chat/manifest.json: JSON has texts and names in "…", no comments, no comma before ] or }',
    ]],
    ['[{"process_name":"a"},\n]', [
      "chat/manifest.json:2:1: error: manifest: not JSON (Unexpected token ']')",
    ]],
    ["{}", [
      "chat/manifest.json:1:1: error: manifest: expected an array",
      "  1 | {}",
      "    | ^^",
      'chat/manifest.json: it is a list with one entry per process: [{ "process_name": "chat" }]',
    ]],
    ["[]", ["chat/manifest.json:1:1: error: manifest: expected one entry per process, got none"]],
    ['[\n  {"public":true}]', [
      "chat/manifest.json:2:3: error: manifest[0].process_name: expected a string",
      '  2 |   {"public":true}]',
    ]],
    ['[{"process_name":"a.b"}]', ["chat/manifest.json:1:3: error: manifest[0].process_name: "]],
    ['[{"process_name":"a"},\n {"process_name":"a"}]', [
      "chat/manifest.json:2:3: error: manifest[1].process_name: there are two processes called a",
    ]],
    ['[{"process_name":"a",\n"on_exit":"Never"}]', [
      "chat/manifest.json:2:1: error: manifest[0].on_exit: unknown variant `Never`",
    ]],
    ['[{"process_name":"a","request_capabilities":["x"]}]', [
      "chat/manifest.json:1:46: error: manifest[0].request_capabilities[0]: ",
    ]],
    ['[{"process_name":"a"}]', [
      'chat/manifest.json:1:3: error: manifest[0].process_name: there is no script "a" in the package',
    ]],
    ['[{"process_name":"a","process_wasm_path":"/b.wasm"}]', [
      "chat/manifest.json:1:22: error: manifest[0].process_wasm_path: this node runs scripts, " +
      "not WASM, and there is no script chat/b.ts in its place",
    ]],
    ['[{"process_name":"a","process_wasm_path":"/../chat.ts"}]', [
      'chat/manifest.json:1:22: error: manifest[0].process_wasm_path: there is no script "/../chat.ts"',
    ]],
  ];
  for (const [manifest, expected] of wrong) {
    const { lines } = await load({ "chat/manifest.json": manifest, "chat/chat.ts": HELLO });
    assert(lines.every((line) => !line.startsWith("start")), manifest);
    for (const [i, text] of expected.entries()) {
      assert(lines[i]?.startsWith(text), `${lines[i]} begins not with ${text}`);
    }
  }
});

Deno.test("all that is wrong in a package's files is said at once, and what means nothing beside it", async () => {
  const { lines } = await load({
    "chat/manifest.json":
      '[{"public":"yes",\n"on_exit":"Never"},\n{"process_name":"b","memory_mb":-1,"publik":true}]',
    "chat/metadata.json": '{"properties":{"package_name":7,\n"publisher":"no dot"}}',
    "chat/b.ts": HELLO,
  });
  const places = lines.filter((line) => line.startsWith("chat/m")).map((line) =>
    line.split(": ").slice(0, 3).join(": ")
  );
  assertEquals(places.filter((place) => /:\d+: /.test(place)), [
    "chat/manifest.json:1:2: error: manifest[0].process_name",
    "chat/manifest.json:2:1: error: manifest[0].on_exit",
    "chat/manifest.json:1:3: error: manifest[0].public",
    "chat/manifest.json:3:21: error: manifest[1].memory_mb",
    "chat/manifest.json:3:36: warning: manifest[1].publik means nothing",
    "chat/metadata.json:1:16: error: metadata.properties.package_name",
    "chat/metadata.json:2:1: error: metadata.properties.publisher",
  ]);
  assert(lines.every((line) => !line.startsWith("start")));
});

Deno.test("an unknown field of a manifest is a warning, metadata.json is checked as well", async () => {
  const misspelt = await load({
    "chat/manifest.json": '[{"process_name":"chat","publik":true}]',
    "chat/chat.ts": HELLO,
  });
  assertEquals(
    misspelt.lines[0],
    "chat/manifest.json:1:25: warning: manifest[0].publik means nothing",
  );
  assertStringIncludes(misspelt.lines.join("\n"), 'did you mean "public"?');
  assertEquals(misspelt.lines.at(-1), "start chat/chat.ts");
  const planned = await load({
    "chat/manifest.json": '[{"process_name":"chat","schedule":["0 3 * * *"]}]',
    "chat/chat.ts": `export const config = { schedule: ["0 3 * * *"] };\n${HELLO}`,
  });
  assertEquals(planned.lines.map((line) => line.split(": ").slice(0, 2).join(": ")), [
    "chat/manifest.json:1:25: warning",
    '  1 | [{"process_name":"chat","schedule":["0 3 * * *"]}]',
    "    |                         ^^^^^^^^^^^^^^^^^^^^^^^^",
    "chat/manifest.json: write it into the script",
    "start chat/chat.ts",
  ]);
  const wrong = await load({
    "chat/manifest.json": '[{"process_name":"chat"}]',
    "chat/metadata.json": '{"properties":{"publisher":"No One"}}',
    "chat/chat.ts": HELLO,
  });
  assertStringIncludes(
    wrong.lines[0]!,
    "chat/metadata.json:1:16: error: metadata.properties.publisher: ",
  );
  const name = await load({
    "My Chat/manifest.json": '[{"process_name":"chat"}]',
    "My Chat/chat.ts": HELLO,
  });
  assertStringIncludes(
    name.lines[0]!,
    'My Chat: error: Cannot parse "process:My Chat:template.os"',
  );
});

Deno.test("zip files that are refused are named, with the entry, and stop nothing else", async () => {
  const { lines } = await load({
    "slip.zip": zipOf([{ name: "manifest.json", bytes: "[]" }, { name: "../../evil.ts" }]),
    "empty.zip": zipFiles({ "readme.txt": "" }),
    "broken.zip": "this is no zip file",
    "deep.zip": zipFiles({ "read.me": "", "in/chat/manifest.json": "[]" }),
    "dir.zip/chat.ts": HELLO,
    "old.tar.gz": "",
    "hello.ts": HELLO,
  });
  const text = lines.join("\n");
  assertStringIncludes(
    text,
    "slip.zip: error: it is no whole zip file: invalid relative path: ../",
  );
  assertStringIncludes(text, "empty.zip: error: there is no manifest.json in this zip file");
  assertStringIncludes(text, "broken.zip: error: it is no whole zip file");
  assertStringIncludes(text, "deep.zip: zip the folder in/chat by itself");
  assertStringIncludes(text, "dir.zip: give it a name that does not end in .zip");
  assertStringIncludes(text, "old.tar.gz: warning: packages are folders or zip files");
  assertEquals(lines.at(-1), "start hello.ts");
});

Deno.test("a folder that may be meant as a package, and is none, is named once, if nothing is imported of it", async () => {
  const { lines } = await load({
    "chat/chat.ts": HELLO,
    "kino/metadata.json": "{}",
    "greet/index.ts": "export const a = 1;",
    "lib/words.ts": HELLO,
    "hello.ts": `import { a } from "./greet/index.ts";\n${HELLO}export { a };`,
  });
  assertEquals(lines, [
    "start hello.ts",
    ...["chat", "kino"].flatMap((name) => [
      `${name}: warning: this folder has no manifest.json, so nothing of it runs`,
      `${name}: a package has one: [{ "process_name": "chat" }] for the script chat.ts beside it`,
    ]),
  ]);
});

Deno.test({
  name:
    "a package whose manifest cannot be looked at goes on running, and is named; its neighbours do not notice",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using home = new TempFolder({
      "processes/chat/manifest.json": '[{"process_name":"chat"}]',
      "processes/chat/chat.ts": HELLO,
    });
    await using recorded = new RecordedLoader(home);
    await recorded.loader.loadAll();
    // As root no permission is missing; a link to itself is as unreadable.
    home.remove("processes/chat/manifest.json");
    Deno.symlinkSync("manifest.json", home.at("processes/chat/manifest.json"));
    home.write("processes/hello.ts", HELLO);
    await recorded.loader.loadAll();
    assertEquals(recorded.lines.map((line) => line.replace(/: (?:Too many|File).*/, "")), [
      "start chat/chat.ts",
      "chat: error: cannot be read",
      "start hello.ts",
    ]);
  },
});

Deno.test("of ten thousand fields that mean nothing fifty are told, and how many there are more", async () => {
  const fields = Array.from({ length: 10_000 }, (_, i) => `"a${i}":0`).join();
  await using home = new TempFolder({
    "processes/chat/manifest.json": `[{"process_name":"chat",${fields}}]`,
    "processes/chat/chat.ts": HELLO,
  });
  await using recorded = new RecordedLoader(home);
  await recorded.loader.loadAll();
  const said = (text: string) => recorded.lines.filter((line) => line.includes(text)).length;
  assertEquals([said(": warning: manifest[0].a"), said("and 9950 more")], [50, 1]);
  assertEquals(recorded.lines.at(-1), "start chat/chat.ts");
});
