/** Static content: where it lies, and how it is answered. */
import { assertEquals, assertInstanceOf, assertMatch, assertNotEquals } from "@std/assert";
import { STATIC_MEMORY_BYTES_MAX } from "../../limits.ts";
import { type StaticContent, StaticStore } from "./static_content.ts";
import { staticResponse } from "./static_response.ts";
import { PATH, serving } from "./testing.ts";

const log = { info: () => {}, warn: () => {} };
const memory = new StaticStore({ folder: null, log });
const TEXT = "0123456789";

/** The answer's status, body and named headers. */
async function answer(
  headers: Record<string, string> = {},
  { method = "GET", content = memory.make("text/plain", TEXT), isPrivate = false } = {},
): Promise<{ status: number; text: string; headers: Record<string, string> }> {
  const request = { method, headers: new Headers(headers), isPrivate };
  const response = await staticResponse(content, request);
  return {
    status: response.status,
    text: await response.text(),
    headers: Object.fromEntries(response.headers),
  };
}

/** SHA-256 of TEXT, its first half. */
const ETAG = '"84d89877f0d4041efb6bf91a16f0248f"';

Deno.test("staticResponse() says type, length and tag, and that the browser may ask again", async () => {
  assertEquals(await answer(), {
    status: 200,
    text: TEXT,
    headers: {
      "accept-ranges": "bytes",
      "cache-control": "no-cache",
      "content-length": "10",
      "content-type": "text/plain",
      "etag": ETAG,
    },
  });
  const head = await answer({}, { method: "HEAD" });
  // The listener leaves the body out.
  assertEquals([head.status, head.headers["content-length"]], [200, "10"]);
  const behindLogin = await answer({}, { isPrivate: true });
  assertEquals(behindLogin.headers["cache-control"], "private, no-cache");
  const odd = await answer({}, { content: memory.make("text/\r\nx: y", "a") });
  assertEquals(odd.headers["content-type"], "application/octet-stream");
});

Deno.test("staticResponse() answers 304 to who has it already", async () => {
  for (const tags of [ETAG, `W/${ETAG}`, `"x", ${ETAG}`, "*"]) {
    const { status, text, headers } = await answer({ "if-none-match": tags });
    assertEquals([status, text, headers["etag"], headers["content-type"]], [
      304,
      "",
      ETAG,
      undefined,
    ]);
  }
  assertEquals((await answer({ "if-none-match": '"x"' })).status, 200);
  // RFC 9110 §13.2.2: it comes before the range.
  assertEquals((await answer({ "if-none-match": ETAG, "range": "bytes=0-1" })).status, 304);
});

Deno.test("staticResponse() answers 412 to who wants other content", async () => {
  // RFC 9110 §13.1.1: by strong comparison, and before If-None-Match.
  for (const tags of ['"x"', `W/${ETAG}`, '"x", "y"']) {
    for (const method of ["GET", "HEAD"]) {
      const none = { "if-match": tags, "if-none-match": ETAG };
      assertEquals((await answer(none, { method })).status, 412, tags);
    }
  }
  for (const tags of [ETAG, `"x", ${ETAG}`, "*"]) {
    assertEquals((await answer({ "if-match": tags })).status, 200, tags);
  }
});

Deno.test("staticResponse() answers one range", async () => {
  const ranges: [range: string, text: string, contentRange: string][] = [
    ["bytes=0-0", "0", "bytes 0-0/10"],
    ["bytes=2-4", "234", "bytes 2-4/10"],
    ["Bytes=2-4", "234", "bytes 2-4/10"],
    ["bytes=7-", "789", "bytes 7-9/10"],
    ["bytes=-3", "789", "bytes 7-9/10"],
    ["bytes=-30", TEXT, "bytes 0-9/10"],
    ["bytes=5-99", "56789", "bytes 5-9/10"],
  ];
  for (const [range, part, contentRange] of ranges) {
    const { status, text, headers } = await answer({ range });
    assertEquals([status, text, headers["content-range"]], [206, part, contentRange], range);
    assertEquals(headers["content-length"], `${part.length}`);
  }
  for (const range of ["bytes=10-", "bytes=10-12", "bytes=-0"]) {
    const { status, text, headers } = await answer({ range });
    assertEquals([status, text, headers["content-range"]], [416, "", "bytes */10"], range);
  }
  for (const range of ["bytes=0-1,4-5", "lines=0-1", "bytes=4-2", "bytes=-", "bytes=a-b", "0-1"]) {
    const { status, text } = await answer({ range });
    assertEquals([status, text], [200, TEXT], range);
  }
  const head = await answer({ range: "bytes=0-1" }, { method: "HEAD" });
  assertEquals([head.status, head.headers["content-length"]], [200, "10"]);
});

