import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { errorText } from "../../protocol/http_client.ts";
import { findRedirect, type HttpCall, readCall, redirected } from "./http_call.ts";
import { bytes } from "./testing.ts";

const NONE = new Uint8Array(0);

function read(wish: Partial<Parameters<typeof readCall>[0]>, body: Uint8Array = NONE) {
  return readCall({ method: "GET", version: null, url: "http://x/", headers: {}, ...wish }, body);
}

function call(wish: Partial<Parameters<typeof readCall>[0]>, body: Uint8Array = NONE): HttpCall {
  const call = read(wish, body);
  assert(!("Err" in call));
  return call;
}

Deno.test("readCall() takes every method, version and URL that may go out", () => {
  for (const method of ["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS", "PURGE", "get"]) {
    assertEquals(call({ method }).method, method);
  }
  assertEquals(call({ version: "HTTP/1.1" }).version, "HTTP/1.1");
  assertEquals(call({ version: "HTTP/2.0" }).version, "HTTP/2.0");
  assertEquals(
    call({ url: "HTTPS://É.example:443/a b?q" }).url.href,
    "https://xn--9ca.example/a%20b?q",
  );
});

Deno.test("readCall() names what it cannot take", () => {
  const table: [Parameters<typeof read>[0], string][] = [
    [{ method: "" }, "http method not supported: "],
    [{ method: "G ET" }, "http method not supported: G ET"],
    [{ method: "GET / HTTP/1.1\r\nx: y" }, "http method not supported: GET"],
    [{ method: "CONNECT" }, "http method not supported: CONNECT"],
    [{ method: "trace" }, "http method not supported: trace"],
    [{ url: "" }, "url could not be parsed: "],
    [{ url: "x/y" }, "url could not be parsed: x/y"],
    [{ url: "http://" }, "url could not be parsed: http://"],
    [{ url: "http://[::1]:99999/" }, "url could not be parsed"],
    [{ version: "" }, "http version not supported: "],
    [{ version: "HTTP/1.2" }, "http version not supported: HTTP/1.2"],
    [{ version: "HTTP/1.0" }, "HTTP/1.0 is not spoken here"],
    [{ version: "HTTP/3.0" }, "HTTP/3.0 is not spoken here"],
  ];
  for (const [wish, text] of table) {
    const result = read(wish);
    assert("Err" in result, JSON.stringify(wish));
    assertStringIncludes(errorText(result.Err), text);
  }
});

// Threat: Deno's fetch reads local files and blobs with the node's own rights.
Deno.test("readCall() refuses every scheme but http and https", () => {
  const urls = [
    "file:///etc/passwd",
    "data:,x",
    "blob:null/1",
    "about:blank",
    "ftp://x/",
    "ws://x/",
  ];
  for (const url of [...urls, "javascript:1", "FILE:///etc/passwd", "view-source:http://x/"]) {
    const result = read({ url });
    assert("Err" in result, url);
    assertStringIncludes(errorText(result.Err), "only http and https URLs can be requested");
  }
});

Deno.test("readCall() takes an empty blob for no body, and refuses a body on GET and HEAD", () => {
  assertEquals(call({ method: "POST" }).body, null);
  assertEquals(call({ method: "POST" }, bytes("a")).body, bytes("a"));
  for (const method of ["GET", "HEAD", "get"]) {
    const result = read({ method }, bytes("a"));
    assert("Err" in result);
    assertEquals(
      errorText(result.Err),
      `client failed to build request: a ${method} request cannot have a body: empty the blob`,
    );
  }
});

Deno.test("readCall() lets an authorization header win over the URL's user", () => {
  const headers = { Authorization: "Bearer 1" };
  assertEquals(call({ url: "http://u:p@x/", headers }).url.href, "http://x/");
  assertEquals(call({ url: "http://u:p@x/" }).url.href, "http://u:p@x/");
});

Deno.test("findRedirect() resolves the location, and takes an answer without one as it stands", () => {
  const from = new URL("http://x/a/b?c");
  const location = (status: number, location?: string) =>
    findRedirect(from, new Response(null, { status, headers: location ? { location } : {} }))?.href;
  assertEquals(location(302, "d"), "http://x/a/d");
  assertEquals(location(308, "//y/"), "http://y/");
  assertEquals(location(302), undefined);
  assertEquals(location(302, "http://["), undefined);
  assertEquals(location(200, "d"), undefined);
  assertEquals(location(304, "d"), undefined);
});

Deno.test("redirected() drops the body and its headers, unless the status keeps them", () => {
  const headers = { "content-type": "a/b", "x": "1" };
  const post = call({ method: "POST", headers }, bytes("a"));
  const next = new URL("http://x/next");
  for (const status of [301, 302, 303]) {
    const got = redirected(post, status, next);
    assertEquals([got.method, got.body, [...got.headers]], ["GET", null, [["x", "1"]]]);
  }
  for (const status of [307, 308]) {
    const got = redirected(post, status, next);
    assertEquals([got.method, got.body, got.headers.size], ["POST", bytes("a"), 2]);
  }
  assertEquals(redirected(call({ method: "HEAD" }), 303, next).method, "HEAD");
});

// Threat: a server that redirects elsewhere collects the credentials that were meant for it alone.
Deno.test("redirected() keeps credentials from another server", () => {
  const headers = {
    authorization: "a",
    cookie: "b",
    host: "h",
    "proxy-authorization": "c",
    x: "1",
  };
  const from = call({ url: "http://x:81/", headers });
  assertEquals(redirected(from, 302, new URL("http://x:81/y")).headers.size, 5);
  for (const url of ["http://x:82/", "http://y:81/", "https://x:81/"]) {
    assertEquals([...redirected(from, 307, new URL(url)).headers.keys()], ["x"]);
  }
});

Deno.test("redirected() refuses a redirect out of the web", () => {
  for (const url of ["file:///etc/passwd", "data:,x", "blob:http://x/1"]) {
    assertThrows(() => redirected(call({}), 302, new URL(url)), TypeError, "not http or https");
  }
});
