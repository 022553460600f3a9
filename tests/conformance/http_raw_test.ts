// HTTP/1.1 as raw bytes, on both listeners: what must happen stands beside each case (raw_http_cases.ts), and
// whatever is sent, nothing of it becomes a request that its sender did not frame as one.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { type RunningNode, startNode } from "../clients/node.ts";
import { firstAnswer } from "./bound.ts";
import { RawHttp } from "./raw_http.ts";
import { framing, get, PATH, type RawCase } from "./raw_http_cases.ts";
import { plain } from "./raw_http_more_cases.ts";
import { checkResults } from "./results.ts";
import { readProgram } from "./scripts.ts";

const CASES = [...framing, ...plain];
/** Small enough for a test, large enough for a machine with other things to do. */
const LIMITS = ["head_seconds=2", "body_seconds=2", "body_seconds_total=4", "write_seconds=2"];
/** Longer than any of them: who is still open then has no timeout. */
const FRONT_MS = 15_000;
/** The fast path has no timeouts: what is not there at once never comes. */
const FAST_MS = 700;

const AFTER = get("", `${PATH}/after`);
const files = { "raw_echo.ts": readProgram("raw_echo.ts") };

async function start(args: string[]): Promise<{ node: RunningNode; port: number }> {
  const node = await startNode({ args, files });
  await firstAnswer(`${node.url}${PATH}`);
  return { node, port: Number(new URL(node.url).port) };
}

/** As in the case's `front`. */
async function outcomeOf(port: number, raw: RawCase, ms: number) {
  const { send, answers = 1, seen } = raw;
  using client = await RawHttp.connect(port);
  client.bodiless = raw.bodiless ?? false;
  await client.send(send);
  const answered = await client.wait(() => client.finals.length >= answers, ms);
  const [first] = client.finals;
  if (answered && seen !== undefined) assertEquals(first?.body, seen);
  const state = answered ? await afterwards(client, answers, ms) : stateOf(client);
  const statuses = client.answers.map(({ status }) => status);
  const own = statuses.length - (client.finals.length - (answered ? answers : 0));
  return [...(answered ? statuses.slice(0, own) : statuses), state].join(" ");
}

/** Sends one more request: is it answered, and as itself? */
async function afterwards(client: RawHttp, answers: number, ms: number): Promise<string> {
  await client.send(AFTER);
  if (!await client.wait(() => client.finals.length > answers, ms)) return stateOf(client);
  const next = client.finals[answers]!.body;
  if (next === "GET /stray ") return "stray";
  assertEquals(next, "GET /after ");
  return "keep";
}

function stateOf(client: RawHttp): string {
  return client.ended === null ? "open" : "close";
}

async function straysOf(url: string): Promise<string> {
  return (await firstAnswer(`${url}${PATH}/strays`)).text;
}

Deno.test("HTTP/1.1 as raw bytes: the front door", async (t) => {
  const { node, port } = await start([
    "--listen",
    "127.0.0.1",
    ...LIMITS.flatMap((l) => ["--limit", l]),
  ]);
  await using _ = node;
  for (const raw of CASES) {
    await t.step(`${raw.name} (${raw.clause})`, async () => {
      assertEquals(await outcomeOf(port, raw, FRONT_MS), raw.front);
    });
  }
  await t.step("nothing of it was smuggled", async () => {
    assertEquals(await straysOf(node.url), "0");
  });
});

Deno.test("HTTP/1.1 as raw bytes: the fast path", async (t) => {
  const { node, port } = await start([]);
  await using _ = node;
  let strays = 0;
  for (const raw of CASES) {
    const expected = raw.fast ?? raw.front;
    await t.step(`${raw.name} (${raw.clause})`, async () => {
      const outcome = await outcomeOf(port, raw, FAST_MS);
      assertStringIncludes(` | ${expected} | `, ` | ${outcome} | `);
      if (outcome.endsWith(" stray")) strays++;
    });
  }
  await t.step("nothing else was smuggled", async () => {
    assertEquals(await straysOf(node.url), String(strays));
  });
});

Deno.test("RESULTS.md says what HTTP/1.1 as raw bytes comes to", () =>
  checkResults(
    "http",
    ["case", "what is said of it", "front door", "fast path"],
    CASES.map(({ name, clause, front, fast }) => [name, clause, front, fast ?? "the same"]),
  ));
