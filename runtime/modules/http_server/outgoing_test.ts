import { assertEquals, assertNotEquals } from "@std/assert";
import { HTTP_RESPONSE_HEADERS_MAX } from "../../limits.ts";
import { parseAddress } from "../../protocol/address.ts";
import { type Body, request, responseTo } from "../../protocol/message.ts";
import { asked, makePending } from "./testing.ts";
import { Answers } from "./outgoing.ts";

const us = parseAddress("fake.dev@http-server:distro:sys");
const app = parseAddress("fake.dev@a:b:template.os");

function answer(body: unknown, blob: Body | null = null, method = "GET"): Response {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const headers = new Headers({ "accept-encoding": "gzip" });
  const lazy_load_blob = blob === null ? null : { mime: "image/png", bytes: blob };
  return new Answers(makePending().streams)
    .responseFrom(
      responseTo(request(us, app, ""), text, lazy_load_blob),
      { method, headers },
      asked,
    );
}

const OCTETS: [string, string] = ["content-type", "application/octet-stream"];

Deno.test("responseFrom() sends status, headers and blob, and ignores the blob's mime", async () => {
  const response = answer({ status: 201, headers: { "X-A": "b" } }, "hello");
  assertEquals(response.status, 201);
  assertEquals([...response.headers], [OCTETS, ["x-a", "b"]]);
  assertEquals(await response.text(), "hello");
});

Deno.test("responseFrom() takes bytes, text or no blob", async () => {
  const ok = { status: 200, headers: { "Content-Type": "text/html" } };
  assertEquals(await answer(ok, new Uint8Array([104, 105])).text(), "hi");
  assertEquals(await answer(ok, "").text(), "");
  assertEquals(await answer(ok).text(), "");
  assertEquals([...answer(ok).headers], [["content-type", "text/html"]]);
});

Deno.test("responseFrom() answers 500 to what is no HttpResponse", () => {
  const bad: unknown[] = ["", "null", "{", { status: 200 }, { headers: {} }];
  for (const headers of [[], null, { a: 1 }, { a: [1] }]) bad.push({ status: 200, headers });
  for (const status of [-1, 1.5, "200", null, 70_000]) bad.push({ status, headers: {} });
  for (const body of bad) {
    const response = answer(body, "body");
    assertEquals([response.status, response.body], [500, null], JSON.stringify(body));
    assertEquals([...response.headers], [OCTETS]);
  }
});

Deno.test("responseFrom() sends 500 with the body for statuses that cannot be sent", async () => {
  for (const status of [0, 99, 100, 101, 103, 199, 600, 999, 1_000, 65_535]) {
    const response = answer({ status, headers: { a: "b" } }, "why");
    assertEquals([response.status, response.headers.get("a")], [500, "b"], `${status}`);
    assertEquals(await response.text(), "why");
  }
});

Deno.test("responseFrom() sends 204 for 205, of which Deno does not say the end", () => {
  const response = answer({ status: 205, headers: { "content-length": "0", a: "b" } }, "body");
  assertEquals([response.status, response.body, [...response.headers]], [204, null, [["a", "b"]]]);
});

Deno.test("responseFrom() drops the body where there may be none", () => {
  for (const status of [204, 304]) {
    const response = answer({ status, headers: { etag: '"1"' } }, "body");
    assertEquals([response.status, response.body, response.headers.get("etag")], [
      status,
      null,
      '"1"',
    ]);
  }
});

Deno.test("responseFrom() leaves out invalid headers and those of the connection", () => {
  const headers = {
    "": "x",
    "a b": "x",
    "caf\u00e9": "x",
    "x-lines": "a\r\nset-cookie: evil=1",
    "x-utf": "\u00e9",
    "Transfer-Encoding": "chunked",
    "content-length": "5",
    Connection: "close",
    upgrade: "websocket",
    good: "1",
  };
  assertEquals([...answer({ status: 200, headers }).headers], [OCTETS, ["good", "1"]]);
});

Deno.test("responseFrom() lets the process say the length of a HEAD's body", () => {
  const headers = { "Content-Length": "50" };
  const response = answer({ status: 200, headers }, null, "HEAD");
  assertEquals(response.headers.get("content-length"), "50");
});

Deno.test("responseFrom() says with HEAD what the process says or gives, and nothing it cannot know", () => {
  const lengthOf = (headers: Record<string, string>, blob: string | null, stream = false) =>
    answer({ status: 200, headers, stream }, blob, "HEAD").headers.get("content-length");
  assertEquals(lengthOf({}, "h\u00e9llo"), "6");
  assertEquals(lengthOf({ "Content-Length": "50" }, "hello"), "50");
  assertEquals([lengthOf({}, null), lengthOf({}, ""), lengthOf({}, "begin", true)], [
    null,
    null,
    null,
  ]);
  // Deno would say 0 for what has no body at all.
  assertNotEquals(answer({ status: 200, headers: {} }, null, "HEAD").body, null);
});

Deno.test("responseFrom() leaves out a length that is none", () => {
  for (const length of ["abc", "-5", "+5", "5, 6", "1e3", "", "9".repeat(23), ["5", "5"]]) {
    const head = { status: 200, headers: { "content-length": length } };
    assertEquals(answer(head, null, "HEAD").headers.get("content-length"), null, `${length}`);
    const stream = answer({ ...head, stream: true }, "hello");
    assertEquals(stream.headers.get("content-length"), null, `${length}`);
    stream.body?.cancel();
  }
});

Deno.test("responseFrom() sends an array as several headers, a repeated name once", () => {
  const cookies = ["a=1; Path=/", "b=2"];
  const response = answer({
    status: 200,
    headers: { "Set-Cookie": cookies, "X-A": "1", "x-a": "2" },
  });
  assertEquals(response.headers.getSetCookie(), cookies);
  assertEquals(response.headers.get("x-a"), "2");
  assertEquals(answer({ status: 200, headers: { a: [] } }).headers.get("a"), null);
});

Deno.test("responseFrom() answers 500 to more headers than Deno's server survives", () => {
  const headers = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`, "v"]));
  assertEquals(answer({ status: 200, headers: headers(HTTP_RESPONSE_HEADERS_MAX) }).status, 200);
  assertEquals(
    answer({ status: 200, headers: headers(HTTP_RESPONSE_HEADERS_MAX + 1) }).status,
    500,
  );
  assertEquals(answer({ status: 200, headers: { a: "x".repeat(70_000) } }).status, 500);
  assertEquals(answer({ status: 200, headers: { a: Array(40_000).fill("") } }).status, 500);
});

Deno.test("responseFrom() does not read a head that is longer than any it would send", () => {
  const head = { status: 200, headers: {}, more: "x".repeat(6 * 64 * 1024) };
  assertEquals(answer(head).status, 500);
  assertEquals(answer({ ...head, more: "x" }).status, 200);
});

Deno.test("responseFrom() gives no content type to what has no content", () => {
  const typed = { "content-type": "text/plain", "content-length": "4" };
  for (const status of [204, 304]) {
    assertEquals([...answer({ status, headers: {} }).headers], []);
    assertEquals(answer({ status, headers: typed }).headers.get("content-type"), null);
    const head = answer({ status, headers: typed }, null, "HEAD");
    assertEquals(head.headers.get("content-length"), status === 304 ? "4" : null);
  }
  for (const status of [301, 302, 303, 307, 308]) {
    const response = answer({ status, headers: { location: "/x" } });
    assertEquals([...response.headers], [["location", "/x"]]);
  }
});
