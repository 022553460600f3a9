// WebSockets to a server, by the web's name and by the library's, and server-sent events: prints what it hears.
import { http } from "@kinode/process";

const VERSION = 0;

/** What it is to do comes as a path: `/open?to=URL`, `/events?to=URL`, `/keep?to=URL`, `/many?to=URL&count=N`. */
export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const to = searchParams.get("to") ?? "";
    const what = pathname.slice(pathname.lastIndexOf("/") + 1);
    if (what === "open") return Response.json(await talk(to, searchParams.get("send") ?? "hello"));
    if (what === "events") return Response.json(await events(to));
    if (what === "keep") return keep(to);
    if (what === "many") return Response.json(await many(to, Number(searchParams.get("count"))));
    return new Response(`version ${VERSION}`);
  },
};

/** A conversation: what is heard until the server closes. */
function talk(url: string, text: string): Promise<string[]> {
  const seen: string[] = [];
  const socket = new WebSocket(url, {
    protocols: ["other", "chat"],
    headers: { "x-from": "kinode" },
  });
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    seen.push(`open ${socket.protocol}`);
    socket.send(text);
    socket.send(new Uint8Array([1, 2, 3]));
  };
  socket.onmessage = ({ data }) => {
    seen.push(typeof data === "string" ? data.slice(0, 100) : `${new Uint8Array(data)}`);
    if (data === "you go") socket.close(4001, "I go");
  };
  socket.onerror = (event) => seen.push(`error ${(event as ErrorEvent).message !== ""}`);
  return new Promise((resolve) => {
    socket.onclose = ({ code, reason, wasClean }) => {
      resolve([...seen, `close ${code} ${reason} ${wasClean}`]);
    };
  });
}

/** What is heard of a stream of events, over a connection that is lost. */
function events(url: string): Promise<string[]> {
  const seen: string[] = [];
  const source = new EventSource(url);
  source.onopen = () => seen.push("open");
  source.onerror = () => seen.push("error");
  source.onmessage = ({ data, lastEventId }) => seen.push(`${data} ${lastEventId}`);
  return new Promise((resolve) => {
    source.addEventListener("end", ({ data }) => {
      source.close();
      resolve([...seen, `end ${data} ${source.readyState}`]);
    });
  });
}

/** A connection that is to last: each version asks for it anew. */
let kept: http.client.Connection | null = null;
const { TO } = { TO: "" };
if (TO !== "") keep(TO);

function keep(url: string): Response {
  kept ??= http.client.connect(url, { reconnect: { minSeconds: 0.05, maxSeconds: 0.2 } });
  kept.addEventListener("open", () => kept!.send(`open ${VERSION}`));
  kept.addEventListener("message", (event) => {
    kept!.send(`${VERSION} heard ${(event as MessageEvent).data}`);
  });
  return new Response("kept");
}

/** So many at once, each of which hears its own number back. */
async function many(url: string, count: number): Promise<{ answered: number; open: number }> {
  const sockets = Array.from({ length: count }, () => new WebSocket(url));
  let answered = 0;
  await Promise.all(sockets.map((socket, i) =>
    new Promise<void>((resolve, reject) => {
      socket.onopen = () => socket.send(String(i));
      socket.onmessage = ({ data }) => {
        if (data === String(i)) answered++;
        resolve();
      };
      socket.onclose = ({ code }) => reject(new Error(`closed ${code}`));
    })
  ));
  const open = sockets.filter(({ readyState }) => readyState === 1).length;
  for (const socket of sockets) {
    socket.onclose = null;
    socket.close(1000);
  }
  return { answered, open };
}
