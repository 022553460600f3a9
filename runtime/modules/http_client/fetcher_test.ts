/** Against real servers: Deno.serve where HTTP is right, bare TCP where it is wrong. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CLIENT_BODY_BYTES_MAX, CLIENT_REDIRECTS_MAX } from "../../limits.ts";
import { Dialer } from "./dialer.ts";
import { Fetcher, type HttpAnswer } from "./fetcher.ts";
import { readCall } from "./http_call.ts";
import { explain } from "./requests.ts";
import { bytes, RawServer, readHead, testWithCertificate, untilClosed, write } from "./testing.ts";

const text = (answer: HttpAnswer) => new TextDecoder().decode(answer.body);

interface Wish {
  method?: string;
  version?: string;
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
  caCerts?: string[];
}

async function fetchOnce(url: string, wish: Wish = {}): Promise<HttpAnswer> {
  const { method = "GET", version = null, headers = {}, body = "", signal } = wish;
  const call = readCall({ method, version, url, headers }, bytes(body));
  assert(!("Err" in call));
  const fetcher = new Fetcher(wish.caCerts ?? [], new Dialer());
  try {
    return await fetcher.fetch(call, signal ?? new AbortController().signal, {
      policy: "local",
      take() {},
    });
  } finally {
    await fetcher.close();
  }
}

function serve(handler: (request: Request) => Response | Promise<Response>) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  return { server, url: `http://127.0.0.1:${server.addr.port}/` };
}

/** Answers every request with the same bytes and closes. */
function answers(content: string): RawServer {
  return new RawServer(async (connection) => {
    await readHead(connection);
    await write(connection, content);
  });
}

