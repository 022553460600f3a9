// Issue 5: 5,000 simultaneous WebSockets to one process, all answered (FULL=1; else 300), and what they cost.

import { assert, assertEquals } from "@std/assert";
import { startNode } from "../clients/node.ts";
import { connectBound } from "./bound.ts";
import { readProgram } from "./scripts.ts";
import { eventually } from "./within.ts";
import { WsPeer } from "./ws_peer.ts";

const FULL = Deno.env.get("FULL") === "1";
const SOCKETS = FULL ? 5_000 : 300;
/** Handshakes under way at a time. */
const AT_ONCE = 50;
/** What a socket may cost, in KB: several times what it does, for a node's memory is no steady thing. */
const SOCKET_KB_MAX = 100;

/** Resident memory in KB and open descriptors, where the system tells (Linux). */
function costs(pid: number): { kb: number; descriptors: number } | undefined {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    const descriptors = [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
    return { kb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]), descriptors };
  } catch {
    return undefined;
  }
}

async function connectMany(url: string): Promise<WsPeer[]> {
  const peers: WsPeer[] = [];
  let begun = 0;
  const connect = async () => {
    while (begun < SOCKETS) {
      begun++;
      peers.push(await WsPeer.connect(url));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, connect));
  return peers;
}

if (!FULL) console.log("SKIP 5,000 WebSockets to one process: set FULL=1; 300 are tried");
Deno.test(`${SOCKETS} WebSockets to one process at once, all answered`, async () => {
  await using node = await startNode({
    files: { "web_sockets.ts": readProgram("web_sockets.ts") },
  });
  const url = `${node.wsUrl}/web_sockets:web_sockets:template.os`;
  (await connectBound(url))[Symbol.dispose]();
  await node.waitForLine(/closed \/ 1006/);
  const before = costs(node.pid);
  const peers = await connectMany(url);
  assertEquals(peers.length, SOCKETS);
  for (const round of ["1", "2", "3"]) {
    for (const [i, peer] of peers.entries()) peer.send(`${round} ${i}`);
    for (const [i, peer] of peers.entries()) {
      if (round === "1") assertEquals(await peer.nextText(), "opened / 0");
      assertEquals(await peer.nextText(), `${round} ${i}`);
    }
  }
  const during = costs(node.pid);
  for (const peer of peers) peer.close(1000);
  await Promise.all(peers.map((peer) => peer.closed()));
  if (before === undefined || during === undefined) return;
  const each = (during.kb - before.kb) / SOCKETS;
  // A few hundred drown in what a collector leaves lying about.
  if (FULL) assert(each < SOCKET_KB_MAX, `${each} KB for each socket`);
  const after = await eventually("closed descriptor", async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const now = costs(node.pid)!;
    return now.descriptors <= before.descriptors ? now : undefined;
  });
  const mb = (kb: number) => `${(kb / 1024).toFixed(0)} MB`;
  console.log(
    `${SOCKETS} WebSockets: ${each.toFixed(1)} KB each; the node had ${mb(before.kb)} before, ` +
      `${mb(during.kb)} with them, ${mb(after.kb)} after; descriptors ${before.descriptors}, ` +
      `${during.descriptors}, ${after.descriptors}`,
  );
});