Deno.test("staticResponse() answers a range of the content that the client has begun, and else all of it", async () => {
  const range = "bytes=0-1";
  assertEquals((await answer({ range, "if-range": ETAG })).status, 206);
  for (const other of ['"x"', `W/${ETAG}`, "Tue, 24 Nov 2026 00:00:00 GMT"]) {
    assertEquals((await answer({ range, "if-range": other })).status, 200);
  }
});

async function onDisk(use: (store: StaticStore, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "kinode-static-" });
  try {
    await use(new StaticStore({ folder: `${folder}/static`, log }), `${folder}/static`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const files = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name);
const large = (fill: number) => new Uint8Array(STATIC_MEMORY_BYTES_MAX + 1).fill(fill);

Deno.test("large content lies on the disk, once, until its last binding is gone", () =>
  onDisk(async (store, folder) => {
    await Deno.mkdir(folder);
    await Deno.writeTextFile(`${folder}/left_behind`, "by the node's life before");
    const [one, two, other] = [1, 1, 2].map((fill) => store.make("a/b", large(fill)));
    await Promise.all([one!.bound(), two!.bound(), other!.bound()]);
    assertEquals(files(folder).sort(), [await one!.hash(), await other!.hash()].sort());
    assertInstanceOf(one!.body(), ReadableStream);
    one!.release();
    one!.release();
    other!.release();
    await store.close();
    assertEquals(files(folder), [await two!.hash()]);
    const whole = await answer({}, { content: two! });
    assertEquals([whole.text.length, new Set(whole.text)], [large(1).length, new Set("\x01")]);
    const part = await answer({ range: "bytes=1048570-" }, { content: two! });
    assertEquals([part.status, part.text], [206, "\x01".repeat(7)]);
    two!.release();
    await store.close();
    assertEquals(files(folder), []);
  }));

Deno.test("content that is bound again while it is removed is there", () =>
  onDisk(async (store, folder) => {
    const first = store.make("a/b", large(1));
    await first.bound();
    first.release();
    const second = store.make("a/b", large(1));
    await second.bound();
    assertEquals(files(folder), [await second.hash()]);
    assertEquals((await answer({}, { content: second })).text.length, second.size);
    await store.close();
  }));

Deno.test("content that is released before it is written leaves nothing", () =>
  onDisk(async (store, folder) => {
    const content = store.make("a/b", large(1));
    const bound = content.bound();
    content.release();
    await bound;
    const second = store.make("a/b", large(2));
    const written = second.bound();
    await second.hash();
    second.release();
    await written;
    await store.close();
    assertEquals(await Deno.stat(folder).then(() => files(folder), () => []), []);
  }));

Deno.test("where nothing can be written content stays in memory, and it is said once", async () => {
  const lines: string[] = [];
  const file = await Deno.makeTempFile();
  const warn = (line: string) => void lines.push(line);
  const store = new StaticStore({ folder: `${file}/static`, log: { ...log, warn } });
  const contents: StaticContent[] = [1, 2].map((fill) => store.make("a/b", large(fill)));
  await Promise.all(contents.map((content) => content.bound()));
  for (const content of contents) assertInstanceOf(content.body(), Uint8Array);
  assertEquals(lines.length, 1);
  assertMatch(lines[0]!, /^static content stays in memory, it cannot be written: /);
  await Deno.remove(file);
});

Deno.test("GET and HEAD of static content are the server's, other methods the process's; a rebind is seen", () =>
  serving(async (testbed) => {
    const bind = { path: "/s", authenticated: false, local_only: false, cache: true };
    testbed.act({ Bind: bind }, { blob: TEXT });
    const url = testbed.url(`${PATH}/s`);
    const first = await fetch(url);
    assertEquals(await first.text(), TEXT);
    const head = await fetch(url, { method: "HEAD" });
    assertEquals([head.status, head.headers.get("content-length")], [200, "10"]);
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
      const response = fetch(url, { method });
      testbed.respond(await testbed.next(), 200, method);
      assertEquals(await (await response).text(), method);
    }
    testbed.act({ Bind: bind }, { blob: "new" });
    const second = await fetch(url, { headers: { "if-none-match": first.headers.get("etag")! } });
    assertEquals([second.status, await second.text()], [200, "new"]);
    assertNotEquals(second.headers.get("etag"), first.headers.get("etag"));
  }));
