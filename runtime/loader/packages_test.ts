import { assertEquals, assertStringIncludes } from "@std/assert";
import type { ProcessId } from "../protocol/address.ts";
import { load, RecordedLoader, run, TempFolder } from "./testing.ts";
import { zipFiles } from "./zip_testing.ts";

const HELLO = 'export default { fetch: () => new Response("hello") };\n';
/** As in spec/kernel.md §5.2 and §5.3: Kinode's own chat, with a script in the place of its wasm. */
const MANIFEST = `[{"process_name":"chat","process_wasm_path":"/chat.wasm","on_exit":"Restart",
  "request_networking":true,
  "request_capabilities":["http-server:distro:sys","vfs:distro:sys",
     {"process":"vfs:distro:sys","params":{"root":true}}],
  "grant_capabilities":["http-server:distro:sys",{"process":"terminal:terminal:sys","params":"Read"}],
  "public":true}]`;
const METADATA = `{"name":"chat","description":"","image":"","external_url":"","animation_url":"",
 "properties":{"package_name":"talk","current_version":"0.1.0","publisher":"me.os","mirrors":[],
   "code_hashes":{"0.1.0":""},"wit_version":1,"dependencies":[]}}`;

const ids = ({ scripts }: RecordedLoader) => [...scripts.values()].map(({ id }) => id as string);

Deno.test("kernel.md §5.2-5.3: Kinode's own files are taken as they are, flat, in pkg/, or zipped", async () => {
  const flat = { "manifest.json": MANIFEST, "metadata.json": METADATA, "chat.ts": HELLO };
  const pkg = {
    "pkg/manifest.json": MANIFEST,
    "metadata.json": METADATA,
    "pkg/chat.ts": HELLO,
  };
  const at = (folder: string, files: Record<string, string>) =>
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]));
  const forms: [Record<string, string | Uint8Array>, file: string][] = [
    [at("chat", flat), "chat/chat.ts"],
    [at("chat", pkg), "chat/pkg/chat.ts"],
    [{ "chat.zip": zipFiles(flat) }, "chat.zip/chat.ts"],
    [{ "chat.zip": zipFiles({ ...at("chat", flat), "__MACOSX/x": "" }) }, "chat.zip/chat/chat.ts"],
    [{ "chat.zip": zipFiles(at("any", pkg)) }, "chat.zip/any/pkg/chat.ts"],
  ];
  for (const [files, file] of forms) {
    const recorded = await load(files);
    const script = recorded.scripts.get(file)!;
    assertEquals(script.id, "chat:talk:me.os" as ProcessId);
    assertEquals(script.rights.public, true);
    assertEquals(script.rights.requests.map(({ process, params }) => `${process} ${params}`), [
      'http-server:distro:sys "messaging"',
      'vfs:distro:sys "messaging"',
      'vfs:distro:sys {"root":true}',
      'kernel:distro:sys "network"',
    ]);
    assertEquals(script.rights.grants.length, 2);
    const { fetch } = (await run(script.code)).default as { fetch(): Response };
    assertEquals(await fetch().text(), "hello");
    assertEquals(recorded.said, [`chat:talk:me.os may: serve HTTP, keep its own files`]);
    assertEquals(recorded.lines, [
      "chat:talk:me.os asks for this and gets it: " +
      'terminal:terminal:sys has "Read" of it; every process may message it',
      "chat:talk:me.os rules this node: it may do everything that vfs:distro:sys can; " +
      "it may message other nodes",
      `start ${file}`,
    ]);
  }
});

Deno.test("a package needs a process_name and nothing else; several processes, by the folder's name", async () => {
  const recorded = await load({
    "duo/manifest.json": `[{"process_name":"one"},
      {"process_name":"two","process_wasm_path":"lib/two.js","memory_mb":64,"on_exit":"None"}]`,
    "duo/one.tsx": HELLO,
    "duo/lib/two.js": HELLO,
    "duo/other.ts": "nonsense(",
    "plain/other.ts": "nonsense(",
    "node_modules/manifest.json": "nonsense(",
  });
  assertEquals(recorded.lines, ["start duo/one.tsx", "start duo/lib/two.js"]);
  assertEquals(ids(recorded), ["one:duo:template.os", "two:duo:template.os"]);
  const { config } = recorded.scripts.get("duo/lib/two.js")!;
  assertEquals([config.memory_mb, config.on_exit], [64, "None"]);
  assertStringIncludes(
    recorded.said[0]!,
    "one:duo:template.os may: serve HTTP, call other servers",
  );
});

