// Both listeners (docs/HTTP.md): what a client gets from the fast path it gets from the front door, too. The same requests
// go to a node of each kind; what is compared is the status, the header lines and the body.
import { assertEquals, assertMatch } from "@std/assert";
import { curl, type CurlAnswer } from "../clients/curl.ts";
import { testNeeding } from "../clients/needs.ts";
import { bind, bindStatic, HttpGuest } from "./http_guest.ts";
import { RawHttp } from "./raw_http.ts";

type Ask = (guest: HttpGuest) => Promise<CurlAnswer>;

/** What each listener says in its own way: when, on which connection, and how a compressed body is cut. */
const OWN = new Set(["date", "connection", "transfer-encoding", "vary"]);

async function told(guest: HttpGuest, ask: Ask): Promise<unknown> {
  const { code, status, headers, text } = await ask(guest);
  const compressed = headers.has("content-encoding");
  // With HEAD Deno 2.4 says no length of an empty body, 2.9 says 0.
  const lines = [...headers].filter(([name, value]) =>
    !OWN.has(name) && !(name === "content-length" && (compressed || value === "0"))
  );
  const body = compressed ? "" : text.replace(/127\.0\.0\.1:\d+/, "PEER");
  return { code, status, lines, body };
}

const HOST = ["-H", "Host: localhost"];
const GZIP = ["-H", "Accept-Encoding: gzip"];
const get = (path: string, ...args: string[]): Ask => (guest) => guest.get(path, ...HOST, ...args);
/** Of the node itself, as it is written. */
const at = (path: string, ...args: string[]): Ask => (guest) =>
  curl(["--path-as-is", ...HOST, ...args, guest.node.url + path]);
const answer = (body: unknown, blob?: string, ...args: string[]): Ask => (guest) =>
  guest.answer("/", body, blob, ...args);
const head = (headers: unknown = {}, status = 200) => ({ status, headers });

const STATUSES = [0, 101, 103, 200, 204, 205, 206, 301, 304, 404, 599, 600, 65_535];
const LENGTHS = ["12", "abc", "-5", "+5", "5, 6", "", "1e3", "9".repeat(30), ["5", "5"]];
const PATHS = ["/..", "/../x", "//", "//users//1", "/users/%2f", "/users/%2e%2e", "/users/a;b"];
PATHS.push("/users/%00", "/users/a%0d%0ab", '/users/"', "/users/a\\b", "?a=1&a=2&__proto__=3&=4&&");
PATHS.push(`/${"a/".repeat(5_000)}`, `/users/${"%41".repeat(5_000)}`);
const RANGES = ["0-0", "-1", "-0", "-99", "9-", "10-", "5-4", "0-1,3-4", "0-99999999999999999999"];

