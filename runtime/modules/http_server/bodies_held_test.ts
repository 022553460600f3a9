/** Bodies at the front door, which hears what is held of each and may cut one off. */
import { assertEquals } from "@std/assert";
import { ArrivingBodies } from "./bodies.ts";

const KB = 1024;

/** A body that comes when it is told to. */
function arriving() {
  const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>>();
  const writer = writable.getWriter();
  const held: number[] = [];
  return {
    request: {
      body: readable,
      bytes: () => Promise.reject(new Error("not small")),
      holds: (bytes: number): unknown => held.push(bytes),
    },
    send: (size: number) => writer.write(new Uint8Array(size)),
    end: () => writer.close(),
    fail: () => void writer.abort(new Error("cut off")).catch(() => {}),
    held,
  };
}

async function outcome(read: Promise<Uint8Array | Response>): Promise<number> {
  const body = await read;
  return body instanceof Response ? body.status : body.length;
}

Deno.test("ArrivingBodies: whose bytes make it too many is told so, and the others go on", async () => {
  const bodies = new ArrivingBodies(900 * KB, { sumMax: 1_000 * KB });
  const [first, second] = [arriving(), arriving()];
  const reads = [first, second].map(({ request }) => bodies.read(request, null));
  await first.send(800 * KB);
  await second.send(300 * KB);
  assertEquals(await outcome(reads[1]!), 503);
  await first.send(50 * KB);
  await first.end();
  assertEquals(await outcome(reads[0]!), 850 * KB);
  assertEquals(first.held, [800 * KB, 850 * KB, 0]);
  assertEquals(second.held, [300 * KB, 0]);
});

Deno.test("ArrivingBodies: who is cut off for another makes room for it", async () => {
  const bodies = new ArrivingBodies(900 * KB, { sumMax: 1_000 * KB });
  const [old, fresh] = [arriving(), arriving()];
  const oldRead = bodies.read(old.request, null);
  await old.send(800 * KB);
  // As the front door does when too much is held.
  fresh.request.holds = (bytes) => bytes > 0 && old.fail();
  const read = bodies.read(fresh.request, null);
  await fresh.send(300 * KB);
  await fresh.end();
  assertEquals([await outcome(oldRead), await outcome(read)], [400, 300 * KB]);
});