Deno.test("imports stay in the package: neither .. nor a link leads out, for a folder and for a zip file", async () => {
  const entry = '[{"process_name":"chat"}]';
  const importer = 'import { a } from "../shared.ts";\nexport default a;\n';
  const { lines } = await load({
    "shared.ts": HELLO,
    "chat/manifest.json": entry,
    "chat/chat.ts": importer,
    "thing.zip": zipFiles({ "manifest.json": entry, "chat.ts": importer }),
    "other.zip": zipFiles({
      "manifest.json": entry,
      "chat.ts": 'export { a as default } from "./lib/b";',
      "lib/b.ts": "export const a = 1;",
    }),
  });
  assertEquals(lines.filter((line) => line.startsWith("start")), ["start shared.ts"]);
  const text = lines.join("\n");
  for (const root of ["chat", "thing.zip"]) {
    assertStringIncludes(
      text,
      `${root}/chat.ts:1:19: error: "../shared.ts" leaves the package ${root}`,
    );
    assertStringIncludes(text, `${root}/chat.ts: copy the file into the package ${root}`);
  }
  assertStringIncludes(text, "other.zip/chat.ts:1:30: error: there is no file other.zip/lib/b");
  assertStringIncludes(text, "did you mean other.zip/lib/b.ts?");
});

Deno.test({
  name:
    "links out of a package are refused where they are imported: of a file, and of a folder on the way",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using home = new TempFolder({
      "processes/secret.ts": "export const a = 1;",
      "processes/outer/x.ts": "export const a = 1;",
      "processes/chat/manifest.json": '[{"process_name":"one"},{"process_name":"two"}]',
      "processes/chat/one.ts": 'import { a } from "./link.ts";\nexport default a;',
      "processes/chat/two.ts": 'import { a } from "./way/x.ts";\nexport default a;',
    });
    Deno.symlinkSync("../secret.ts", home.at("processes/chat/link.ts"));
    Deno.symlinkSync("../outer", home.at("processes/chat/way"));
    Deno.symlinkSync("chat", home.at("processes/linked"));
    await using recorded = new RecordedLoader(home);
    await recorded.loader.loadAll();
    const text = recorded.lines.join("\n");
    for (
      const line of [
        "chat/one.ts:1:19: error: chat/link.ts is a link that leaves the package chat",
        "chat/two.ts:1:19: error: chat/way/x.ts is a link that leaves the package chat",
        "linked: error: a package cannot be a link to a folder",
      ]
    ) assertStringIncludes(text, line);
    assertEquals(text.includes("start chat"), false);
  },
});

Deno.test("stack traces name the file in the zip file, and nothing of it is written to the disk", async () => {
  await using home = new TempFolder({
    "processes/thing.zip": zipFiles({
      "manifest.json": '[{"process_name":"chat"}]',
      "chat.ts": "interface A { b: 1 }\nexport const init = () => {\n  throw new Error('x');\n};\n",
    }),
  });
  await using recorded = new RecordedLoader(home);
  await recorded.loader.loadAll();
  const { code, mapStack } = recorded.scripts.get("thing.zip/chat.ts")!;
  const { init } = await run(code) as { init(): void };
  const error = (() => {
    try {
      return init();
    } catch (error) {
      return error as Error;
    }
  })()!;
  assertStringIncludes(mapStack(error.stack!), "at init (thing.zip/chat.ts:3:9)");
  const names = [...Deno.readDirSync(home.at("processes"))].map(({ name }) => name);
  assertEquals(names, ["thing.zip"]);
});

Deno.test("the publisher sys is the node's, and a name belongs to who has it", async () => {
  const config = (id: string) => `export const config = { id: "${id}" };\n${HELLO}`;
  const recorded = await load({
    "a.ts": config("kernel:distro:sys"),
    "b.ts": config("hello:hello:template.os"),
    "c.ts": config("new:name:me.os"),
    "hello.ts": HELLO,
    "boss/manifest.json": '[{"process_name":"terminal"}]',
    "boss/metadata.json": '{"properties":{"package_name":"terminal","publisher":"sys"}}',
    "boss/terminal.ts": HELLO,
  });
  const text = recorded.lines.join("\n");
  assertEquals(ids(recorded).sort(), ["hello:hello:template.os", "new:name:me.os"]);
  for (
    const line of [
      'a.ts: error: cannot be kernel:distro:sys: the publisher "sys" is the node itself',
      "b.ts: error: cannot be hello:hello:template.os: that is the process of hello.ts",
      "boss/terminal.ts: error: cannot be terminal:terminal:sys",
    ]
  ) assertStringIncludes(text, line);
});

Deno.test("two packages of one name, and a script and a package: none of them starts", async () => {
  const { lines } = await load({
    "chat.ts": HELLO,
    "chat/manifest.json": '[{"process_name":"chat"}]',
    "chat/chat.ts": HELLO,
    "ok.ts": HELLO,
  });
  assertEquals(lines, [
    "chat.ts: error: chat.ts and chat/chat.ts would both be the process chat:chat:template.os",
    "chat.ts: rename or delete all but one of them",
    "start ok.ts",
  ]);
});
