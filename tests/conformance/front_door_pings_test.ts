// Pings that a client of the front door sends (RFC 6455 §5.5.2-§5.5.3), more than anybody needs.

import { assert, assertEquals } from "@std/assert";
import { startNode } from "../clients/node.ts";
import { connectBound } from "./bound.ts";
import { frame, joined, PING, RawWs, TEXT } from "./raw_ws.ts";
import { readProgram } from "./scripts.ts";

const PATH = "/frames_echo:frames_echo:template.os";
const PINGS = 5_000;

Deno.test("thousands of pings at once: the last is answered, if not all, and the client is not cut", async () => {
  const files = { "frames_echo.ts": readProgram("frames_echo.ts") };
  await using node = await startNode({ args: ["--listen", "127.0.0.1"], files });
  (await connectBound(`${node.wsUrl}${PATH}`))[Symbol.dispose]();
  using client = await RawWs.connect(Number(new URL(node.url).port), PATH);
  const pings = Array.from({ length: PINGS }, (_, i) => frame(PING, `${i}`));
  assert(await client.send(joined(...pings)));
  const last = `pong ${PINGS - 1}`;
  assert(await client.wait(() => client.events.includes(last)), `${client.end}`);
  const numbers = client.events.map((event) => Number(event.replace("pong ", "")));
  assertEquals(numbers, numbers.toSorted((a, b) => a - b));
  await client.send(frame(TEXT, "still here"));
  assert(await client.wait(() => client.events.includes("text still here")), `${client.end}`);
});
