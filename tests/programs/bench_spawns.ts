// Spawns as many children as a request asks for, and answers with the milliseconds from each spawn to the answer to
// its first message: `?count=3&pause=1000` waits so long between two. Without a pause the spares are used up.
import { Request, spawn } from "@kinode/process";

export default {
  async fetch(request: globalThis.Request): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const times: number[] = [];
    for (let i = 0; i < Number(searchParams.get("count")); i++) {
      await new Promise((resolve) => setTimeout(resolve, Number(searchParams.get("pause") ?? 0)));
      const since = performance.now();
      const child = await spawn({ path: "./_bench_idle.ts" });
      await Request.to(child).body("hello").sendAndAwaitResponse(60);
      times.push(performance.now() - since);
    }
    return Response.json(times);
  },
};
