// Clients of the https port that do not go on (issue 5, items 7 and 8): each is ended in its time, TLS or none of it yet,
// and nothing of it is left. http_slow_test.ts sends the cases of plain HTTP over TLS, too.

import { assert, assertEquals } from "@std/assert";
import { makeCertificate } from "../clients/certificate.ts";
import { testNeeding } from "../clients/needs.ts";
import { type RunningNode, startNode } from "../clients/node.ts";
import { firstAnswer } from "../conformance/bound.ts";
import { RawHttp } from "../conformance/raw_http.ts";
import { get, PATH } from "../conformance/raw_http_cases.ts";
import { readProgram } from "../conformance/scripts.ts";
import { eventually } from "../conformance/within.ts";

const CLIENTS = 30;
const ENDED_MS = 30_000;
/** What a ClientHello begins with. */
const HALF_HELLO = "\x16\x03\x01\x02\x00\x01\x00";
/** Sockets of HTTP clients that a moment ago were there, and the like. */
const SPARE_DESCRIPTORS = 5;

interface Started {
  node: RunningNode;
  port: number;
  ca: string;
}

async function start(openssl: string, folder: string, ...limits: string[]): Promise<Started> {
  const { certFile, keyFile } = await makeCertificate(openssl, folder, "node");
  const node = await startNode({
    args: [
      ...["--tls-cert", certFile, "--tls-key", keyFile],
      ...limits.flatMap((limit) => ["--limit", limit]),
    ],
    files: { "raw_echo.ts": readProgram("raw_echo.ts") },
  });
  const ca = await Deno.readTextFile(certFile);
  await firstAnswer(`${node.url}${PATH}`, {}, { caCerts: [ca] });
  return { node, port: Number(new URL(node.url).port), ca };
}

/** Undefined where there is no /proc to count them in. */
function descriptorsOf({ pid }: RunningNode): number | undefined {
  if (Deno.build.os !== "linux") return undefined;
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

async function assertNothingLeft(node: RunningNode, before: number | undefined): Promise<void> {
  if (before === undefined) return;
  await eventually(
    "descriptors as before",
    () => Promise.resolve(descriptorsOf(node)! <= before + SPARE_DESCRIPTORS || undefined),
  );
}

testNeeding(["openssl"], "TLS: clients that do not go on are ended", async (t, { openssl }) => {
  const folder = await Deno.makeTempDir({ prefix: "kinode-tls-" });
  const { node, port, ca } = await start(openssl, folder, "head_seconds=2", "write_seconds=2");
  await using _ = node;
  const before = descriptorsOf(node);
  const whole = async (path: string) =>
    (await firstAnswer(`${node.url}${PATH}${path}`, {}, { caCerts: [ca] })).text;

  for (const [name, said] of [["says nothing", ""], ["stops within its handshake", HALF_HELLO]]) {
    await t.step(`who ${name}`, async () => {
      const clients: RawHttp[] = [];
      for (let i = 0; i < CLIENTS; i++) {
        const client = await RawHttp.connect(port);
        await client.send(said!);
        clients.push(client);
      }
      for (const client of clients) {
        await client.wait(() => false, ENDED_MS);
        assert(client.ended !== null, "it is open still");
      }
      await assertNothingLeft(node, before);
      for (const client of clients) client[Symbol.dispose]();
    });
  }
  await t.step("who takes nothing of an answer without end", async () => {
    const clients: RawHttp[] = [];
    for (let i = 0; i < 3; i++) {
      const client = await RawHttp.connect(port, { reads: false, ca });
      await client.send(get("", `${PATH}/endless`));
      clients.push(client);
    }
    assertEquals(await whole("/after"), "GET /after ");
    if (await whole("/temporal") === "undefined") {
      console.log("Deno 2.4: slow readers keep their connections until they leave");
      for (const client of clients) client[Symbol.dispose]();
    }
    await assertNothingLeft(node, before);
    for (const client of clients) client[Symbol.dispose]();
  });
  await t.step("an answer that is the last of its connection comes whole", async () => {
    assertEquals((await whole("/big")).length, 24 * 1024 * 1024);
  });
  await Deno.remove(folder, { recursive: true });
});

testNeeding(["openssl"], "TLS: who waits for a handshake counts as a connection", async (
  _t,
  { openssl },
) => {
  const folder = await Deno.makeTempDir({ prefix: "kinode-tls-" });
  const { node, port } = await start(openssl, folder, "connections_per_address=5");
  await using _ = node;
  const silent: RawHttp[] = [];
  for (let i = 0; i < 5; i++) silent.push(await RawHttp.connect(port));
  await eventually("refusal", async () => {
    using client = await RawHttp.connect(port);
    await client.wait(() => false, 1_000);
    return client.ended !== null || undefined;
  });
  await node.waitForLine("127.0.0.1 has 5 connections open: more are refused");
  for (const client of silent) client[Symbol.dispose]();
  await Deno.remove(folder, { recursive: true });
});
