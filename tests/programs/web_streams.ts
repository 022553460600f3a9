// Bodies that stream, both ways, and clients that leave: it prints what a web-style process sees of them.

const encoder = new TextEncoder();
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export default {
  async fetch(request: Request, env: unknown, ctx: { waitUntil(promise: Promise<unknown>): void }) {
    const { pathname, searchParams } = new URL(request.url);
    switch (pathname.slice(pathname.indexOf("/", 1))) {
      case "/count": {
        let bytes = 0;
        for await (const piece of request.body ?? []) bytes += piece.length;
        return new Response(`${bytes} bytes`);
      }
      case "/echo":
        return new Response(request.body);
      case "/lines":
        return new Response(ReadableStream.from(lines()), {
          headers: { "content-type": "text/plain" },
        });
      case "/next":
        next.resolve();
        return new Response(null, { status: 204 });
      case "/events":
        return events();
      case "/bytes":
        return new Response(bytes(Number(searchParams.get("count"))));
      case "/breaks":
        return new Response(ReadableStream.from(breaks()));
      case "/waits":
        request.signal.addEventListener("abort", () => {
          console.log(`aborted: ${request.signal.reason}`);
        });
        console.log("waiting");
        await pause(60_000);
        return new Response("late");
      case "/context":
        ctx.waitUntil(Promise.reject(new Error("after the answer")));
        return Response.json({ env, frozen: Object.isFrozen(env) });
      default:
        return new Response("streams");
    }
  },
};

/** Two events; the second when somebody has seen the first, the end when the client leaves. */
function events(): Response {
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue(encoder.encode("data: one\n\n"));
    },
    async pull(controller) {
      await pause(50);
      controller.enqueue(encoder.encode("data: more\n\n"));
    },
    cancel(reason) {
      console.log(`cancelled: ${reason}`);
    },
  });
  return new Response(stream, { headers: { "content-type": "text/event-stream" } });
}

/** So many bytes in pieces of 64 KiB; prints how often it was asked when it was not asked for long. */
function bytes(count: number): ReadableStream<Uint8Array> {
  let sent = 0;
  let said = 0;
  const report = setInterval(() => {
    if (sent === said) console.log(`held back after ${sent} bytes`);
    said = sent;
  }, 300);
  return new ReadableStream({
    pull(controller) {
      const piece = new Uint8Array(Math.min(65_536, count - sent)).fill(0x61);
      sent += piece.length;
      if (piece.length > 0) return controller.enqueue(piece);
      clearInterval(report);
      controller.close();
    },
    cancel() {
      clearInterval(report);
    },
  });
}

async function* breaks() {
  yield encoder.encode("the beginning");
  await pause(10);
  throw new Error("boom in the stream");
}

let next = Promise.withResolvers<void>();

/** Three lines, of which the second and the third wait until somebody asks for /next. */
async function* lines(): AsyncGenerator<Uint8Array> {
  for (const word of ["one", "two", "three"]) {
    yield encoder.encode(`${word} ${"-".repeat(2_000)}\n`);
    if (word === "three") return;
    // /next may have been asked for before this stream was pulled again.
    await next.promise;
    next = Promise.withResolvers<void>();
  }
}
