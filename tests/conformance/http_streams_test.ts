// Bodies that stream (issue 5, item 3; issue 4, item 4): through a web-style process and back, with raw sockets and
// curl. FULL=1 sends 1 GB each way; otherwise 64 MB.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { curl } from "../clients/curl.ts";
import { testNeeding } from "../clients/needs.ts";
import { type RunningNode, startNode } from "../clients/node.ts";
import { firstAnswer } from "./bound.ts";
import { readProgram } from "./scripts.ts";
import { within } from "./within.ts";

const PATH = "/web_streams:web_streams:template.os";
const FULL = Deno.env.get("FULL") === "1";
const MEGABYTES = FULL ? 1_024 : 64;
if (!FULL) console.log("SKIP 1 GB up and down with flat memory: slow, set FULL=1; 64 MB instead");

async function serving(...args: string[]): Promise<RunningNode> {
  const files = { "web_streams.ts": readProgram("web_streams.ts") };
  const node = await startNode({ args, files });
  await node.waitForLine("started web_streams:web_streams:template.os");
  await firstAnswer(node.url + PATH);
  return node;
}

/** A client that sends one request and reads as it likes. */
class Client implements Disposable {
  readonly #conn: Deno.Conn;
  #text = "";

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  static async get(node: RunningNode, path: string): Promise<Client> {
    const port = Number(new URL(node.url).port);
    const client = new Client(await Deno.connect({ hostname: "127.0.0.1", port }));
    const request = `GET ${PATH}${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    await client.#conn.write(new TextEncoder().encode(request));
    return client;
  }

  /** Everything up to and with `mark`. */
  async readUntil(mark: string): Promise<string> {
    const buffer = new Uint8Array(65_536);
    while (!this.#text.includes(mark)) {
      const count = await within(`"${mark}" from the node`, this.#conn.read(buffer));
      if (count === null) throw new Error(`the connection ended after ${this.#text}`);
      this.#text += new TextDecoder().decode(buffer.subarray(0, count));
    }
    const end = this.#text.indexOf(mark) + mark.length;
    const read = this.#text.slice(0, end);
    this.#text = this.#text.slice(end);
    return read;
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }
}

Deno.test("server-sent events: each arrives while the process still writes, and a client that leaves ends them", async () => {
  await using node = await serving();
  {
    using client = await Client.get(node, "/events");
    assertMatch(await client.readUntil("\r\n\r\n"), /content-type: text\/event-stream/i);
    assertStringIncludes(await client.readUntil("\n\n"), "data: one");
    for (let i = 0; i < 3; i++) assertStringIncludes(await client.readUntil("\n\n"), "data: more");
  }
  await node.waitForLine(" web_streams:template.os: cancelled: AbortError");
});

Deno.test("server-sent events are not held back by compression", async () => {
  await using node = await serving();
  const leaving = new AbortController();
  const headers = { "accept-encoding": "gzip, br" };
  const { body } = await fetch(`${node.url}${PATH}/events`, { headers, signal: leaving.signal });
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  assertStringIncludes((await within("event", reader.read())).value!, "data: one");
  assertStringIncludes((await within("event", reader.read())).value!, "data: more");
  leaving.abort();
  await reader.closed.catch(() => {});
});

for (const [listener, args] of [["fast", []], ["front door", ["--listen", "127.0.0.1"]]] as const) {
  const name = `a stream of text comes compressed, and no piece waits for the next (${listener})`;
  testNeeding(["curl"], name, async () => {
    await using node = await serving(...args);
    const url = `${node.url}${PATH}`;
    const curl = new Deno.Command("curl", {
      args: ["-sN", "--compressed", "-D", "-", `${url}/lines`],
      stdout: "piped",
    }).spawn();
    const reader = curl.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (const word of ["one", "two", "three"]) {
      while (!text.endsWith("-\n")) text += (await within(word, reader.read())).value ?? "";
      if (word === "one") assertMatch(text, /content-encoding: (?:gzip|br)\r\n/i);
      assertMatch(text, new RegExp(`(?:^|\n)${word} -{2000}\n$`));
      text = "";
      await (await fetch(`${url}/next`)).body?.cancel();
    }
    assertEquals([(await within("end", reader.read())).done, (await curl.status).code], [true, 0]);
  });
}

