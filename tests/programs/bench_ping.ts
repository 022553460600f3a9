/** Asks bench_pong for a while when it is asked itself: GET /?flights=32&seconds=2 answers how often. */
import { awaitMessage, http, println, Request } from "@kinode/process";

const PONG = "bench_pong:bench_pong:template.os";

export const config = { request_capabilities: ["bench_pong:bench_pong:template.os"] };

export async function init() {
  await http.bindHttpPath("/");
  println("bound");
  while (true) {
    const asked = http.HttpServerRequest.parse(await awaitMessage());
    if (!("Http" in asked)) continue;
    const { flights, seconds } = asked.Http.queryParams;
    const count = await ask(Number(flights), Number(seconds));
    http.sendResponse(200, null, String(count));
  }
}

/** Round trips within `seconds`, from so many loops at once. */
async function ask(flights: number, seconds: number): Promise<number> {
  const end = performance.now() + seconds * 1000;
  let answered = 0;
  const loop = async () => {
    while (performance.now() < end) {
      const answer = await Request.to(`our@${PONG}`).body("ping").sendAndAwaitResponse(10);
      if (answer.text() !== "ping") throw new Error(`pong said ${answer.text()}`);
      answered++;
    }
  };
  await Promise.all(Array.from({ length: flights }, loop));
  return answered;
}
