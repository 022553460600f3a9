import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { writeAnswer } from "./answer.ts";
import { Body } from "./body.ts";
import { acceptsGzip } from "./compress.ts";
import { parseHead } from "./head.ts";
import { FRONT_DOOR_LIMITS, parseLimits } from "./limits.ts";
import { originOf, warningsOf } from "./listening.ts";
import { TrustedProxies } from "./proxies.ts";
import { BadRequest, Reader } from "./reader.ts";

/** Gives what it holds in pieces of these sizes, over and over. */
function readerOf(text: string, sizes: number[]): Reader {
  const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
  let at = 0;
  let turn = 0;
  return new Reader({
    read(buffer) {
      if (at === bytes.length) return Promise.resolve(null);
      const count = Math.min(sizes[turn++ % sizes.length]!, buffer.length, bytes.length - at);
      buffer.set(bytes.subarray(at, at + count));
      at += count;
      return Promise.resolve(count);
    },
  });
}

/** What is read of `text`: requests with their bodies, and how it ended. */
async function readAll(text: string, sizes: number[]): Promise<unknown[]> {
  const reader = readerOf(text, sizes);
  const seen: unknown[] = [];
  try {
    while (true) {
      const head = await reader.head(1_000, () => {});
      if (head === null) return [...seen, "end"];
      const parsed = parseHead(head, { lines: 10, urlBytes: 100 });
      const waits = { within: <T>(work: Promise<T>) => work, wanted: () => Promise.resolve() };
      const body = new Body(reader, parsed.framing, {
        ...waits,
        complete: () => {},
        malformed: () => {},
      });
      seen.push([parsed.method, parsed.target, new TextDecoder().decode(await body.all())]);
    }
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    return [...seen, error.status];
  }
}

