// Threat: what lies in the folder is itself the attack: links and archives that lead out of it, names that are no
// names, code of megabytes, a script that never gets loaded.
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { testNeeding } from "../clients/needs.ts";
import { assertUnharmed, saidBy, startAttacked, strayLines } from "./attack.ts";

/** Of a hundred characters; ten megabytes take esbuild some seconds. */
const LINES = Deno.env.get("FULL") === "1" ? 100_000 : 20_000;
const SECRET = "the secret of another folder";
const said = `export function init() { console.log("REACHED"); }`;

Deno.test({
  name: "hostile: a link out of the folder is not followed, whatever it is called",
  ignore: Deno.build.os === "windows",
  async fn() {
    const outside = await Deno.makeTempDir({ prefix: "kinode-outside-" });
    try {
      await Deno.writeTextFile(join(outside, "secret.txt"), SECRET);
      await Deno.writeTextFile(join(outside, "code.ts"), said);
      await using node = await startAttacked({
        files: {
          "reads.ts":
            `import x from "./link.txt";\nexport function init() { console.log("REACHED " + x); }`,
          "deep.ts":
            `import x from "./dir/secret.txt";\nexport function init() { console.log("REACHED " + x); }`,
        },
      });
      await Deno.symlink(join(outside, "secret.txt"), join(node.processes, "link.txt"));
      await Deno.symlink(outside, join(node.processes, "dir"));
      await Deno.symlink(join(outside, "code.ts"), join(node.processes, "linked.ts"));
      const from = node.lines.length;
      for (const name of ["reads.ts", "deep.ts"]) {
        const path = join(node.processes, name);
        await Deno.writeTextFile(path, `${await Deno.readTextFile(path)}\n// again`);
        await node.waitForLine(new RegExp(`^kinode: ${name}:`), { from });
      }
      await node.drop("last.ts", `export function init() { console.log("loaded"); }`);
      await node.waitForLine(" last:template.os: loaded");
      assertEquals(node.lines.filter((line) => /REACHED|the secret/.test(line)), []);
      await assertUnharmed(node);
    } finally {
      await Deno.remove(outside, { recursive: true });
    }
  },
});

/** Entries whose names lead out of the archive, and one that is a link. */
const slips = `
import os, sys, zipfile, stat
folder = sys.argv[1]
temp = folder + "/.being-packed"
def pack(name, entries):
    with zipfile.ZipFile(temp, "w") as z:
        z.writestr("manifest.json", '[{"process_name":"a","process_wasm_path":"/a.ts"}]')
        z.writestr("a.ts", 'import x from "./link.txt"; export function init() { console.log("REACHED " + x); }')
        for entry, text in entries: z.writestr(entry, text)
    os.rename(temp, folder + "/" + name)
link = zipfile.ZipInfo("link.txt"); link.create_system = 3; link.external_attr = (stat.S_IFLNK | 0o777) << 16
pack("slip.zip", [("../escaped.ts", "1")])
pack("absolute.zip", [("/tmp/kinode-escaped.ts", "1")])
pack("backslash.zip", [("..\\\\escaped.ts", "1")])
pack("linked.zip", [(link, "/etc/passwd")])
pack("double.zip", [("a.ts", 'export function init() { console.log("REACHED") }')])
zeros = zipfile.ZipInfo("zeros.txt"); zeros.compress_type = zipfile.ZIP_DEFLATED
pack("bomb.zip", [("link.txt", "x"), (zeros, b"0" * (300 << 20))])
`;

testNeeding(
  ["python"],
  "hostile: an archive cannot write, link or unpack out of itself",
  async (_t, { python }) => {
    await using node = await startAttacked({ files: {} });
    const args = ["-W", "ignore", "-c", slips, node.processes];
    const { success, stderr } = await new Deno.Command(python, { args }).output();
    assertEquals(success, true, new TextDecoder().decode(stderr));
    for (const name of ["slip", "absolute", "backslash", "linked", "double", "bomb"]) {
      await node.waitForLine(new RegExp(`^kinode: ${name}\\.zip: error: `));
    }
    assertEquals(node.lines.filter((line) => /REACHED|root:/.test(line)), []);
    const names = [...Deno.readDirSync(node.home)].map(({ name }) => name);
    assertEquals(names.filter((name) => name.includes("escaped")), []);
    await assertUnharmed(node);
  },
);

Deno.test("hostile: names of files that are no names start nothing, and forge nothing", async () => {
  const names = [
    ...[
      "a\nkinode: started evil.ts",
      "b\u001b[2Jc.ts",
      "c\u202e.ts",
      "d e.ts",
      "..ts",
      ".hidden.ts",
    ],
    ...[
      "__proto__.ts",
      "constructor.ts",
      "http_server.ts",
      "é.ts",
      "x".repeat(200) + ".ts",
      "a:b.ts",
    ],
  ];
  const files = Object.fromEntries(names.map((name) => [name, said.replace("REACHED", "runs")]));
  await using node = await startAttacked({ files });
  await node.drop("last.ts", `export function init() { console.log("loaded"); }`);
  await node.waitForLine(" last:template.os: loaded");
  assertEquals(strayLines(node), []);
  // deno-lint-ignore no-control-regex
  const forged = /[\u0000-\u001f\u202e]|^kinode: started evil/;
  assertEquals(node.lines.filter((line) => forged.test(line)), []);
  await assertUnharmed(node);
});

Deno.test("hostile: megabytes of code run, and a trace of them is short; what never loads harms nobody", async () => {
  const lines = Array.from({ length: LINES }, (_, i) => `"${"x".repeat(90)}${i}"`);
  await using node = await startAttacked({
    files: {
      "large.ts": `export const all = [${lines.join(",\n")}];\n` +
        `export function init() { console.log("large", all.length, String(new Error("x").stack).length < 5000); }`,
      "stuck.ts":
        `await new Promise(() => {});\nexport function init() { console.log("REACHED"); }`,
    },
  });
  await node.waitForLine(` large:template.os: large ${LINES} true`, { timeoutSeconds: 60 });
  assertEquals(saidBy(node, "stuck"), []);
  await assertUnharmed(node);
});