Deno.test("a client that does not read holds the process's stream back", async () => {
  await using node = await serving();
  using _client = await Client.get(node, "/bytes?count=1000000000");
  const line = await node.waitForLine(/held back after \d+ bytes/);
  const bytes = Number(/after (\d+)/.exec(line)![1]);
  assertEquals(bytes < 50_000_000, true, line);
});

testNeeding(
  ["curl"],
  "a stream that fails ends the connection early, and its error is the script's",
  async () => {
    await using node = await serving();
    const { code, status, text } = await curl([`${node.url}${PATH}/breaks`]);
    // curl's 18: "transfer closed with outstanding read data remaining".
    assertEquals([code, status, text], [18, 200, "the beginning"]);
    await node.waitForLines([
      / web_streams:template\.os: Error: boom in the stream$/,
      / web_streams:template\.os: +at breaks \(web_streams\.ts:\d+:\d+\)$/,
    ]);
    assertEquals((await curl([node.url + PATH])).text, "streams");
  },
);

Deno.test("a process that dies in the middle of an answer ends the connection early", async () => {
  await using node = await serving();
  using client = await Client.get(node, "/events");
  await client.readUntil("data: one");
  await node.take("web_streams.ts");
  const error = await client.readUntil("\r\n0\r\n").then(String, (error: Error) => error.message);
  assertStringIncludes(error, "the connection ended after");
});

Deno.test("an upload comes back as it was sent: pieces of a request are pieces of its answer", async () => {
  await using node = await serving();
  const sent = crypto.getRandomValues(new Uint8Array(65_536));
  const body = new Blob(Array.from({ length: 40 }, () => sent)).stream();
  const answer = await fetch(`${node.url}${PATH}/echo`, { method: "POST", body });
  const got = new Uint8Array(await answer.arrayBuffer());
  assertEquals(got.length, 40 * sent.length);
  assertEquals(got.subarray(-sent.length), sent);
});

/** Resident memory of the node in megabytes; Linux only, where the tests of memory run. */
function memoryOf({ pid }: RunningNode): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
}

const flat = `${MEGABYTES} MB up and down leave the node's memory flat`;
const onLinux = Deno.build.os === "linux";
if (!onLinux) console.log(`SKIP ${flat}: reads /proc`);

testNeeding(onLinux ? ["curl"] : [], flat, async () => {
  if (!onLinux) return;
  await using node = await serving();
  const bytes = MEGABYTES * 1024 * 1024;
  const before = memoryOf(node);
  let peak = before;
  const watch = setInterval(() => peak = Math.max(peak, memoryOf(node)), 20);
  const run = async (command: string) => {
    const { stdout } = await new Deno.Command("sh", { args: ["-c", command] }).output();
    return new TextDecoder().decode(stdout);
  };
  const url = node.url + PATH;
  // Of a known length: chunks that come faster than they are read Deno 2.9.6 takes at 10 MB/s only.
  const file = await Deno.makeTempFile();
  await Deno.truncate(file, bytes);
  const up = await run(`curl -q -sS -T ${file} ${url}/count`);
  await Deno.remove(file);
  assertEquals(up, `${bytes} bytes`);
  const down = await run(`curl -q -sS '${url}/bytes?count=${bytes}' | wc -c`);
  assertEquals(Number(down), bytes);
  clearInterval(watch);
  const grown = peak - before;
  console.log(`${flat}: ${before.toFixed(0)} MB before, at most ${grown.toFixed(0)} MB more`);
  // Garbage of two heaps that is not collected yet; of 1 GB held anywhere it would be four times as much.
  assertEquals(grown < 250, true, `the node grew by ${grown} MB`);
});
