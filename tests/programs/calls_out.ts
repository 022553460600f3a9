/** `fetch` and `WebSocket`, as libraries use them: asks the URL that it is given, then talks to a server. */
export default {
  async fetch(request: Request): Promise<Response> {
    const to = new URL(request.url).searchParams.get("to") ?? "";
    if (to.startsWith("ws:")) return new Response(await talk(to));
    try {
      const answer = await fetch(to, { method: "POST", body: "ping" });
      return new Response(`${answer.status} ${answer.url} ${await answer.text()}`);
    } catch (error) {
      return new Response(`${(error as Error).name}: ${(error as Error).message}`);
    }
  },
};

/** Says hello, hears one message, leaves; and tells what happened. */
function talk(url: string): Promise<string> {
  const seen: string[] = [];
  const socket = new WebSocket(url);
  socket.onopen = () => socket.send("hello");
  socket.onmessage = ({ data }) => {
    seen.push(`message ${data}`);
    socket.close();
  };
  socket.onerror = () => seen.push("error");
  return new Promise((resolve) => {
    socket.onclose = () => resolve([...seen, "close"].join(", "));
  });
}
