// `kinode new`, `check` and `types`, as somebody with an editor uses them.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { runNode, startNode } from "../clients/node.ts";
import { connectBound, firstAnswer } from "./bound.ts";

const EXAMPLES = fromFileUrl(new URL("../../examples/", import.meta.url));

/** What `deno check` says of the files of a folder. */
async function denoCheck(folder: string, files: string[]): Promise<[number, string]> {
  const args = ["check", ...files];
  const deno = new Deno.Command(Deno.execPath(), { args, cwd: folder, env: { NO_COLOR: "1" } });
  const { code, stderr } = await deno.output();
  return [code, new TextDecoder().decode(stderr)];
}

/** The scripts of a folder and of its packages. */
function scriptsOf(folder: string): string[] {
  const names = [...Deno.readDirSync(folder)].filter(({ name }) => name !== "clients");
  return names.flatMap(({ name, isDirectory }) => {
    if (isDirectory) return scriptsOf(join(folder, name)).map((file) => `${name}/${file}`);
    return /\.tsx?$/.test(name) && !name.endsWith(".d.ts") ? [name] : [];
  });
}

function copy(from: string, to: string): void {
  Deno.mkdirSync(to, { recursive: true });
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) copy(join(from, name), join(to, name));
    else Deno.copyFileSync(join(from, name), join(to, name));
  }
}

async function inTemporary(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "kinode-test-" });
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("kinode types: deno check knows @kinode/process in every example, and finds mistakes", () =>
  inTemporary(async (folder) => {
    copy(EXAMPLES, folder);
    const types = await runNode(["types", "--processes", folder]);
    assertEquals([types.code, types.stderr], [0, ""]);
    const [code, said] = await denoCheck(folder, scriptsOf(folder));
    assertEquals(code, 0, said);
    await Deno.writeTextFile(
      join(folder, "bad.ts"),
      `import { println } from "@kinode/process";
      println.nothing; new Response("").status = "x"; Deno.exit();`,
    );
    const [bad, faults] = await denoCheck(folder, ["bad.ts"]);
    assertEquals(bad, 1);
    for (const fault of ["nothing", "status", "Deno"]) assertStringIncludes(faults, fault);
  }));

Deno.test("kinode types leaves a deno.json that is there, but for the one line", () =>
  inTemporary(async (folder) => {
    const path = join(folder, "deno.json");
    await Deno.writeTextFile(path, '{"imports":{"a":"./a.ts"},"tasks":{"x":"y"}}');
    assertEquals((await runNode(["types", "--processes", folder])).code, 0);
    const merged = JSON.parse(await Deno.readTextFile(path));
    assertEquals(merged.tasks, { x: "y" });
    assertEquals(merged.imports, { a: "./a.ts", "@kinode/process": "./kinode.d.ts" });
    const own = '{ // mine\n "imports": {} }';
    await Deno.writeTextFile(path, own);
    const { stderr } = await runNode(["types", "--processes", folder]);
    assertStringIncludes(stderr, 'add "@kinode/process": "./kinode.d.ts"');
    assertEquals(await Deno.readTextFile(path), own);
  }));

Deno.test("kinode new: each template passes the check, and runs at once; nothing is overwritten", () =>
  inTemporary(async (home) => {
    const folder = join(home, "processes");
    for (const template of ["web", "kinode", "websocket", "package"]) {
      const { code, stderr } = await runNode([
        "new",
        `a-${template}`,
        "--home",
        home,
        "--template",
        template,
      ]);
      assertEquals([code, stderr], [0, ""], template);
    }
    const again = await runNode(["new", "a-web", "--home", home]);
    assertEquals(again.code, 1);
    assertStringIncludes(again.stderr, "is there already; nothing was written");
    await Deno.writeTextFile(join(folder, "taken.js"), "export default () => new Response();");
    const taken = await runNode(["new", "taken", "--home", home]);
    assertStringIncludes(taken.stderr, "taken.js is there already; nothing was written");
    await Deno.remove(join(folder, "taken.js"));
    const helper = await runNode(["new", "_x", "--home", home]);
    assertStringIncludes(helper.stderr, "what has such a name is a helper or a test");
    const bad = await runNode(["new", "../x", "--home", home]);
    assertEquals(bad.code, 1);
    assertStringIncludes(bad.stderr, "cannot be a process");
    const [code, said] = await denoCheck(folder, scriptsOf(folder));
    assertEquals(code, 0, said);
    const check = await runNode(["check", "--home", home]);
    assertEquals([check.code, check.stdout.trim()], [0, "kinode: 4 processes are good, 0 errors"]);
    await using node = await startNode({ home });
    const at = (name: string) => `/a-${name}:a-${name}:template.os`;
    assertStringIncludes((await firstAnswer(`${node.url}${at("web")}/x`)).text, "hello from");
    assertEquals((await firstAnswer(`${node.url}${at("kinode")}`)).text, "hello\n");
    assertStringIncludes((await firstAnswer(`${node.url}${at("package")}`)).text, "hello from");
    const peer = await connectBound(`${node.url.replace("http", "ws")}${at("websocket")}`);
    assertEquals(await peer.nextText(), "welcome");
    peer.close();
  }));

Deno.test("kinode check names every fault and exits with 1; a folder that is not there, too", () =>
  inTemporary(async (folder) => {
    await Deno.writeTextFile(join(folder, "good.ts"), "export default { fetch() {} };");
    await Deno.writeTextFile(join(folder, "bad.ts"), 'import "./gone.ts";');
    await Deno.writeTextFile(join(folder, "empty.ts"), "// to be written\n");
    await Deno.mkdir(join(folder, "pack"));
    await Deno.writeTextFile(join(folder, "pack", "manifest.json"), "[{}]");
    const { code, stderr, stdout } = await runNode(["check", "--processes", folder]);
    assertEquals(code, 1);
    assertStringIncludes(stdout, "1 processes are good, ");
    assertStringIncludes(stderr, "bad.ts:1:8: error: there is no file gone.ts");
    assertStringIncludes(stderr, "empty.ts: error: there is nothing to run");
    assertStringIncludes(stderr, "pack/manifest.json");
    const none = await runNode(["check", "--processes", join(folder, "none")]);
    assertEquals(none.code, 1);
    assertStringIncludes(none.stderr, "there is no folder");
  }));
