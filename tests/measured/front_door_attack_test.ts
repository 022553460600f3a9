// Floods against the front door (issue 5, item 7): while they last others are served, and when they are over nothing
// of them is left. Linux only, for it counts the node's descriptors in /proc; the slower two with FULL=1.

import { assert, assertEquals } from "@std/assert";
import { curl } from "../clients/curl.ts";
import { testNeeding } from "../clients/needs.ts";
import { type RunningNode, startNode } from "../clients/node.ts";
import { firstAnswer } from "../conformance/bound.ts";
import { RawHttp } from "../conformance/raw_http.ts";
import { get, PATH } from "../conformance/raw_http_cases.ts";
import { readProgram } from "../conformance/scripts.ts";
import { eventually } from "../conformance/within.ts";

const SILENT = 2_000;
const READERS = 40;
const PER_ADDRESS = 100;
/** Sockets of HTTP clients that a moment ago were there, and the like. */
const SPARE_DESCRIPTORS = 5;

async function start(...limits: string[]): Promise<{ node: RunningNode; port: number }> {
  const args = ["--listen", "127.0.0.1", ...limits.flatMap((limit) => ["--limit", limit])];
  const node = await startNode({ args, files: { "raw_echo.ts": readProgram("raw_echo.ts") } });
  await firstAnswer(`${node.url}${PATH}`);
  return { node, port: Number(new URL(node.url).port) };
}

function descriptorsOf({ pid }: RunningNode): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

async function assertServes(port: number, from = "127.0.0.2"): Promise<void> {
  const { text } = await curl(["--interface", from, `http://127.0.0.1:${port}${PATH}/after`]);
  assertEquals(text, "GET /after ");
}

async function assertNothingLeft(node: RunningNode, before: number): Promise<void> {
  await eventually("descriptors as before", () => {
    const now = descriptorsOf(node);
    return Promise.resolve(now <= before + SPARE_DESCRIPTORS || undefined);
  });
}

const linux = Deno.build.os === "linux";
if (!linux) console.log("SKIP floods against the front door: they count descriptors in /proc");

const full = Deno.env.get("FULL") === "1";
if (linux && !full) {
  console.log(
    "SKIP floods of one address and of slow readers: they take half a minute, FULL=1 runs them",
  );
}

if (linux) {
  testNeeding(["curl"], `${SILENT} connections that say nothing`, async () => {
    const { node, port } = await start(`connections_per_address=${SILENT}`, "head_seconds=4");
    await using _ = node;
    const before = descriptorsOf(node);
    const clients: RawHttp[] = [];
    // One by one: of those beyond the system's queue it would drop some, and neither end would ever hear of it.
    while (clients.length < SILENT) clients.push(await RawHttp.connect(port));
    await assertServes(port);
    await eventually("end of all of them", async () => {
      await assertServes(port);
      return clients.every(({ ended }) => ended !== null) || undefined;
    });
    await assertNothingLeft(node, before);
    for (const client of clients) client[Symbol.dispose]();
  });
}

if (linux && full) {
  testNeeding(
    ["curl"],
    `${SILENT} connections of one address: it has its share, and no more`,
    async () => {
      const { node, port } = await start(`connections_per_address=${PER_ADDRESS}`);
      await using _ = node;
      const before = descriptorsOf(node);
      const clients: RawHttp[] = [];
      for (let i = 0; i < SILENT; i++) clients.push(await RawHttp.connect(port));
      await assertServes(port);
      await eventually("refusals", () => {
        const refused = clients.filter(({ ended }) => ended !== null).length;
        return Promise.resolve(refused === SILENT - PER_ADDRESS || undefined);
      });
      assert(descriptorsOf(node) <= before + PER_ADDRESS + SPARE_DESCRIPTORS);
      for (const client of clients) client[Symbol.dispose]();
      await assertNothingLeft(node, before);
      await assertServes(port, "127.0.0.1");
    },
  );

  testNeeding(
    ["curl"],
    `${READERS} readers that read nothing of an answer without end`,
    async () => {
      const { node, port } = await start("write_seconds=2");
      await using _ = node;
      const before = descriptorsOf(node);
      const clients: RawHttp[] = [];
      for (let i = 0; i < READERS; i++) {
        const client = await RawHttp.connect(port, { reads: false });
        await client.send(get("", `${PATH}/endless`));
        clients.push(client);
        if (i % 10 === 0) await assertServes(port);
      }
      const { text } = await curl([`${node.url}${PATH}/temporal`]);
      if (text === "undefined") {
        // Closing does not end a write there: the place of a reader that never reads is free when it leaves.
        console.log("Deno 2.4: slow readers keep their connections until they leave");
        for (const client of clients) client[Symbol.dispose]();
      }
      await assertNothingLeft(node, before);
      await assertServes(port);
      for (const client of clients) client[Symbol.dispose]();
    },
  );
}