const CASES: [name: string, ask: Ask][] = [
  ...STATUSES.map((status): [string, Ask] => [
    `an answer of status ${status}`,
    answer(head({}, status), "body"),
  ]),
  ["HEAD with a body", answer(head(), "body", "-I")],
  ["HEAD without a body", answer(head(), undefined, "-I")],
  ["HEAD of a text, compressed", answer(head({ etag: '"1"' }), "x".repeat(3_000), "-I", ...GZIP)],
  ...LENGTHS.map((length): [string, Ask] => [
    `HEAD with a content-length of ${length}`,
    answer(head({ "content-length": length }), undefined, "-I"),
  ]),
  ["a value with line ends", answer(head({ "x-a": "1\r\nset-cookie: evil=1" }), "body")],
  ["names that are none", answer(head({ "x-a\r\nx-b": "1", "": "2", "x y": "3", ":a": "4" }), "b")],
  [
    "headers of the framing",
    answer(head({ "transfer-encoding": "gzip", upgrade: "h2c", trailer: "x" }), "body"),
  ],
  ["several cookies", answer(head({ "Set-Cookie": ["a=1; Path=/", "b=2"] }), "body")],
  ["more headers than may be", answer(head({ a: Array(300).fill("x") }), "body")],
  ["no answer at all", answer("nonsense", "body")],
  ...PATHS.map((path): [string, Ask] => [`the path ${path.slice(0, 40)}`, get(path)]),
  ["a path of nobody", at("/nobody:is:here/x")],
  ["a path of nobody, HEAD", at("/nobody:is:here/x", "-I")],
  ["the process's id in capitals", at("/A:a:template.os/")],
  ["the process's id, encoded", at("/a%3Aa:template.os/")],
  ["a host of the process", at("/users/7?x=1", "-H", "Host: a.localhost")],
  ["a host below it", at("/a:a:template.os/", "-H", "Host: x.a.localhost")],
  ["a host that is none", at("/a:a:template.os/", "-H", "Host: a b")],
  ["a repeated header", get("/", "-H", "X-A: 1", "-H", "X-A: 2")],
  ["local_only through a proxy", get("/local", "-H", "X-Forwarded-For: 127.0.0.1")],
  ...RANGES.map((range): [string, Ask] => [`the range ${range}`, get("/static", "-r", range)]),
  ["a range of compressed content", get("/static", "-r", "0-4", ...GZIP)],
  ["static content", get("/static")],
  ["static content, compressed", get("/static", ...GZIP)],
  ["static content, HEAD", get("/static", "-I")],
  ["static content, HEAD of what is compressed", get("/static", "-I", ...GZIP)],
  ["large static content", get("/large")],
  ["large static content, HEAD of what is compressed", get("/large", "-I", ...GZIP)],
  ["static content of other methods", get("/static", "-X", "PATCH")],
  ["static content that is known", get("/static", "-H", "If-None-Match: *")],
  ["static content that is another", get("/static", "-H", 'If-Match: "x"')],
  ["a message that is none", at("/rpc:distro:sys/message", "-d", "{}")],
  [
    "a message of a page",
    at("/rpc:distro:sys/message", "-d", "{}", "-H", "Origin: http://localhost"),
  ],
  [
    "a message to nobody",
    at("/rpc:distro:sys/message", "-d", '{"process":"a:b:c","expects_response":1}'),
  ],
];

async function start(...args: string[]): Promise<HttpGuest> {
  const guest = await HttpGuest.start("a", args);
  await guest.bind("/", "/users/:id");
  await guest.actOk(
    { action: bind("/local", { local_only: true }) },
    bindStatic("/static", "0123456789".repeat(200), "text/css"),
    bindStatic("/large", "0123456789".repeat(200_000), "text/css"),
  );
  return guest;
}

testNeeding(["curl"], "docs/HTTP.md: both listeners answer alike", async (t) => {
  await using fast = await start();
  await using front = await start("--listen", "127.0.0.1");
  for (const [name, ask] of CASES) {
    await t.step(name, async () => assertEquals(await told(front, ask), await told(fast, ask)));
  }
});

/** As many as would fill the 256 MB of arriving bodies twice, did they send what they announce. */
const ANNOUNCED = 32;
const WAIT_MS = 30_000;

for (const args of [[], ["--listen", "127.0.0.1"]]) {
  const name = `uploads that are announced and do not come keep no others out: kinode ${args}`;
  testNeeding(["curl"], name, async () => {
    await using guest = await start(...args);
    const { port, pathname } = new URL(guest.url);
    const announced = `POST ${pathname}/ HTTP/1.1\r\nHost: h\r\nContent-Length: ${
      16 * 1024 ** 2
    }\r\n`;
    const clients: RawHttp[] = [];
    for (let i = 0; i < ANNOUNCED; i++) {
      const client = await RawHttp.connect(Number(port));
      clients.push(client);
      // Its answer says that the node is reading the body now.
      await client.send(`${announced}Expect: 100-continue\r\n\r\n`);
      assertEquals(await client.wait(() => client.answers.length === 1, WAIT_MS), true);
    }
    for (const size of [5, 100_000]) {
      const { status, text } = await guest.get("/", "-d", "x".repeat(size));
      assertEquals([status, JSON.parse(text).blob.bytes.length], [200, size]);
    }
    for (const client of clients) client[Symbol.dispose]();
  });
}

testNeeding(["curl"], "RFC 9113 §8.1: HEAD over HTTP/2 has no body (the fast path)", async () => {
  await using guest = await start();
  const over2 = ["--http2-prior-knowledge", "-I"];
  for (const ask of [answer(head(), "body", ...over2), get("/static", ...over2, ...GZIP)]) {
    const { code, status, headers, stderr } = await ask(guest);
    assertEquals([code, status, stderr], [0, 200, ""]);
    assertMatch(headers.get("content-length")!, /^(?:4|2000)$/);
  }
});
