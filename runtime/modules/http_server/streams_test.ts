/** Real clients over Deno.serve; the test plays a process whose binding streams. */
import { assertEquals } from "@std/assert";
import {
  HTTP_CHUNK_BYTES_MAX,
  HTTP_STREAMS_PER_PROCESS_MAX,
  HTTP_WHOLE_BODY_BYTES_MAX,
} from "../../limits.ts";
import {
  bytesOf,
  type KernelMessage,
  request,
  responseTo,
  textOf,
} from "../../protocol/message.ts";
import { app, asked as owner, eraB, makePending, other, PATH, Testbed } from "./testing.ts";

async function streaming(use: (testbed: Testbed) => Promise<void>): Promise<void> {
  const testbed = new Testbed().listen();
  testbed.bind("/", { streaming: true });
  testbed.rest();
  try {
    await use(testbed);
  } finally {
    await testbed.server.close();
  }
}

const httpOf = (message: KernelMessage) => JSON.parse(textOf(message.body)).Http;
const gone = (id: bigint) => `{"HttpCancelled":"${id}"}`;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const NOT_FOUND = { Err: "HttpStreamNotFound" };

/** What the process reads next of the body of `asked`: bytes, null at the end, or an error. */
async function readBody(testbed: Testbed, asked: KernelMessage): Promise<Uint8Array | null> {
  testbed.tell({ HttpBodyRead: { request: asked.id } });
  const answer = await testbed.next();
  assertEquals(textOf(answer.body), '{"Ok":null}');
  const blob = answer.lazy_load_blob;
  return blob === null ? null : bytesOf(blob.bytes);
}

/** Begins an answer that streams. */
function begin(testbed: Testbed, asked: KernelMessage, headers = {}): void {
  const head = JSON.stringify({ status: 200, headers, stream: true });
  testbed.server.deliver(responseTo(asked, head));
}

const chunk = (testbed: Testbed, { id }: KernelMessage, text: string | Uint8Array) =>
  testbed.tell({ HttpResponseChunk: { request: id } }, text);
const end = (testbed: Testbed, { id }: KernelMessage, error: string | null = null) =>
  testbed.act({ HttpResponseEnd: { request: id, error } });

Deno.test("a small body comes whole, a large or unmeasured one is pulled piece by piece", () =>
  streaming(async (testbed) => {
    const small = new Uint8Array(HTTP_WHOLE_BODY_BYTES_MAX);
    const whole = fetch(testbed.url(PATH), { method: "POST", body: small });
    const asked = await testbed.next();
    assertEquals([httpOf(asked).body, asked.lazy_load_blob?.bytes.length], [
      undefined,
      small.length,
    ]);
    testbed.respond(asked, 204);
    await whole;
    const large = new Uint8Array(3_000_000).map((_, i) => i);
    for (const body of [large, new Blob([large]).stream()]) {
      const response = fetch(testbed.url(PATH), { method: "POST", body });
      const asked = await testbed.next();
      assertEquals([httpOf(asked).body, asked.lazy_load_blob], ["stream", null]);
      let at = 0;
      for (let piece; (piece = await readBody(testbed, asked)) !== null; at += piece.length) {
        assertEquals(piece, large.subarray(at, at + piece.length));
      }
      assertEquals([at, await readBody(testbed, asked)], [large.length, null]);
      testbed.respond(asked, 200, "got it");
      assertEquals(await (await response).text(), "got it");
      assertEquals(testbed.act({ HttpBodyRead: { request: asked.id } }), NOT_FOUND);
    }
  }));

