// spec/http.md §7.6.4: WebSocket channels, each step with its clause. The process is
// remote-controlled (remote.ts); the client is npm's `ws` (Python's websockets: web_sockets_test.ts). On both listeners.

import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { type RunningNode, startNode } from "../clients/node.ts";
import { type Remote, startRemote } from "./remote.ts";
import { act, bind, ERA_A, hear, LISTENERS, OK, open, push } from "./ws_channel.ts";
import { WsPeer } from "./ws_peer.ts";

interface Bed {
  node: RunningNode;
  /** It has bound `/` and `/rooms/:name`, below `url`. */
  a: Remote;
  b: Remote;
  url: string;
  /** The listener can send pings and pongs. */
  pings: boolean;
}

const steps: Record<string, (bed: Bed) => Promise<void>> = {
  "§3.3: a refused handshake is a GET: 404 without binding, else the process's": async (
    { node, url },
  ) => {
    await assertRejects(() => WsPeer.connect(`${node.wsUrl}/no:no:no.os`), Error, "404");
    // The remote answers what is no call of its table with 500.
    await assertRejects(() => WsPeer.connect(`${url}/else`), Error, "500");
  },

  "§3.4: open says the path without the process, the concrete one": async ({ a, url }) => {
    for (const [asked, told] of [["", "/"], ["/?q=1", "/"], ["/rooms/7", "/rooms/7"]]) {
      const { peer, path } = await open(a, url + asked);
      assertEquals(path, told);
      peer.close();
      assertEquals((await hear(a, 2)).length, 2);
    }
  },

  "§3.4: an unbound path takes nobody any more, what is open stays": async ({ a, url }) => {
    assertEquals(await bind(a, "/gone"), OK);
    const { peer, id } = await open(a, `${url}/gone`);
    assertEquals(await act(a, { WebSocketUnbind: { path: "/gone" } }), OK);
    await assertRejects(() => WsPeer.connect(`${url}/gone`), Error, "500");
    assertEquals(await act(a, push(id, "Text"), { blob: "still" }), OK);
    assertEquals(await peer.nextText(), "still");
    peer.close();
    await hear(a, 2);
  },

  "§3.5: open comes before all messages, and they keep their order": async ({ a, url }) => {
    const { peer, id } = await open(a, url);
    for (let i = 0; i < 100; i++) {
      peer.send(i % 2 === 0 ? `${i}` : new TextEncoder().encode(`${i}`));
    }
    const heard = await hear(a, 100);
    const expected = heard.map((_, i) => [push(id, i % 2 === 0 ? "Text" : "Binary"), `${i}`]);
    assertEquals(heard, expected as typeof heard);
    peer.close(1000, "done");
    assertEquals(await hear(a, 2), [[push(id, "Close"), "done"], [{ WebSocketClose: id }, null]]);
    assertEquals(await peer.ended(), { code: 1000, reason: "done" });
  },

  "§3.5: a connection that is dropped is only WebSocketClose": async ({ a, url }) => {
    const { peer, id } = await open(a, url);
    peer[Symbol.dispose]();
    assertEquals(await hear(a, 1), [[{ WebSocketClose: id }, null]]);
  },

  "§3.6: text is read lossily, binary is as it is, a blob is a must": async ({ a, url }) => {
    const { peer, id } = await open(a, url);
    assertEquals(await act(a, push(id, "Text")), { Err: "NoBlob" });
    assertEquals(await act(a, push(id, "Text"), { blob: "ü" }), OK);
    assertEquals(await act(a, push(id, "Binary"), { blob: "ü" }), OK);
    const [text, binary] = [await peer.next(), await peer.next()];
    assertEquals([text.text, binary.text, text.bytes], [true, false, binary.bytes]);
    peer.close();
    await hear(a, 2);
  },

  "§1.3: only its process may push to a channel or close it, in both eras' words": async (
    { a, b, url },
  ) => {
    const { peer, id } = await open(a, url);
    const blob = "mine";
    assertEquals(await act(b, push(id, "Text"), { blob }), { Err: "WsChannelNotFound" });
    assertEquals(await act(b, { WebSocketClose: id }), { Err: "WsChannelNotFound" });
    assertEquals(await b.ask(ERA_A, push(id, "Text"), { blob }), {
      Err: { WebSocketPushError: { error: "WebSocket channel not owned by this process" } },
    });
    assertEquals(await act(a, push(id, "Text"), { blob }), OK);
    assertEquals(await peer.nextText(), "mine");
    peer.close();
    await hear(a, 2);
    assertEquals(await act(a, push(id, "Text"), { blob }), { Err: "WsChannelNotFound" });
    assertEquals(await act(a, { WebSocketClose: id }), OK); // Of an unknown channel, too.
  },

  "§1.3: a ping or pong of more than 125 bytes is too long": async (
    { a, url, pings },
  ) => {
    const { peer, id } = await open(a, url);
    for (const type of ["Ping", "Pong"]) {
      const long = await act(a, push(id, type), { blob: "x".repeat(126) });
      assertEquals(long, { Err: "WsPingPongTooLong" });
      // On loopback Deno's own sockets serve, which cannot; the front door's can.
      const short = await act(a, push(id, type), { blob: "x".repeat(125) });
      assertEquals(short, pings ? OK : { Err: "WsPingPongUnsupported" });
    }
    // What the client answers a ping with is the process's to hear.
    if (pings) assertEquals(await hear(a, 1), [[push(id, "Pong"), "x".repeat(125)]]);
    peer.close();
    await hear(a, 2);
  },

  "§3.5: a process closes, twice, and is answered at once": async ({ a, url }) => {
    const { peer, id } = await open(a, url);
    assertEquals(await act(a, { WebSocketClose: id }), OK);
    assertEquals(await act(a, { WebSocketClose: id }), OK);
    assertEquals(await peer.ended(), { code: 1005, reason: "" });
    assertEquals(await hear(a, 2), [[push(id, "Close"), ""], [{ WebSocketClose: id }, null]]);
  },

  "extension: the metadata of WebSocketClose holds code and reason": async ({ a, url }) => {
    const { peer, id } = await open(a, url);
    const metadata = '{"code":4001,"reason":"as you like"}';
    assertEquals(await act(a, { WebSocketClose: id }, { metadata }), OK);
    assertEquals(await peer.ended(), { code: 4001, reason: "as you like" });
    await hear(a, 2);
  },

  "§7.2: a push of Close closes": async ({ a, url }) => {
    const { peer, id } = await open(a, url);
    assertEquals(await act(a, push(id, "Close"), { blob: "" }), OK);
    assertEquals(await peer.closed(), 1005);
    await hear(a, 2);
  },

  "the process ends: its channels close with 1011, another's do not": async (
    { node, a, b, url },
  ) => {
    assertEquals(await bind(b, "/"), OK);
    const mine = await open(a, url);
    const other = await open(b, `${node.wsUrl}/${b.id}`);
    await a.call("crash").catch(() => {}); // Nobody is there to answer it.
    assertEquals(await mine.peer.ended(), { code: 1011, reason: "process ended" });
    assertEquals(await act(b, push(other.id, "Text"), { blob: "still" }), OK);
    assertEquals(await other.peer.nextText(), "still");
    other.peer.close();
    await hear(b, 2);
  },

  "issue 5, item 7: where the process is gone a handshake is 503, no socket that nobody hears":
    async (
      { node, b },
    ) => {
      const url = `${node.wsUrl}/${b.id}`;
      using peer = await WsPeer.connect(url);
      await Deno.remove(join(node.processes, "b.ts"));
      assertEquals(await peer.ended(), { code: 1011, reason: "process ended" });
      await assertRejects(() => WsPeer.connect(url), Error, "503");
    },
};

for (const [listener, args] of LISTENERS) {
  Deno.test(`spec/http.md §7.6.4: channels, ${listener}`, async (t) => {
    await using node = await startNode({ args });
    const a = await startRemote(node, "a");
    const b = await startRemote(node, "b");
    for (const path of ["/", "/rooms/:name"]) assertEquals(await bind(a, path), OK);
    const bed = { node, a, b, url: `${node.wsUrl}/${a.id}`, pings: args.length > 0 };
    for (const [name, step] of Object.entries(steps)) await t.step(name, () => step(bed));
  });
}
