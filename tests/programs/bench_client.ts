// Fetches a URL so often, so many at a time, and says how long it took: in a process of a node.
import { http } from "@kinode/process";

export default {
  async fetch(request: Request): Promise<Response> {
    const query = new URL(request.url).searchParams;
    const url = query.get("to");
    if (url === null) return new Response("to=URL&count=N&parallel=N");
    const byMessage = query.has("message");
    let left = Number(query.get("count"));
    const begun = performance.now();
    const one = async () => {
      while (left-- > 0) {
        if (byMessage) await http.sendRequestAwaitResponse("GET", url, null, 30);
        else await (await fetch(url)).text();
      }
    };
    await Promise.all(Array.from({ length: Number(query.get("parallel")) }, one));
    return new Response(String(performance.now() - begun));
  },
};
