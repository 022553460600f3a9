// The binary as a user and a service manager meet it (issue 2, "./kinode --fake").

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runNode, startNode } from "../clients/node.ts";
import { connectBound } from "./bound.ts";
import { readExample } from "./scripts.ts";

/** The node promises to stop within this time. */
const STOP_MS = 2000;

Deno.test("--help and --version answer on stdout and exit with 0", async () => {
  const help = await runNode(["--help"]);
  assertEquals([help.code, help.stderr], [0, ""]);
  for (const flag of ["--fake", "--home", "--processes", "--name", "--port"]) {
    assertStringIncludes(help.stdout, flag);
  }
  const version = await runNode(["--version"]);
  assertEquals([version.code, version.stderr], [0, ""]);
  assertMatch(version.stdout, /^kinode \d+\.\d+\.\d+\n$/);
});

Deno.test("an unknown flag names the nearest one and exits with 2", async () => {
  const { code, stderr } = await runNode(["--fake", "--prot", "8080"]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, "--prot");
  assertStringIncludes(stderr, "--port");
});

Deno.test("--port that is taken is an error that says so, exit 1", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const home = await Deno.makeTempDir({ prefix: "kinode-test-" });
  const port = String(taken.addr.port);
  const { code, stderr } = await runNode(["--fake", "--home", home, "--port", port]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, port);
  assertMatch(stderr, /in use|taken/);
  await Deno.remove(home, { recursive: true });
});

Deno.test("a home that is a file, a port below 0: the message says what to give instead", async () => {
  const file = await Deno.makeTempFile({ prefix: "kinode-test-" });
  const home = await runNode(["--fake", "--home", file, "--port", "0"]);
  assertEquals(home.code, 1);
  assertStringIncludes(home.stderr, `"${file}": there is a file of that name.`);
  assertStringIncludes(home.stderr, "--home DIR");
  const port = await runNode(["--fake", "--home", file, "--port", "-1"]);
  assertEquals(port.code, 2);
  assertStringIncludes(port.stderr, "--port -1: a port is a whole number from 0");
  await Deno.remove(file);
});

Deno.test("--processes that is not there is made, and the node says so", async () => {
  const home = await Deno.makeTempDir({ prefix: "kinode-test-" });
  const processes = `${home}/a/new/place`;
  {
    await using node = await startNode({ home, processes });
    await node.waitForLine(`kinode: made the folder ${processes}, with a hello.ts to begin with`);
    await node.waitForLine("kinode: started hello:hello:template.os");
  }
  await Deno.remove(home, { recursive: true });
});

Deno.test("first start makes the folder, with a README.md and a hello.ts that answers, and prints its path", async () => {
  await using node = await startNode();
  assertEquals(node.name, "fake.dev");
  await node.waitForLine(node.processes);
  await node.waitForLine("kinode: started hello:hello:template.os");
  assert((await Deno.stat(`${node.processes}/README.md`)).isFile);
  assert((await Deno.stat(`${node.processes}/hello.ts`)).isFile);
  const url = `${node.url}/hello:hello:template.os/`;
  while (true) {
    const { status, body } = await fetch(url);
    await body?.cancel();
    if (status === 200) break;
    assertEquals(status, 404);
  }
});

Deno.test("--name and --port 0 are obeyed, and said in the first line", async () => {
  await using node = await startNode({ args: ["--name", "other.dev"], files: {} });
  assertEquals(node.name, "other.dev");
  assertMatch(node.url, /^http:\/\/localhost:\d+$/);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`${signal} stops a node with open sockets within 2 s, exit 0`, async () => {
    await using node = await startNode({ files: { "ws_server.ts": readExample("ws_server.ts") } });
    await node.waitForLine(" ws_server:template.os: begin");
    using socket = await connectBound(`${node.wsUrl}/ws_server:ws_server:template.os`);
    await socket.next();
    const before = performance.now();
    assertEquals(await node.stop(signal), 0);
    const took = performance.now() - before;
    assert(took < STOP_MS, `it took ${took} ms`);
  });
}
