// Threat: a package from a stranger that is made to leave its place. A zip file with `../`, an absolute name or a
// link in it, or a bomb; a folder with links. What the attacker saw: nothing was written anywhere, nothing of the
// outside was read, the node and its neighbours go on, and one line names the entry.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { testNeeding } from "../clients/needs.ts";
import { startNode } from "../clients/node.ts";
import { untilAnswer } from "../conformance/bound.ts";

const HELLO = 'export default { fetch: () => new Response("well") };';
const READS =
  'import secret from "./link.txt";\nexport default { fetch: () => new Response(secret) };';

/** Makes zip files with entries as no honest tool makes them. */
const MAKE = `
import sys, zipfile
folder = sys.argv[1]
def make(name, *entries):
    with zipfile.ZipFile(folder + "/" + name, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", '[{"process_name":"evil"}]')
        archive.writestr("evil.ts", ${JSON.stringify(READS)})
        for entry, data in entries:
            archive.writestr(entry, data)
def link(name, target):
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = 0o120777 << 16
    return (entry, target)
make("up.zip", ("../../evil.txt", "x"))
make("absolute.zip", (sys.argv[2], "x"))
make("windows.zip", ("..\\\\evil.txt", "x"))
make("link.zip", link("link.txt", sys.argv[3]))
make("bomb.zip", ("link.txt", b"\\0" * 300_000_000))
`;

testNeeding(
  ["python", "curl"],
  "zip files and links that lead out of a package reach nothing",
  async (_t, { python }) => {
    const home = await Deno.makeTempDir({ prefix: "kinode-test-" });
    const secret = join(home, "secret.txt");
    await Deno.writeTextFile(secret, "the secret");
    await using node = await startNode({ home, files: { "well.ts": HELLO } });
    const made = await Deno.makeTempDir({ prefix: "kinode-test-" });
    const target = join(home, "absolute.txt");
    const args = ["-c", MAKE, made, target, secret];
    assertEquals((await new Deno.Command(python, { args }).output()).code, 0);
    for (const { name } of Deno.readDirSync(made)) {
      await Deno.copyFile(join(made, name), join(node.processes, name));
    }
    await node.drop("linked/manifest.json", '[{"process_name":"file"},{"process_name":"way"}]');
    await node.drop("linked/file.ts", READS);
    await node.drop("linked/way.ts", READS.replace("./link.txt", "./way/secret.txt"));
    await Deno.symlink(secret, join(node.processes, "linked/link.txt"));
    await Deno.symlink(home, join(node.processes, "linked/way"));
    await node.drop("linked/touched.txt", "");
    for (
      const line of [
        "up.zip: error: it is no whole zip file: invalid relative path: ../../evil.txt",
        `absolute.zip: error: it is no whole zip file: absolute path: ${target}`,
        "windows.zip: error: it is no whole zip file: invalid characters in fileName: ..\\evil.txt",
        'link.zip: error: "link.txt" is a link',
        "bomb.zip: error: ",
        "linked/file.ts:1:20: error: linked/link.txt is a link that leaves the package linked",
        "linked/way.ts:1:20: error: linked/way/secret.txt is a link that leaves the package linked",
      ]
    ) await node.waitForLine(line);
    await untilAnswer(`${node.url}/well:well:template.os/`, "well");
    const text = node.lines.join("\n");
    assertEquals([text.includes("the secret"), text.includes("started evil")], [false, false]);
    const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name);
    for (const folder of [home, join(home, ".."), node.processes]) {
      assertEquals(names(folder).filter((name) => /^(evil|absolute)\.txt$/.test(name)), []);
    }
    assertStringIncludes(await Deno.readTextFile(secret), "the secret");
    await node.stop();
    for (const folder of [home, made]) await Deno.remove(folder, { recursive: true });
  },
);
