// Clients that take their time, and clients that leave, on both listeners (design.md §4, "The front door"). The
// front door ends every one of them; the fast path has no timeouts, and that is asserted by name.

import { assert, assertEquals } from "@std/assert";
import { makeCertificate } from "../clients/certificate.ts";
import { testNeeding } from "../clients/needs.ts";
import { startNode } from "../clients/node.ts";
import { firstAnswer } from "../conformance/bound.ts";
import { RawHttp } from "../conformance/raw_http.ts";
import { get, H, PATH, post } from "../conformance/raw_http_cases.ts";
import { checkResults } from "../conformance/results.ts";
import { readProgram } from "../conformance/scripts.ts";

/** Small enough for a test, with room for a machine that has other things to do. */
const LIMITS = {
  head_seconds: 1.5,
  body_seconds: 1.5,
  body_seconds_total: 3,
  idle_seconds: 1.5,
  write_seconds: 1.5,
};
/** Longer than all of them together: who is still open then is open for ever. */
const FRONT_MS = 20_000;
/** As long as an honest answer takes, and some: what is open then on the fast path has no timeout. */
const FAST_MS = 1_200;
/** Between two bytes of a client that dribbles. */
const DRIBBLE_MS = 150;
const BIG = 24 * 1024 * 1024;

interface SlowCase {
  name: string;
  threat: string;
  front: string;
  fast: string;
  act(client: RawHttp, ms: number): Promise<void>;
}

const waiting = async (client: RawHttp, ms: number) => {
  await client.wait(() => false, ms);
};

/** Byte by byte until the server has had enough. */
async function dribble(client: RawHttp, text: string, ms: number): Promise<void> {
  const deadline = performance.now() + ms;
  for (let i = 0; client.ended === null && performance.now() < deadline; i++) {
    if (!await client.send(text[i % text.length]!)) break;
    await client.wait(() => false, DRIBBLE_MS);
  }
  await client.wait(() => client.ended !== null, 2_000);
}

const CASES: SlowCase[] = [
  {
    name: "a connection that says nothing",
    threat: "each costs a descriptor",
    front: "close",
    fast: "open",
    act: waiting,
  },
  {
    name: "half a head, then nothing",
    threat: "slowloris",
    front: "408 close",
    fast: "open",
    act: async (client, ms) => {
      await client.send(`GET ${PATH} HTTP/1.1\r\n${H}`);
      await waiting(client, ms);
    },
  },
  {
    name: "a head without end, byte by byte",
    threat: "slowloris: never silent for long",
    front: "408 close",
    fast: "open",
    act: async (client, ms) => {
      await client.send(`GET ${PATH} HTTP/1.1\r\n${H}`);
      await dribble(client, "X-A: b\r\n", ms);
    },
  },
  {
    name: "half a body, then nothing",
    threat: "slow POST",
    front: "408 close",
    fast: "open",
    act: async (client, ms) => {
      await client.send(post("Content-Length: 10\r\n", "hello"));
      await waiting(client, ms);
    },
  },
  {
    name: "a body byte by byte",
    threat: "slow POST: never silent for long",
    front: "408 close",
    fast: "open",
    act: async (client, ms) => {
      await client.send(post("Content-Length: 100000\r\n", ""));
      await dribble(client, "x", ms);
    },
  },
  {
    name: "half a chunk's size, then nothing",
    threat: "slow POST, chunked",
    front: "408 close",
    fast: "open",
    act: async (client, ms) => {
      await client.send(post("Transfer-Encoding: chunked\r\n", "5"));
      await waiting(client, ms);
    },
  },
  {
    name: "nothing after an answer",
    threat: "idle keep-alive",
    front: "200 close",
    fast: "200 open",
    act: async (client, ms) => {
      await client.send(get());
      await waiting(client, ms);
    },
  },
  {
    name: "Expect: 100-continue, then nothing",
    threat: "slow POST",
    front: "100 408 close",
    fast: "100 open",
    act: async (client, ms) => {
      await client.send(post("Expect: 100-continue\r\nContent-Length: 5\r\n", ""));
      await waiting(client, ms);
    },
  },
  {
    name: "leaves in the middle of its head",
    threat: "no answer for nobody",
    front: "400 close",
    fast: "close",
    act: async (client, ms) => {
      await client.send(`GET ${PATH} HTTP/1.1\r\n${H}`);
      await client.halfClose();
      await waiting(client, ms);
    },
  },
  {
    name: "leaves in the middle of its body",
    threat: "half a body is no body",
    front: "400 close",
    fast: "400 close | 408 close | close",
    act: async (client, ms) => {
      await client.send(post("Content-Length: 10\r\n", "hello"));
      await client.halfClose();
      await waiting(client, ms);
    },
  },
  {
    name: "ends its side after a whole request",
    threat: "half-close: it still wants its answer",
    front: "200 close",
    fast: "200 close | close",
    act: async (client, ms) => {
      await client.send(get());
      await client.halfClose();
      await waiting(client, ms);
    },
  },
  {
    name: "ends its side, and the process never answers",
    threat: "half-close: or it has gone",
    front: "close | 408 close",
    fast: "close | open",
    act: async (client, ms) => {
      await client.send(get("", `${PATH}/never`));
      await client.halfClose();
      await waiting(client, ms);
    },
  },
];

