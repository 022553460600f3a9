// The helper itself, against a stand-in for the binary: a failure here would make every black-box
// test lie. The stand-in is a shell script, so these tests say nothing about the node.

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { runNode, startNode } from "./node.ts";

async function withBinary(script: string, fn: () => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ prefix: "kinode-stand-in-" });
  const before = Deno.env.get("KINODE_BINARY");
  try {
    await Deno.writeTextFile(path, `#!/bin/sh\n${script}`);
    await Deno.chmod(path, 0o755);
    Deno.env.set("KINODE_BINARY", path);
    await fn();
  } finally {
    if (before === undefined) Deno.env.delete("KINODE_BINARY");
    else Deno.env.set("KINODE_BINARY", before);
    await Deno.remove(path);
  }
}

const SERVES = `
trap 'echo "kinode: stopped"; exit 3' TERM
echo "args: $*"
ls "$3/processes"
echo "kinode: fake.dev is at http://localhost:8123"
echo "to stderr" >&2
mkfifo "$3/never"
read line < "$3/never"
`;

Deno.test("startNode() reads the URL, and waitForLine() sees lines from before and after", async () => {
  await withBinary(SERVES, async () => {
    await using node = await startNode({ files: { "hello.ts": "", "chat/manifest.json": "{}" } });
    assertEquals([node.url, node.wsUrl], ["http://localhost:8123", "ws://localhost:8123"]);
    assertEquals(node.name, "fake.dev");
    assertEquals(node.lines[0], `args: --fake --home ${node.home} --port 0`);
    assertEquals(await node.waitForLines([/^chat$/, "hello.ts"]), ["chat", "hello.ts"]);
    assertEquals(await node.waitForLine(/^to std(err|out)$/), "to stderr");
    await assertRejects(
      () => node.waitForLine("args", { from: 1, timeoutSeconds: 0.01 }),
      Error,
      "Waited for a line with args, but nothing came in 0.01 s",
    );
    assertEquals(await node.stop(), 3);
    assertEquals(node.lines.at(-1), "kinode: stopped");
  });
});

Deno.test("startNode() removes its own home, and leaves one that was given", async () => {
  const home = await Deno.makeTempDir();
  await withBinary(SERVES, async () => {
    const given = await startNode({ home, args: ["--port", "8123"], files: {} });
    assertEquals(given.lines[0], `args: --fake --home ${home} --port 8123`);
    await given[Symbol.asyncDispose]();
    await using own = await startNode({ files: {} });
    await own[Symbol.asyncDispose]();
    await assertRejects(() => Deno.stat(own.home), Deno.errors.NotFound);
  });
  assert((await Deno.stat(home)).isDirectory);
  await Deno.remove(home, { recursive: true });
});

Deno.test("startNode() fails with what the node printed when it ends at once", async () => {
  await withBinary("echo 'kinode: no'; exit 4", async () => {
    const error = await assertRejects(() => startNode(), Error, "the node ended with code 4");
    assertStringIncludes(error.message, "  | kinode: no");
  });
});

Deno.test("runNode() returns the exit code and both outputs", async () => {
  await withBinary('echo "$1"; echo no >&2; exit 2', async () => {
    assertEquals(await runNode(["--help"]), { code: 2, stdout: "--help\n", stderr: "no\n" });
  });
});
