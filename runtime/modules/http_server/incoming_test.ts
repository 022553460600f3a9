import { assertEquals } from "@std/assert";
import vectors from "../../../tests/vectors/http_server.json" with { type: "json" };
import { parseAddress } from "../../protocol/address.ts";
import { HttpServerRequest } from "../../protocol/http_server.ts";
import {
  Head,
  httpRequestJson,
  type HttpRequestParts,
  isLocal,
  isLoopback,
  socketAddress,
  tryParseTarget,
} from "./incoming.ts";

const peer: Deno.NetAddr = { transport: "tcp", hostname: "127.0.0.1", port: 53412 };
const app = parseAddress("fake.dev@http_server:http_server:template.os");
const binding = {
  app,
  boundAs: parseAddress("fake.dev@http_server:distro:sys"),
  path: "/http_server:http_server:template.os",
  authenticated: false,
  subdomain: null,
  local_only: false,
  content: null,
  streaming: false,
};

function jsonOf(url: string, headers: [string, string][], over: Partial<HttpRequestParts> = {}) {
  const head = new Head(new Headers(headers));
  const target = tryParseTarget(url, head.host)!;
  const match = { value: binding, params: {} };
  const text = httpRequestJson({
    method: "PUT",
    peer,
    head,
    target,
    match,
    streams: false,
    ...over,
  });
  const request = HttpServerRequest(JSON.parse(text), "body");
  return (request as Extract<HttpServerRequest, { Http: unknown }>).Http;
}

Deno.test("httpRequestJson() writes §2.2's JSON", () => {
  const expected = vectors.requests[0]!.Http!;
  const url = "http://localhost:8080/http_server:http_server:template.os/?a=1";
  const json = jsonOf(url, [["Content-Length", "22"], ["Host", "localhost:8080"]]);
  assertEquals<unknown>(json, expected);
});

Deno.test("httpRequestJson() escapes whatever a client can send", () => {
  const path = '/x/"\\\u00e9%22';
  const { url, method, url_params } = jsonOf(`http://h${path}`, [["host", "h"]], {
    method: "M'ETHOD",
    match: { value: binding, params: { 'a"': '\\"\n' } },
  });
  assertEquals(url, `http://h${path}`);
  assertEquals(method, "M'ETHOD");
  assertEquals(url_params, { 'a"': '\\"\n' });
});

Deno.test("httpRequestJson() keeps the last of a repeated query key, decoded", () => {
  const query = "?a=1&b=%C3%A9+x&a=2&c&=d&q=%zz";
  const { query_params } = jsonOf(`http://h/x${query}`, [["host", "h"]]);
  assertEquals(Object.entries(query_params), [["a", "2"], ["b", "é x"], ["c", ""], ["", "d"], [
    "q",
    "%zz",
  ]]);
});

Deno.test("httpRequestJson() gives invisible header values as empty, as Rust does", () => {
  const { headers } = jsonOf("http://h/", [["host", "h"], ["X-A", "caf\u00e9"], ["x-tab", "a\tb"], [
    "x-quote",
    '"\\',
  ]]);
  assertEquals(headers, { host: "h", "x-a": "", "x-tab": "a\tb", "x-quote": '"\\' });
});

Deno.test("Head() notes what the server itself must know", () => {
  const head = new Head(
    new Headers({
      "Host": "h:1",
      "Upgrade": "websocket",
      "Sec-WebSocket-Version": "13",
      "Content-Length": "7",
    }),
  );
  assertEquals([head.host, head.upgrade, head.wsVersion, head.contentLength, head.forwarded], [
    "h:1",
    "websocket",
    "13",
    "7",
    false,
  ]);
  for (const name of ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP"]) {
    assertEquals(new Head(new Headers({ [name]: "" })).forwarded, true, name);
  }
});

Deno.test("tryParseTarget() takes path and query as they came", () => {
  for (
    const [url, host, hostname, path, query] of [
      ["http://h:8080/a%3Ab/../x//y?q=1?2#f", "h:8080", "h", "/a%3Ab/../x//y", "q=1?2"],
      ["http://h/p#f?q", "h", "h", "/p", ""],
      ["http://[::1]:80/p", "[::1]:80", "[::1]", "/p", ""],
      ["http://[::1]/p", "[::1]", "[::1]", "/p", ""],
      ["http://localhost:41237/p?", "", "localhost", "/p", ""],
      ["http://example.org:80/p", "", "example.org", "/p", ""],
      ["http://H:1/p", "h:1", "h", "/p", ""],
      ["https://h/p", "h", "h", "/p", ""],
      ["http://h", "h", "h", "/", ""],
      ["http://h?x", "h", "h", "/", "x"],
      ["http://h/*", "h", "h", "/*", ""],
    ] as const
  ) {
    const scheme = url.startsWith("https:") ? "https" : "http";
    assertEquals(tryParseTarget(url, host), { scheme, hostname, path, query }, url);
  }
});

Deno.test("tryParseTarget() refuses a host that would move the path, or is another's", () => {
  for (
    const [url, host] of [
      ["http://h/a:b:c.os?@x/real", "h/a:b:c.os?@x"],
      ["http://h#x/real", "h#x"],
      ["http://other:99/abs", "h"],
      ["http://hh/abs", "h"],
      ["http://u:p@h/abs", "h"],
      ["http://h:123456/", "h:123456"],
      ["http://h\u00e9/", "h\u00e9"],
      ["http://a b/", "a b"],
      ["http://h", "hh"],
      ["http://u:p@h/abs", ""],
    ] as const
  ) {
    assertEquals(tryParseTarget(url, host), null, url);
  }
});

Deno.test("socketAddress() and isLoopback() know both kinds of IP", () => {
  const at = (hostname: string): Deno.NetAddr => ({ transport: "tcp", hostname, port: 7 });
  assertEquals(socketAddress(at("10.0.0.1")), "10.0.0.1:7");
  assertEquals(socketAddress(at("::1")), "[::1]:7");
  for (const ip of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]) {
    assertEquals(isLoopback(at(ip)), true, ip);
  }
  for (const ip of ["10.0.0.1", "::", "fe80::1", "1127.0.0.1", "::ffff:10.0.0.1"]) {
    assertEquals(isLoopback(at(ip)), false, ip);
  }
});

Deno.test("isLocal(): no proxy between, and no name that may lead here from elsewhere", () => {
  const cases: [headers: [string, string][], expected: boolean][] = [
    [[["host", "localhost:8080"]], true],
    [[["host", "app.localhost"]], true],
    [[["host", "127.0.0.1"]], true],
    [[["host", "[::1]:80"]], true],
    [[], true],
    [[["host", "evil.example:8080"]], false],
    [[["host", "localhost.evil.example"]], false],
    [[["host", "localhost"], ["via", "1.1 proxy"]], false],
  ];
  for (const [headers, expected] of cases) {
    assertEquals(isLocal(peer, new Head(new Headers(headers))), expected, `${headers}`);
    assertEquals(
      isLocal({ ...peer, hostname: "192.0.2.1" }, new Head(new Headers(headers))),
      false,
    );
  }
});
