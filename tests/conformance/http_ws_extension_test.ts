// spec/http.md §7.6.5: the extension protocol, each step with its clause. The process is
// remote-controlled (remote.ts); the client is npm's `ws` (Python's websockets: web_sockets_test.ts). On both listeners.

import { assert, assertEquals } from "@std/assert";
import { type RunningNode, startNode } from "../clients/node.ts";
import vectors from "../vectors/http_server_ext.json" with { type: "json" };
import { type Remote, startRemote } from "./remote.ts";
import { act, bind, bytesOf, hear, LISTENERS, OK, open, push, SERVER } from "./ws_channel.ts";
import type { WsPeer } from "./ws_peer.ts";

interface Bed {
  node: RunningNode;
  /** It has bound `/` for extensions and `/plain`, below `url`. */
  a: Remote;
  url: string;
  /** A client of `/`, and its channel. */
  peer: WsPeer;
  id: number;
}

const outgoing = (channel_id: number) => ({
  WebSocketExtPushOutgoing: {
    channel_id,
    message_type: "Binary",
    desired_reply_type: "Response",
  },
});

/** The envelope as far as the id, and its fields behind the id, for the blob "hello". */
const HEAD = bytesOf(vectors.outgoing[0]!.frame).slice(0, 26);
const TAIL = bytesOf(
  "b36b696e6f64655f6d6573736167655f74797065a8526573706f6e7365a4626c6f629568656c6c6f",
);

const steps: Record<string, (bed: Bed) => Promise<void>> = {
  "§3.6: the envelope is Kinode's, byte by byte, with the request's id": async (
    { a, peer, id },
  ) => {
    const answer = a.send(SERVER, outgoing(id), { blob: "hello", seconds: 20 });
    const { text, bytes } = await peer.next();
    assertEquals([text, bytes.slice(0, HEAD.length)], [false, HEAD]);
    assertEquals(bytes.slice(-TAIL.length), TAIL);
    // §3.7: mirrored, it is the Response to that very request.
    peer.send(bytes);
    const { body, blob } = await answer;
    assertEquals([JSON.parse(body!), blob], [push(id, "Binary"), "hello"]);
    // A second Response with this id answers nothing, and is dropped.
    peer.send(bytes);
    peer.send("after");
    assertEquals(await hear(a, 1), [[push(id, "Text"), "after"]]);
  },

  "§3.7: a Response that comes too late is dropped": async ({ a, peer, id }) => {
    const late = await a.send(SERVER, outgoing(id), { blob: "hello", seconds: 1 });
    assertEquals(late.reason, "no-answer");
    peer.send((await peer.next()).bytes);
    peer.send("after");
    assertEquals(await hear(a, 1), [[push(id, "Text"), "after"]]);
  },

  "§3.7: both encodings of a Request, arrays and bin; what follows is ignored": async (
    { a, peer, id },
  ) => {
    const requests = [...vectors.incoming, ...vectors.outgoing]
      .filter(({ kinode_message_type }) => kinode_message_type === "Request");
    assert(requests.length > 2);
    for (const { frame, blob } of requests) {
      peer.send(bytesOf(frame));
      const text = new TextDecoder().decode(blob === "" ? new Uint8Array() : bytesOf(blob));
      assertEquals(await hear(a, 1), [[push(id, "Binary"), text]]);
    }
  },

  "§3.7: another action is dropped, what is none is the process's": async (
    { node, a, peer, id },
  ) => {
    for (const { frame } of vectors.other) peer.send(bytesOf(frame));
    for (const { frame } of vectors.undecodable.filter(({ frame }) => frame !== "")) {
      peer.send(bytesOf(frame));
      const text = new TextDecoder().decode(bytesOf(frame));
      assertEquals(await hear(a, 1), [[push(id, "Binary"), text]]);
    }
    await node.waitForLine("http-server: got unexpected message from ext websocket");
  },

  "§3.6: it works on a plain channel, whose answers are Requests": async ({ a, url }) => {
    const plain = await open(a, `${url}/plain`);
    const answer = a.send(SERVER, outgoing(plain.id), { blob: "hello", seconds: 1 });
    const { bytes } = await plain.peer.next();
    plain.peer.send(bytes);
    const [heard] = await hear(a, 1);
    assertEquals(heard?.[0], push(plain.id, "Binary"));
    assertEquals((await answer).reason, "no-answer");
    plain.peer.close();
    await hear(a, 2);
  },

  "§3.6: only Binary with a blob, only on a channel of its own": async ({ a, id }) => {
    assertEquals(await act(a, outgoing(id)), { Err: "NoBlob" });
    const asText = { channel_id: id, message_type: "Text", desired_reply_type: "Response" };
    assertEquals(await act(a, { WebSocketExtPushOutgoing: asText }, { blob: "x" }), {
      Err: "NoBlob",
    });
    assertEquals(await act(a, outgoing(id + 1), { blob: "x" }), { Err: "WsChannelNotFound" });
  },
};

for (const [listener, args] of LISTENERS) {
  Deno.test(`spec/http.md §7.6.5: the extension protocol, ${listener}`, async (t) => {
    await using node = await startNode({ args });
    const a = await startRemote(node, "a");
    assertEquals(await bind(a, "/", { extension: true }), OK);
    assertEquals(await bind(a, "/plain"), OK);
    const url = `${node.wsUrl}/${a.id}`;
    const { peer, id } = await open(a, url);
    const bed = { node, a, url, peer, id };
    for (const [name, step] of Object.entries(steps)) await t.step(name, () => step(bed));
    peer.close();
    await hear(a, 2);
  });
}
