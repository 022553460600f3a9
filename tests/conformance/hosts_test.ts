// A process has a host of its own: an app that knows nothing of its path runs there unchanged.

import { assertEquals } from "@std/assert";
import { testNeeding } from "../clients/needs.ts";
import { startNode } from "../clients/node.ts";
import { connectBound, curlBound } from "./bound.ts";

/** As it stands in the documentation of Workers: routes begin at `/`. */
const APP = `export default {
  fetch(request) {
    const { pathname, searchParams, origin } = new URL(request.url);
    if (pathname === "/") return new Response("home of " + origin);
    if (pathname === "/items/") return Response.json({ q: searchParams.getAll("q") });
    return new Response("nothing at " + pathname, { status: 404 });
  },
  websocket: { open(ws) { ws.send(ws.path); } },
};`;

testNeeding(["curl"], "a process is at / of its own host, over HTTP and WebSockets", async () => {
  await using node = await startNode({ files: { "my_app.ts": APP, "other.ts": APP } });
  const { port } = new URL(node.url);
  const at = (name: string) => `${name}.localhost:${port}`;
  const ask = (host: string, path: string) =>
    curlBound(["-s", "--resolve", `${host}:127.0.0.1`, `http://${host}${path}`]);
  assertEquals((await ask(at("my-app"), "/")).text, `home of http://${at("my-app")}`);
  assertEquals((await ask(at("my-app"), "/items/?q=1&q=2")).text, '{"q":["1","2"]}');
  const beside = await curlBound(["-s", "-H", `Host: ${at("my-app")}`, `${node.url}/items/`]);
  assertEquals(beside.text, '{"q":[]}');
  assertEquals((await ask(at("other"), "/")).status, 200);
  const other = await fetch(`http://127.0.0.1:${port}/other:other:template.os/`, {
    headers: { accept: "*/*" },
  });
  assertEquals(await other.text(), "nothing at /other:other:template.os/");
  const peer = await connectBound(`ws://localhost:${port}/my_app:my_app:template.os/room`);
  assertEquals(await peer.nextText(), "/room");
  peer.close();
});