function outcomeOf(client: RawHttp): string {
  const statuses = client.answers.map(({ status }) => status);
  return [...statuses, client.ended === null ? "open" : "close"].join(" ");
}

/** All at once: they wait, mostly. */
async function run(
  t: Deno.TestContext,
  args: string[],
  { fast = false, ca = null as string | null } = {},
): Promise<void> {
  await using node = await startNode({
    args,
    files: { "raw_echo.ts": readProgram("raw_echo.ts") },
  });
  const trust = ca === null ? {} : { caCerts: [ca] };
  await firstAnswer(`${node.url}${PATH}`, {}, trust);
  const port = Number(new URL(node.url).port);
  const steps = CASES.map((slow) =>
    t.step({
      name: `${slow.name} (${slow.threat})`,
      sanitizeOps: false,
      sanitizeResources: false,
      sanitizeExit: false,
      fn: async () => {
        using client = await RawHttp.connect(port, { ca });
        await slow.act(client, fast ? FAST_MS : FRONT_MS);
        const allowed = (fast ? slow.fast : slow.front).split(" | ");
        assert(allowed.includes(outcomeOf(client)), `${outcomeOf(client)}, not ${allowed}`);
      },
    })
  );
  await Promise.all(steps);
  await t.step("a reader that reads nothing of 24 MB", () => slowReader(port, fast, ca));
  await t.step("the others are served as ever", async () => {
    assertEquals((await firstAnswer(`${node.url}${PATH}/after`, {}, trust)).text, "GET /after ");
  });
}

/** Its system takes some megabytes; the rest stays with the server, which gives it up. */
async function slowReader(port: number, fast: boolean, ca: string | null): Promise<void> {
  using client = await RawHttp.connect(port, { reads: false, ca });
  await client.send(get("", `${PATH}/big`));
  await client.readOnce();
  await client.wait(() => false, fast ? FAST_MS : (LIMITS.write_seconds + 2) * 1_000);
  client.read();
  await client.wait(() => client.bytesRead >= BIG, FRONT_MS);
  if (fast) assert(client.bytesRead >= BIG, "the fast path waits for its reader");
  else assert(client.bytesRead < BIG, "the front door waits for no reader");
}

const limits = Object.entries(LIMITS).flatMap(([name, value]) => ["--limit", `${name}=${value}`]);
Deno.test("clients that take their time: the front door ends each", (t) =>
  run(t, ["--listen", "127.0.0.1", ...limits]));
Deno.test("clients that take their time: the fast path waits for them", (t) =>
  run(t, [], { fast: true }));
testNeeding(["openssl"], "clients that take their time, over TLS", async (t, { openssl }) => {
  const folder = await Deno.makeTempDir({ prefix: "kinode-slow-" });
  const { certFile, keyFile } = await makeCertificate(openssl, folder, "node");
  const ca = await Deno.readTextFile(certFile);
  await run(t, ["--tls-cert", certFile, "--tls-key", keyFile, ...limits], { ca });
  await Deno.remove(folder, { recursive: true });
});

Deno.test("RESULTS.md says what becomes of slow clients", () =>
  checkResults("slow", ["client", "threat", "front door", "fast path"], [
    ...CASES.map(({ name, threat, front, fast }) => [name, threat, front, fast]),
    ["a reader that reads nothing of 24 MB", "answers held in memory", "close", "open"],
  ]));