const H = "Host: h\r\n";
const STREAMS = [
  `GET /a HTTP/1.1\r\n${H}\r\n`,
  `POST /b HTTP/1.1\r\n${H}Content-Length: 5\r\n\r\nhello`,
  `POST /c HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: t\r\n\r\n`,
  "\r\nGET /d HTTP/1.1\r\nhost:h\r\n\r\n",
  `GET /e HTTP/1.1\nHost: h\n\n`,
  `POST /f HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
  `GET /${"g".repeat(200)} HTTP/1.1\r\n${H}\r\n`,
  `GET /h HTTP/1.1\r\n${"X: y\r\n".repeat(20)}${H}\r\n`,
  `GET /i HTTP/1.1\r\n${H}X: ${"y".repeat(2_000)}\r\n\r\n`,
];

Deno.test("what is read does not depend on how it was cut into packets", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...STREAMS), { minLength: 1, maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      async (parts, sizes) => {
        const text = parts.join("");
        assertEquals(await readAll(text, sizes), await readAll(text, [100_000]));
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("junk is refused, and never thrown over", async () => {
  const junk = fc.array(fc.constantFrom(...STREAMS.flatMap((text) => [...text]), "\0", "\xff"));
  await fc.assert(fc.asyncProperty(junk, async (chars) => {
    await readAll(chars.join(""), [7]);
    await readAll(`POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n${chars.join("")}`, [
      3,
    ]);
  }));
});

Deno.test("single bytes in chunks come in few pieces", async () => {
  const chunks = "1\r\nx\r\n".repeat(5_000);
  const reader = readerOf(`${chunks}0\r\n\r\n`, [60_000]);
  let pieces = 0;
  const waits = { within: <T>(work: Promise<T>) => work, wanted: () => Promise.resolve() };
  const body = new Body(reader, { kind: "chunked" }, {
    ...waits,
    complete: () => {},
    malformed: () => {},
  });
  for (let piece = await body.next(); piece !== null; piece = await body.next()) pieces++;
  assertEquals(pieces < 20, true, `${pieces}`);
});

/** The bytes of an answer, as text. */
async function written(response: Response, wanted = {}): Promise<string> {
  let text = "";
  const sink = {
    write: (bytes: Uint8Array) => {
      text += new TextDecoder().decode(bytes);
      return Promise.resolve();
    },
    streaming: () => {},
  };
  const plain = { method: "GET", version: "1.1" as const, keepAlive: true, gzip: false };
  await writeAnswer(response, { ...plain, ...wanted }, sink);
  return text.replace(/date: [^\r]+\r\n/, "");
}

Deno.test("writeAnswer() gives a whole body its length, a stream chunks, HTTP/1.0 neither", async () => {
  const headers = { "content-type": "text/plain" };
  const stream = () =>
    new Response(
      new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve));
          controller.enqueue(new TextEncoder().encode("late"));
          controller.close();
        },
      }),
      { headers },
    );
  const type = "content-type: text/plain\r\n";
  const vary = "vary: Accept-Encoding\r\n";
  assertEquals(
    await written(new Response("hello", { headers })),
    `HTTP/1.1 200 OK\r\n${type}content-length: 5\r\n\r\nhello`,
  );
  assertEquals(
    await written(stream()),
    `HTTP/1.1 200 OK\r\n${type}${vary}transfer-encoding: chunked\r\n\r\n4\r\nlate\r\n0\r\n\r\n`,
  );
  assertEquals(
    await written(stream(), { version: "1.0" }),
    `HTTP/1.1 200 OK\r\n${type}${vary}connection: close\r\n\r\nlate`,
  );
  assertEquals(
    await written(new Response("hello", { headers }), { method: "HEAD" }),
    `HTTP/1.1 200 OK\r\n${type}\r\n`,
  );
  assertEquals(
    await written(new Response(null, { status: 204 })),
    "HTTP/1.1 204 No Content\r\n\r\n",
  );
});

Deno.test("writeAnswer() rejects when a body is not what its length says: the connection must end", async () => {
  for (const length of ["3", "9"]) {
    const response = new Response("hello", { headers: { "content-length": length } });
    await assertRejects(() => written(response), Error, "than its Content-Length");
  }
});

Deno.test("writeAnswer() compresses what is worth it, for who takes it", async () => {
  const long = "text ".repeat(1_000);
  const of = (gzip: boolean, type: string) =>
    written(new Response(long, { headers: { "content-type": type, etag: '"1"' } }), { gzip });
  assertMatch(await of(true, "text/plain"), /content-encoding: gzip\r\n(?:.*\r\n)*etag: W\/"1"/);
  assertMatch(await of(false, "text/plain"), /vary: Accept-Encoding/);
  assertEquals((await of(true, "image/png")).includes("gzip"), false);
  assertEquals(["gzip", "br, gzip;q=0.5", "*"].map(acceptsGzip), [true, true, true]);
  assertEquals([null, "br", "gzip;q=0", "*;q=0"].map(acceptsGzip), [false, false, false, false]);
  // RFC 9110 §12.5.3: `*` stands for what is not named, wherever it stands.
  assertEquals(["*, gzip;q=0", "*;q=0, gzip", "br, *"].map(acceptsGzip), [false, true, true]);
});

Deno.test("writeAnswer() compresses a body of known length, and HEAD tells what GET would give", async () => {
  const of = (
    body: Uint8Array | null,
    method: string,
    wanted = {},
    length = body?.length ?? 5_000,
  ) =>
    written(
      new Response(body as BodyInit | null, {
        headers: { "content-type": "text/css", "content-length": `${length}`, etag: '"1"' },
      }),
      { method, gzip: true, ...wanted },
    );
  const css = new Uint8Array(5_000).fill(0x61);
  const head =
    /^(?=[^]*\ncontent-encoding: gzip\r\n)(?=[^]*\netag: W\/"1"\r\n)(?=[^]*\nvary: Accept-Encoding\r\n)/;
  const got = await of(css, "GET");
  assertMatch(got, head);
  assertEquals(Number(/content-length: (\d+)/.exec(got)![1]) < 100, true);
  const told = await of(null, "HEAD");
  assertMatch(told, head);
  assertEquals(told.includes("content-length"), false);
  assertMatch(await of(css, "GET", { gzip: false }), /content-length: 5000\r\n(?:.*\r\n)*vary: /);
  assertMatch(await of(css, "GET", { version: "1.0" }), /content-length: 5000\r\n/);
  // So large that it goes in pieces, each of which is written before the next is compressed.
  const large = await of(new Uint8Array(1024 * 1024 + 1), "GET");
  assertMatch(large, head);
  assertMatch(large, /\ntransfer-encoding: chunked\r\n/);
  assertEquals(large.split(/\r\n[\da-f]+\r\n/).length > 16, true);
  // What is announced and does not come must not look like a whole answer.
  await assertRejects(() => of(css, "GET", {}, 6_000), Error, "shorter than its Content-Length");
  await assertRejects(() => of(css, "GET", {}, 4_000), Error, "longer than its Content-Length");
});

Deno.test("writeAnswer() compresses a stream piece by piece, and holds none back", async () => {
  const lines = Array.from({ length: 20 }, (_, n) => `line ${n} `.repeat(50));
  const unpacking = new DecompressionStream("gzip");
  const unpacked = unpacking.readable.pipeThrough(new TextDecoderStream()).getReader();
  const packed = unpacking.writable.getWriter();
  let writes = "";
  const sink = {
    async write(bytes: Uint8Array) {
      const text = new TextDecoder("latin1").decode(bytes);
      writes += text;
      const from = text.startsWith("HTTP/") ? bytes.length : text.indexOf("\r\n") + 2;
      if (from < bytes.length - 2) await packed.write(bytes.slice(from, -2) as BufferSource);
    },
    streaming: () => {},
  };
  let sent = 0;
  const body = new ReadableStream({
    async pull(controller) {
      // The one before has come out, before the next goes in.
      let text = "";
      const before = lines[sent - 1] ?? "";
      while (text.length < before.length) text += (await unpacked.read()).value;
      assertEquals(text, before);
      const line = lines[sent++];
      if (line === undefined) controller.close();
      else controller.enqueue(new TextEncoder().encode(line));
    },
  }, { highWaterMark: 0 });
  const response = new Response(body, { headers: { "content-type": "text/plain" } });
  const wanted = { method: "GET", version: "1.1" as const, keepAlive: true, gzip: true };
  assertEquals(await writeAnswer(response, wanted, sink), true);
  assertMatch(writes, /content-encoding: gzip\r\n(?:.*\r\n)*transfer-encoding: chunked\r\n/);
  assertEquals([sent, writes.endsWith("\r\n0\r\n\r\n")], [21, true]);
});

Deno.test("writeAnswer() leaves a stream to HTTP/1.0 and event streams as they are", async () => {
  const body = () => new Response("x").body!.pipeThrough(new TransformStream());
  const of = (type: string, version: string) =>
    written(new Response(body(), { headers: { "content-type": type } }), { gzip: true, version });
  assertEquals((await of("text/event-stream", "1.1")).includes("gzip"), false);
  assertEquals((await of("text/plain", "1.0")).includes("gzip"), false);
});

Deno.test("TrustedProxies believes those of its list only, from the right", () => {
  const proxies = new TrustedProxies(["10.0.0.0/8", "::1"]);
  const ask = (hostname: string, fields: Record<string, string>) =>
    proxies.clientOf({ hostname, port: 1 }, "http", new Headers(fields));
  assertEquals(ask("192.0.2.1", { "x-forwarded-for": "1.1.1.1" })?.hostname, "192.0.2.1");
  assertEquals(ask("10.1.1.1", { "x-forwarded-for": "6.6.6.6, 1.1.1.1:99, 10.2.2.2" }), {
    hostname: "1.1.1.1",
    port: 99,
    scheme: "http",
    host: null,
  });
  assertEquals(ask("::1", { "x-forwarded-for": "10.3.3.3, 10.2.2.2" })?.hostname, "10.3.3.3");
  assertEquals(ask("::1", { "x-forwarded-for": "[2001:db8::1]:7" })?.hostname, "2001:db8::1");
  assertEquals(ask("::1", { "x-forwarded-for": "unknown" }), null);
  const silent = new Headers();
  proxies.clientOf({ hostname: "::1", port: 1 }, "http", silent);
  assertEquals(
    silent.get("x-forwarded-for"),
    "::1",
    "a proxy that says nothing is one all the same",
  );
});

Deno.test("parseLimits() sets what is named, and names what is not", () => {
  const limits = parseLimits(["connections=7", "head_seconds=0.5"]);
  assertEquals(limits, { ...FRONT_DOOR_LIMITS, connections: 7, head_seconds: 0.5 });
  assertThrows(() => parseLimits(["head_secs=1"]), SyntaxError, "Did you mean head_seconds?");
  for (const word of ["connections", "connections=", "connections=0", "connections=-1"]) {
    assertThrows(() => parseLimits([word]), SyntaxError, "it wants a name and a number above 0");
  }
});

Deno.test("what is said of an address: nothing of this machine's own, all of what is open to others", () => {
  const of = (hostname: string, tls: boolean, fake: boolean) =>
    warningsOf({ hostname, port: 8080, tls, fake }).length;
  assertEquals([of("127.0.0.1", false, true), of("::1", false, true)], [0, 0]);
  assertEquals([of("0.0.0.0", true, false), of("::", false, false)], [1, 2]);
  assertEquals(of("192.168.1.5", false, true), 3);
  const origin = (hostname: string) => originOf({ hostname, port: 1, tls: true, fake: false });
  assertEquals(["0.0.0.0", "::", "127.0.0.1"].map(origin), Array(3).fill("https://localhost:1"));
  assertEquals(origin("2001:db8::1"), "https://[2001:db8::1]:1");
});
