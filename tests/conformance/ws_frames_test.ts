// WebSocket frames as raw bytes (RFC 6455), on both listeners: what must happen stands beside each case
// (raw_ws_cases.ts), and where Deno's own socket on the fast path does otherwise, why.

import { assertEquals } from "@std/assert";
import { startNode } from "../clients/node.ts";
import { connectBound } from "./bound.ts";
import { closeFrame, RawWs } from "./raw_ws.ts";
import { frameCases, type WsCase } from "./raw_ws_cases.ts";
import { closeCases } from "./raw_ws_close_cases.ts";
import { fragmentCases } from "./raw_ws_fragment_cases.ts";
import { textCases } from "./raw_ws_text_cases.ts";
import { checkResults } from "./results.ts";
import { readProgram } from "./scripts.ts";

const CASES = [...frameCases, ...fragmentCases, ...textCases, ...closeCases];
const PATH = "/frames_echo:frames_echo:template.os";
const files = { "frames_echo.ts": readProgram("frames_echo.ts") };

/** What came, and how it ended; so many events are waited for before the end. */
async function outcomeOf(port: number, { send, chop }: WsCase, count: number) {
  using client = await RawWs.connect(port, PATH);
  for (const step of send) {
    if (typeof step === "number") await client.wait(() => client.events.length >= step);
    else for (const piece of pieces(step, chop)) if (!await client.send(piece)) break;
  }
  await client.wait(() => client.events.length >= count);
  // Closes unless the server did, or is about to: then its own close frame is on the way before the answer to ours.
  await client.send(closeFrame(1000));
  const ended = await client.wait(() => client.end !== null);
  return { events: client.events, end: ended ? client.end : "open" };
}

function* pieces(bytes: Uint8Array, size = bytes.length): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Long payloads by their length. */
function short(events: string[]): string[] {
  return events.map((event) =>
    event.length > 200 ? `${event.slice(0, 20)}… ${event.length}` : event
  );
}

async function run(t: Deno.TestContext, args: string[], fast: boolean): Promise<void> {
  await using node = await startNode({ args, files });
  (await connectBound(`${node.wsUrl}${PATH}`))[Symbol.dispose]();
  const port = Number(new URL(node.url).port);
  for (const wanted of CASES) {
    await t.step(`${wanted.id} ${wanted.title}`, async () => {
      if (fast && wanted.fast !== undefined) {
        const expected = wanted.fast.end.split(", ");
        const { events, end } = await outcomeOf(port, wanted, expected.length - 1);
        assertEquals([...events.map((event) => event.split(" ")[0]), end], expected);
        return;
      }
      const { events, end } = await outcomeOf(port, wanted, wanted.events.length);
      // RFC 6455 §7.1.7 asks for a close frame where a connection is failed; Deno's socket mostly sends none.
      const must = fast && end === "drop" ? wanted.end.replace(/^fail .*/, "drop") : wanted.end;
      assertEquals([...short(events), end], [...short(wanted.events), must.replace("fail ", "")]);
      assertEquals(events.every((event, i) => event === wanted.events[i]), true);
    });
  }
}

Deno.test("RFC 6455, frame by frame: the front door", (t) =>
  run(t, ["--listen", "127.0.0.1"], false));
Deno.test("RFC 6455, frame by frame: the fast path", (t) => run(t, [], true));

Deno.test("RESULTS.md says what WebSocket frames come to", () =>
  checkResults(
    "websocket",
    ["case", "what is sent", "must end with", "fast path"],
    CASES.map(({ id, title, end, fast }) => [
      id,
      title,
      end,
      fast === undefined
        ? end.startsWith("fail ") ? "fails, maybe without a close frame" : "the same"
        : `${fast.end}: ${fast.why}`,
    ]),
  ));