/** What a server sees of one request. */
async function headOf(wish: Wish): Promise<string[]> {
  let head = "";
  await using server = new RawServer(async (connection) => {
    head = await readHead(connection);
    await write(connection, "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
  });
  await fetchOnce(`http://${server.host}/a%2Fb?c=d#e`, wish);
  return head.trimEnd().replace(server.host, "HOST").split("\r\n");
}

Deno.test("fetch() adds nothing to a request but what Deno forces", async () => {
  const [line, ...headers] = await headOf({});
  assertEquals(line, "GET /a%2Fb?c=d HTTP/1.1");
  assertEquals(headers.sort(), [
    "accept-encoding: identity",
    "accept-language: *",
    "accept: */*",
    "host: HOST",
    "user-agent: kinode",
  ]);
});

Deno.test("fetch() lets the process override every header", async () => {
  const mine = {
    "Accept": "a/b",
    "Accept-Language": "de",
    "User-Agent": "mine",
    "Host": "example.org",
    "Cookie": "a=b",
    "Origin": "http://o",
    "X-Utf8": "é",
  };
  const [, ...headers] = await headOf({ method: "OPTIONS", headers: mine });
  assertEquals(headers.filter((line) => line !== "content-length: 0").sort(), [
    "accept-encoding: identity",
    "accept-language: de",
    "accept: a/b",
    "cookie: a=b",
    "host: example.org",
    "origin: http://o",
    "user-agent: mine",
    "x-utf8: Ã©",
  ]);
});

Deno.test("fetch() sends a body as its bytes, with its length", async () => {
  const { server, url } = serve(async (request) =>
    Response.json([request.headers.get("content-length"), await request.text()])
  );
  await using _ = server;
  assertEquals(text(await fetchOnce(url, { method: "POST", body: "\0é" })), '["3","\\u0000é"]');
  assertEquals(text(await fetchOnce(url, { method: "PUT" })), '["0",""]');
  assertEquals(text(await fetchOnce(url, { method: "DELETE", body: "x" })), '["1","x"]');
});

Deno.test("fetch() answers with every status, its headers re-capitalised", async () => {
  const { server, url } = serve((request) => {
    const status = Number(new URL(request.url).pathname.slice(1));
    const body = status === 204 || status === 304 ? null : "body";
    return new Response(body, { status, headers: { "x-foo-bar": "1", etag: '"e"' } });
  });
  await using _ = server;
  for (const status of [200, 204, 304, 404, 500, 599]) {
    const answer = await fetchOnce(url + status);
    assertEquals(answer.status, status);
    assertEquals([answer.headers["X-Foo-Bar"], answer.headers["Etag"]], ["1", '"e"']);
    assertEquals(text(answer), status === 204 || status === 304 ? "" : "body");
  }
  assertEquals(text(await fetchOnce(url + 200, { method: "HEAD" })), "");
});

Deno.test("fetch() speaks the HTTP version that is asked for", async () => {
  const { server, url } = serve((request) => new Response(request.headers.get("host") ?? "none"));
  await using _ = server;
  assertEquals(text(await fetchOnce(url, { version: "HTTP/1.1" })), new URL(url).host);
  assertEquals((await fetchOnce(url, { version: "HTTP/2.0" })).status, 200);
  await using old = answers("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  await assertRejects(() => fetchOnce(`http://${old.host}/`, { version: "HTTP/2.0" }));
});

Deno.test("fetch() hands on a compressed body as the server sent it", async () => {
  const packed = new Blob(["hello"]).stream().pipeThrough(new CompressionStream("gzip"));
  const gzip = new Uint8Array(await new Response(packed).arrayBuffer());
  let asked = "";
  const { server, url } = serve((request) => {
    asked = request.headers.get("accept-encoding") ?? "";
    return new Response(gzip, { headers: { "content-encoding": "gzip" } });
  });
  await using _ = server;
  for (const headers of [{}, { "accept-encoding": "gzip" }] as Record<string, string>[]) {
    const answer = await fetchOnce(url, { headers });
    assertEquals(asked, "identity" + ("accept-encoding" in headers ? ", gzip" : ""));
    // Deno 2.4 unpacks it all the same, but then it takes the header away: what is said stays true.
    const packed = Deno.version.deno.startsWith("2.4.") ? undefined : "gzip";
    assertEquals(answer.headers["Content-Encoding"], packed);
    assertEquals(answer.body, packed ? gzip : bytes("hello"));
  }
});

Deno.test("fetch() keeps no cookies", async () => {
  const seen: (string | null)[] = [];
  const { server, url } = serve((request) => {
    seen.push(request.headers.get("cookie"));
    const headers = { "set-cookie": "a=b", location: "/" };
    return new Response(null, { status: seen.length < 3 ? 302 : 200, headers });
  });
  await using _ = server;
  await fetchOnce(url);
  assertEquals(seen, [null, null, null]);
});

Deno.test("fetch() follows redirects, as far as CLIENT_REDIRECTS_MAX", async () => {
  let left = 0;
  const { server, url } = serve(async (request) => {
    if (left-- > 0) return new Response("no", { status: 307, headers: { location: "?next" } });
    return new Response(`${request.method} ${new URL(request.url).search} ${await request.text()}`);
  });
  await using _ = server;
  left = CLIENT_REDIRECTS_MAX;
  assertEquals(text(await fetchOnce(url, { method: "PUT", body: "b" })), "PUT ?next b");
  left = Infinity;
  await assertRejects(() => fetchOnce(url), RangeError, "more than 20 redirects");
});

Deno.test("fetch() does not follow a redirect to a file", async () => {
  const location = new URL(import.meta.url).href;
  await using server = answers(
    `HTTP/1.1 302 Found\r\nlocation: ${location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
  );
  await assertRejects(() => fetchOnce(`http://${server.host}/`), TypeError, "redirected to file:");
});

Deno.test("fetch() ends a body beyond CLIENT_BODY_BYTES_MAX", async () => {
  const megabyte = new Uint8Array(1024 * 1024);
  const cut = Promise.withResolvers<void>();
  await using server = new RawServer(async (connection) => {
    await readHead(connection);
    await write(connection, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
    const forever = async () => {
      while (true) await write(connection, megabyte);
    };
    await forever().catch(() => cut.resolve());
  });
  await assertRejects(
    () => fetchOnce(`http://${server.host}/`),
    RangeError,
    `the response body is larger than ${CLIENT_BODY_BYTES_MAX} bytes`,
  );
  await cut.promise; // Nobody reads the rest.
});

// Threat: servers that break HTTP. Each ends with an error in words, and with no path of this machine.
Deno.test("fetch() says what is wrong with a server", async () => {
  const table: [string, string][] = [
    ["", "connection closed before message completed"],
    ["NOT HTTP\r\n\r\n", "invalid HTTP version parsed"],
    ["HTTP/1.1 200 OK\r\ncont", "connection closed before message completed"],
    ["HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", "error reading a body from connection"],
    ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n", "error reading a body"],
    ["HTTP/1.1 99 OK\r\n\r\n", "invalid HTTP status-code parsed"],
    [`HTTP/1.1 200 OK\r\nx: ${"x".repeat(600_000)}\r\n\r\n`, "too large"],
  ];
  for (const [content, complaint] of table) {
    await using server = answers(content);
    const error = await assertRejects(() => fetchOnce(`http://${server.host}/`));
    assertStringIncludes(explain(error), complaint);
    assert(!explain(error).includes(".ts"), explain(error));
  }
});

Deno.test("fetch() says that nobody listens, or that the name is unknown", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const refused = await assertRejects(() => fetchOnce(`http://127.0.0.1:${port}/`));
  assertStringIncludes(explain(refused), "tcp connect error");
  const unknown = await assertRejects(() => fetchOnce("http://nowhere.invalid/"));
  assertStringIncludes(
    explain(unknown),
    "failed to lookup address information: nowhere.invalid is not known",
  );
});

Deno.test("fetch() ends with its signal, in the head and in the body", async () => {
  for (const content of ["", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"]) {
    const controller = new AbortController();
    await using server = new RawServer(async (connection) => {
      await readHead(connection);
      await write(connection, content);
      controller.abort(new Error("enough"));
      await untilClosed(connection);
    });
    const { signal } = controller;
    await assertRejects(() => fetchOnce(`http://${server.host}/`, { signal }), Error, "enough");
  }
});

testWithCertificate(
  "fetch() speaks TLS, and trusts only whom it is told to",
  async ({ cert, key }) => {
    const tls = { hostname: "127.0.0.1", port: 0, cert, key, onListen() {} };
    await using server = Deno.serve(tls, () => new Response("secret"));
    const url = `https://localhost:${server.addr.port}/`;
    assertEquals(text(await fetchOnce(url, { caCerts: [cert] })), "secret");
    assertStringIncludes(explain(await assertRejects(() => fetchOnce(url))), "certificate");
  },
);
