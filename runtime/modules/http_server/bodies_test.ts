/** Bodies that arrive, piece by piece as a test sends them, on a clock of its own. */
import { assertEquals } from "@std/assert";
import {
  HTTP_ARRIVING_BYTES_MAX,
  HTTP_ARRIVING_SECONDS,
  HTTP_WHOLE_BODY_BYTES_MAX,
} from "../../limits.ts";
import { ArrivingBodies } from "./bodies.ts";

const MB = 1024 * 1024;
const BODY_BYTES_MAX = HTTP_ARRIVING_BYTES_MAX / 4;

/** Bodies of up to a quarter of what may arrive, and their senders. */
function arriving() {
  const clock = { ms: 0 };
  const bodies = new ArrivingBodies(BODY_BYTES_MAX, { now: () => clock.ms });
  const begin = (length: number | null) => {
    let out: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
    let cancelled = false;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => void (out = controller),
      cancel: () => void (cancelled = true),
    });
    const bytes = () => new Response(body).bytes();
    const result = bodies.read({ body, bytes }, length === null ? null : `${length}`);
    return {
      /** Resolves once it was read. */
      async send(size: number): Promise<void> {
        out.enqueue(new Uint8Array(size));
        while (out.desiredSize! < 1 && !cancelled) await null;
        for (let turn = 0; turn < 10; turn++) await null;
      },
      end: () => out.close(),
      /** Bytes, or the status of the answer. */
      outcome: async () => {
        const answer = await result;
        return answer instanceof Response ? answer.status : `${answer.length} bytes`;
      },
      get cancelled() {
        return cancelled;
      },
    };
  };
  return { clock, begin };
}

Deno.test("read() counts what has come of a body, not what was announced", async () => {
  const { begin } = arriving();
  const slow = Array.from({ length: 100 }, () => begin(BODY_BYTES_MAX));
  for (const body of slow) await body.send(1);
  for (const length of [5, 3 * MB, null]) {
    const honest = begin(length);
    await honest.send(length ?? 7);
    honest.end();
    assertEquals(await honest.outcome(), `${length ?? 7} bytes`);
  }
  assertEquals(slow.some(({ cancelled }) => cancelled), false);
});

Deno.test("read() has a small body take the place that it announces", async () => {
  const { begin } = arriving();
  const small = HTTP_WHOLE_BODY_BYTES_MAX;
  for (let i = 0; i < HTTP_ARRIVING_BYTES_MAX / small; i++) begin(small);
  assertEquals(await begin(1).outcome(), 503);
});

Deno.test("read() refuses the newest while all are young, and then the oldest give way", async () => {
  const { begin, clock } = arriving();
  const stalled = Array.from({ length: 4 }, () => begin(BODY_BYTES_MAX));
  for (const body of stalled) await body.send(BODY_BYTES_MAX - 1);
  assertEquals(await begin(10).outcome(), 503);
  clock.ms = HTTP_ARRIVING_SECONDS * 1000;
  const honest = begin(3 * MB);
  await honest.send(3 * MB);
  honest.end();
  assertEquals(await honest.outcome(), `${3 * MB} bytes`);
  assertEquals([await stalled[0]!.outcome(), stalled[0]!.cancelled], [503, true]);
  assertEquals(stalled.slice(1).map(({ cancelled }) => cancelled), [false, false, false]);
  stalled[1]!.end();
  assertEquals(await stalled[1]!.outcome(), `${BODY_BYTES_MAX - 1} bytes`);
});

Deno.test("read() puts a body of many small pieces together", async () => {
  const { begin } = arriving();
  const body = begin(200_000);
  for (let i = 0; i < 20_000; i++) await body.send(10);
  body.end();
  assertEquals(await body.outcome(), "200000 bytes");
});
