// Threat: a script reaches what the node's machine reaches and others do not: its own services, its network, the metadata
// of its cloud.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { RunningNode } from "../clients/node.ts";
import { assertUnharmed, readHostile, saidBy, startAttacked, strayLines } from "./attack.ts";

const REAL = ["--fake=false", "--name", "real.dev"];
const METADATA = [
  "http://169.254.169.254/latest/meta-data/",
  "http://2852039166/",
  "http://0xa9.0376.43518/",
  "http://[::ffff:a9fe:a9fe]/",
  "http://[::ffff:169.254.169.254]/",
  "http://[64:ff9b::a9fe:a9fe]/",
  "http://[2002:a9fe:a9fe::1]/",
  "http://[fe80::1]/",
  "http://[fd00:ec2::254]/",
  "http://100.100.100.200/",
  "https://169.254.169.254/",
  "ws://169.254.169.254/",
  "sse+http://169.254.169.254/",
];

function calling(urls: string[], config = {}): string {
  const text = readHostile("calls").replace("declare const URLS: string[];", "");
  return `export const config = ${JSON.stringify(config)};\nconst URLS = ${
    JSON.stringify(urls)
  };\n${text}`;
}

/** What it said of each URL. */
async function outcomes(node: RunningNode, name: string): Promise<Map<string, string>> {
  await node.waitForLine(new RegExp(`${name}:template\\.os: done$`));
  const said = saidBy(node, name).slice(0, -1);
  return new Map(said.map((line) => {
    const at = line.indexOf(" ");
    return [line.slice(0, at), line.slice(at + 1)];
  }));
}

/** A server on loopback that everybody would like to reach, and how often somebody did. */
function bait() {
  let reached = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    reached++;
    const to = new URL(request.url).searchParams.get("to");
    return to === null
      ? new Response("secret")
      : new Response(null, { status: 302, headers: { location: to } });
  });
  return {
    port: server.addr.port,
    reached: () => reached,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("hostile: no process reaches a metadata service, by address or by redirect", async () => {
  await using inside = bait();
  const redirects = METADATA.filter((url) => url.startsWith("http:"))
    .map((url) => `http://localhost:${inside.port}/?to=${encodeURIComponent(url)}`);
  const files = { "calls.ts": calling([...METADATA, ...redirects]) };
  await using node = await startAttacked({ files });
  const said = await outcomes(node, "calls");
  assertEquals(said.size, METADATA.length + redirects.length);
  for (const [url, outcome] of said) {
    assert(outcome.startsWith("failed:"), `${url} ${outcome}`);
    if (!url.startsWith("ws:")) assertStringIncludes(outcome, "a forbidden address");
  }
  assertEquals(inside.reached(), redirects.length);
  await node.waitForLine(/http_client: WebSocket .* does not reach 169\.254\.169\.254:80/);
  assertEquals(strayLines(node), []);
  await assertUnharmed(node);
});

Deno.test("hostile: no process speaks through the door for local programs, which http_server itself would say", async () => {
  const victim = `import { awaitMessage, println } from "@kinode/process";
    export async function init() { while (true) println("heard " + (await awaitMessage()).text()); }`;
  await using node = await startAttacked({ files: { "victim.ts": victim } });
  await node.waitForLine("started victim:victim:template.os");
  const message = { process: "victim:victim:template.os", body: "forged" };
  const paths = [
    "/rpc:distro:sys/message",
    "/rpc:distro:sys/message/?x#y",
    "/x/../rpc:distro:sys/message",
    "/rpc%3Adistro%3asys%2Fmessage",
    "/rpc%253Adistro:sys/message",
  ];
  const urls = paths.map((path) => `${node.url}${path}`);
  await using outside = bait();
  urls.push(`http://localhost:${outside.port}/?to=${encodeURIComponent(urls[0]!)}`);
  const text = calling(urls).replace(
    "fetch(url)",
    `fetch(url, { method: "POST", body: '${JSON.stringify(message)}' })`,
  );
  await node.drop("calls.ts", text);
  for (const [url, outcome] of await outcomes(node, "calls")) {
    assertStringIncludes(outcome, "is for programs and not for processes", url);
  }
  // A program may.
  const body = JSON.stringify({ ...message, body: "a program" });
  const response = await fetch(urls[0]!, { method: "POST", body });
  assertEquals([response.status, await response.text()], [200, ""]);
  await node.waitForLine(/victim:template\.os: heard a program$/);
  assertEquals(saidBy(node, "victim"), ["heard a program"]);
});

Deno.test("hostile: on a real node a process reaches this machine only if it asked, and the owner reads so", async () => {
  await using inside = bait();
  const { port } = inside;
  const urls = [
    ...["127.0.0.1", "localhost", "127.1", "2130706433", "0", "[::1]", "[::ffff:127.0.0.1]", "[::]"]
      .map((host) => `http://${host}:${port}/`),
    `ws://localhost:${port}/`,
  ];
  const asked = `http://127.0.0.1:${port}/`;
  const other = `http://localhost:${port}/`;
  const files = {
    "calls.ts": calling(urls),
    "asks.ts": calling([asked, other], { network: [`127.0.0.1:${port}`] }),
    "none.ts": calling([asked], { network: "none" }),
  };
  const env = {
    NO_PROXY: "*",
    HTTP_PROXY: `http://127.0.0.1:${port}`,
    ALL_PROXY: `http://127.0.0.1:${port}`,
  };
  await using node = await startAttacked({ args: REAL, files, env });
  for (const [url, outcome] of await outcomes(node, "calls")) {
    assert(outcome.startsWith("failed:"), `${url} ${outcome}`);
    if (!url.startsWith("ws:")) assertStringIncludes(outcome, "a local address");
  }
  const heard = await outcomes(node, "asks");
  assertEquals(heard.get(asked), "reached 200 secret");
  assertStringIncludes(heard.get(other)!, "does not reach localhost");
  const none = await outcomes(node, "none");
  assertStringIncludes(none.get(asked)!, 'the network policy "none"');
  assertEquals(inside.reached(), 1);
  const asks = `it may call 127.0.0.1:${port} and nobody else`;
  assert(node.lines.some((line) => line.includes(asks)), node.lines.join("\n"));
});