Deno.test("a body is read by the process that was asked, and one piece at a time", () =>
  streaming(async (testbed) => {
    const client = await testbed.connect();
    await client.write(`POST ${PATH} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const asked = await testbed.next();
    const read = { HttpBodyRead: { request: asked.id } };
    assertEquals(testbed.act(read, { source: other }), NOT_FOUND);
    testbed.tell(read);
    assertEquals(testbed.act(read), { Err: "HttpStreamBusy" });
    await client.write("2\r\nhi\r\n");
    assertEquals((await testbed.next()).lazy_load_blob?.bytes, new TextEncoder().encode("hi"));
    testbed.tell(read);
    client.close(); // In the middle of its body.
    const said = [await testbed.next(), await testbed.next()].map(({ body }) => textOf(body));
    assertEquals(said.sort(), ['{"Err":"HttpBodyFailed"}', gone(asked.id)]);
  }));

Deno.test("an answer streams: head at once, each piece acknowledged when it is taken", () =>
  streaming(async (testbed) => {
    const response = fetch(testbed.url(PATH));
    const asked = await testbed.next();
    begin(testbed, asked, { "content-type": "text/event-stream" });
    const { headers, body } = await response;
    assertEquals(headers.get("content-type"), "text/event-stream");
    const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
    for (const text of ["one", "two"]) {
      chunk(testbed, asked, text);
      assertEquals((await reader.read()).value, text);
      assertEquals(textOf((await testbed.next()).body), '{"Ok":null}');
    }
    assertEquals(end(testbed, asked), { Ok: null });
    assertEquals((await reader.read()).done, true);
    assertEquals(end(testbed, asked), NOT_FOUND);
  }));

Deno.test("a client that does not read holds the process back", () =>
  streaming(async (testbed) => {
    const client = await testbed.connect();
    await client.write(`GET ${PATH} HTTP/1.1\r\nHost: h\r\n\r\n`);
    const asked = await testbed.next();
    begin(testbed, asked);
    const piece = new Uint8Array(HTTP_CHUNK_BYTES_MAX);
    let pieces = 0;
    let acknowledged: Promise<KernelMessage>;
    // Until the sockets' buffers are full, and 200 ms have brought no more room.
    for (let quiet = false; !quiet; pieces++) {
      acknowledged = testbed.next();
      chunk(testbed, asked, piece);
      quiet = await Promise.race([acknowledged.then(() => false), pause(200).then(() => true)]);
    }
    assertEquals(pieces * piece.length < 64_000_000, true);
    chunk(testbed, asked, "one more");
    assertEquals(textOf((await acknowledged!).body), '{"Err":"HttpStreamBusy"}');
    client.close();
    const said = [await testbed.next(), await testbed.next()].map(({ body }) => textOf(body));
    assertEquals(said.sort(), ['{"Err":"HttpStreamNotFound"}', gone(asked.id)]);
  }));

Deno.test("a process that breaks off, or ends, is a connection without its last chunk", () =>
  streaming(async (testbed) => {
    const ends = [
      (asked: KernelMessage) => void end(testbed, asked, "the disk is full"),
      () => testbed.server.processEnded(app, "crashed"),
    ];
    for (const breakOff of ends) {
      const client = await testbed.connect();
      await client.write(`GET ${PATH} HTTP/1.1\r\nHost: h\r\n\r\n`);
      const asked = await testbed.next();
      begin(testbed, asked);
      chunk(testbed, asked, "part");
      await testbed.next();
      // Deno 2.4 drops what it has not written yet.
      await client.readUntil("\r\n4\r\npart\r\n");
      breakOff(asked);
      assertEquals(await client.readToEnd(), "");
      client.close();
    }
    assertEquals(testbed.lines, []);
  }));

Deno.test("a client that leaves cancels the answer", () =>
  streaming(async (testbed) => {
    const client = await testbed.connect();
    await client.write(`GET ${PATH} HTTP/1.1\r\nHost: h\r\n\r\n`);
    const asked = await testbed.next();
    begin(testbed, asked);
    await client.readUntil("\r\n\r\n");
    client.close();
    assertEquals(textOf((await testbed.next()).body), gone(asked.id));
    assertEquals(testbed.act({ HttpResponseChunk: { request: asked.id } }), NOT_FOUND);
  }));

Deno.test("an answer without body is no stream, and its process is told", () =>
  streaming(async (testbed) => {
    const response = fetch(testbed.url(PATH), { method: "HEAD" });
    const asked = await testbed.next();
    begin(testbed, asked, { "content-length": "7" });
    assertEquals((await response).headers.get("content-length"), "7");
    assertEquals(textOf((await testbed.next()).body), gone(asked.id));
    assertEquals(testbed.act({ HttpResponseChunk: { request: asked.id } }), NOT_FOUND);
  }));

Deno.test("a process that does not stream its bodies is told nothing it does not know", async () => {
  const sent: KernelMessage[] = [];
  const { streams } = makePending({}, (message) => sent.push(message));
  const stream = streams.openAnswer(1n, { ...owner, streaming: false }, "first");
  await stream!.cancel();
  assertEquals([sent, streams.size], [[], 0]);
});

Deno.test("pieces and streams have their limits", () => {
  const replies: string[] = [];
  const { streams } = makePending({}, ({ body }) => replies.push(textOf(body)));
  for (let id = 0n; id < HTTP_STREAMS_PER_PROCESS_MAX; id++) {
    assertEquals(streams.openAnswer(id, owner, null) !== null, true);
  }
  assertEquals(streams.openAnswer(-1n, owner, null), null);
  assertEquals(streams.openBody(-1n, owner, new ReadableStream()), false);
  const piece = (bytes: number) => ({
    ...request(app, eraB, "", { expects_response: 5 }),
    lazy_load_blob: { mime: null, bytes: new Uint8Array(bytes) },
  });
  const refused = streams.chunk(piece(HTTP_CHUNK_BYTES_MAX + 1), 0n);
  assertEquals(refused !== "quiet" && refused.error, "HttpChunkTooLarge");
  let taken = 0n;
  while (streams.chunk(piece(HTTP_CHUNK_BYTES_MAX), taken) === "quiet") taken++;
  assertEquals(taken, 1_024n);
  streams.processEnded(app);
  assertEquals([streams.size, new Set(replies)], [0, new Set(['{"Err":"HttpStreamNotFound"}'])]);
});
