// http_client against servers that know nothing of Kinode (issue 6; spec/http.md §4, §7.6 item 6): Debian's nginx, Python's
// http.server, and plain TCP where a server must do what no good server does.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { testNeeding } from "../clients/needs.ts";
import { freePort, Nginx } from "../clients/nginx.ts";
import { type RunningNode, startNode } from "../clients/node.ts";
import { firstAnswer } from "./bound.ts";
import { readProgram } from "./scripts.ts";
import { eventually } from "./within.ts";
import { PythonFiles, SaysOneThing } from "./client_peers.ts";

interface Seen {
  status: number;
  redirected?: boolean;
  url?: string;
  headers: [string, string][] | Record<string, string>;
  bytes: number;
  text: string;
  error?: { name: string; message: string };
}

async function startCaller(): Promise<
  { node: RunningNode; call: (wish: unknown) => Promise<Seen> }
> {
  const node = await startNode({ files: { "client_calls.ts": readProgram("client_calls.ts") } });
  const url = `${node.url}/client_calls:client_calls:template.os/`;
  await firstAnswer(url);
  const call = async (wish: unknown) =>
    await (await fetch(url, { method: "POST", body: JSON.stringify(wish) })).json() as Seen;
  return { node, call };
}

const header = (seen: Seen, name: string) => new Headers(seen.headers).get(name);
const LARGE = "0123456789abcdef".repeat(64 * 1024); // 1 MiB

const LOCATIONS = `
  location = /kept { default_type text/plain; return 200 "$connection $connection_requests"; }
  location = /echo { default_type text/plain; return 200 "$request_method $http_x_a"; }
  location = /target { default_type text/plain; return 200 "$request_method"; }
  location ~ ^/redirect/(\\d+)$ { return 301 /target; }
  location = /r301 { return 301 /target; }
  location = /r302 { return 302 /target; }
  location = /r303 { return 303 /target; }
  location = /r307 { return 307 /target; }
  location = /r308 { return 308 /target; }
  location ~ ^/chain/x(x*)$ { return 302 /chain/$1; }
  location = /chain/ { default_type text/plain; return 200 "end of the chain"; }
  location = /loop { return 302 /loop; }
  location = /away { return 302 http://127.0.0.1:$server_port/sees; }
  location = /sees { default_type text/plain; return 200 "[$http_authorization] [$http_cookie]"; }
  location = /none { return 204; }
  location = /same { return 304; }
  location = /rude { return 444; }
  location = /teapot { return 418 "short and stout"; }
  location = /zipped.txt { gzip on; gzip_min_length 1; gzip_types text/plain; }
  location = /slow.txt { limit_rate 400k; }
  location = /wide { add_header x-wide "$arg_a$arg_a$arg_a$arg_a"; return 200; }
`;

testNeeding(["nginx"], "http_client and nginx: requests", async (t, { nginx }) => {
  await using server = await Nginx.start(nginx, LOCATIONS, {});
  const { node, call } = await startCaller();
  await using _ = node;
  const at = (path: string, more = {}) => call({ url: server.url + path, ...more });

  await t.step("a connection is kept, and is used again", async () => {
    const first = (await at("/kept")).text.split(" ");
    const second = (await at("/kept")).text.split(" ");
    assertEquals([first[0], Number(second[1])], [second[0], Number(first[1]) + 1]);
  });

  await t.step("every method, and a header, arrive; HEAD has no body", async () => {
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]) {
      const init = { method, headers: { "x-a": "1" } };
      const seen = await at("/echo", { init });
      assertEquals([seen.status, seen.text], [200, method === "HEAD" ? "" : `${method} 1`]);
    }
  });

  await t.step("redirects change the method as the web does, and end at 20", async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      const init = { method: "POST", body: "x" };
      const seen = await at(`/r${status}`, { init });
      assertEquals([seen.status, seen.text], [200, status < 307 ? "GET" : "POST"]);
      assertEquals([seen.redirected, seen.url], [true, `${server.url}/target`]);
    }
    assertEquals((await at(`/chain/${"x".repeat(20)}`)).text, "end of the chain");
    for (const path of [`/chain/${"x".repeat(21)}`, "/loop"]) {
      assertStringIncludes((await at(path)).error!.message, "more than 20 redirects");
      const message = await at(path, { seconds: 10 });
      assertStringIncludes(message.error!.message, "more than 20 redirects");
    }
    const manual = await at("/r302", { init: { redirect: "manual" } });
    assertEquals([manual.status, header(manual, "location")], [302, `${server.url}/target`]);
    assertEquals((await at("/r302", { init: { redirect: "error" } })).error?.name, "TypeError");
  });

  await t.step("credentials are not carried to another origin", async () => {
    const headers = { authorization: "Bearer mine", cookie: "a=1" };
    assertEquals((await at("/sees", { init: { headers } })).text, "[Bearer mine] [a=1]");
    assertEquals((await at("/away", { init: { headers } })).text, "[] []");
    assertEquals((await at("/away", { init: { headers }, seconds: 10 })).text, "[] []");
  });
});

testNeeding(["nginx"], "http_client and nginx: answers", async (t, { nginx }) => {
  const files = { "large.txt": LARGE, "zipped.txt": LARGE, "slow.txt": LARGE };
  await using server = await Nginx.start(nginx, LOCATIONS, files);
  const { node, call } = await startCaller();
  await using _ = node;
  const at = (path: string, more = {}) => call({ url: server.url + path, ...more });

  await t.step("gzip: fetch unpacks it, and what it says of the body is true", async () => {
    for (const headers of [{}, { "accept-encoding": "identity" }]) {
      const seen = await at("/zipped.txt", { init: { headers } });
      assertEquals([seen.bytes, header(seen, "content-encoding")], [LARGE.length, null]);
    }
    const message = await at("/zipped.txt", { seconds: 10 });
    assertEquals([message.bytes, header(message, "content-encoding")], [LARGE.length, null]);
  });

  await t.step("statuses without a body, and with one", async () => {
    for (const [path, status] of [["/none", 204], ["/same", 304], ["/teapot", 418]] as const) {
      const seen = await at(path);
      assertEquals([seen.status, seen.bytes], [status, status === 418 ? 15 : 0]);
      assertEquals((await at(path, { seconds: 10 })).status, status);
    }
  });

  await t.step(
    "a slow answer comes in parts, may be left in the middle, or takes too long",
    async () => {
      assertEquals((await at("/slow.txt")).bytes, LARGE.length);
      const part = await at("/slow.txt", { only: 1 });
      assert(part.bytes > 0 && part.bytes < LARGE.length, `${part.bytes} bytes`);
      const aborted = await at("/slow.txt", { abortMs: 300 });
      assertEquals(aborted.error?.name, "TimeoutError");
      assertStringIncludes((await at("/slow.txt", { seconds: 1 })).error!.message, "timed out");
    },
  );

  await t.step("a close without an answer, and a wide header", async () => {
    assertMatch((await at("/rude")).error!.message, /closed|reset|incomplete|EOF/i);
    const wide = await at(`/wide?a=${"w".repeat(1_900)}`);
    assertEquals(header(wide, "x-wide")?.length, 7_600);
  });
});

testNeeding(["python"], "http_client and Python's http.server", async (t, { python }) => {
  await using server = await PythonFiles.start(python, {
    "a.txt": "from Python",
    "large.txt": LARGE,
  });
  const { node, call } = await startCaller();
  await using _ = node;

  await t.step("HTTP/1.0 answers, with a length and a close", async () => {
    const seen = await call({ url: `${server.url}/a.txt` });
    assertEquals([seen.status, seen.text], [200, "from Python"]);
    assertEquals((await call({ url: `${server.url}/large.txt` })).bytes, LARGE.length);
    const message = await call({ url: `${server.url}/a.txt`, seconds: 10 });
    assertEquals([message.status, message.text, header(message, "Content-Type")], [
      200,
      "from Python",
      "text/plain",
    ]);
  });

  await t.step("what it cannot do is an answer too", async () => {
    assertEquals((await call({ url: `${server.url}/missing` })).status, 404);
    const posted = await call({ url: server.url, init: { method: "POST", body: "x" } });
    assertEquals(posted.status, 501);
  });
});

Deno.test("http_client and servers that break the rules", async (t) => {
  const { node, call } = await startCaller();
  await using _ = node;
  const CHUNKED = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

  /** What both styles say of a server that answers `text` and closes. */
  async function told(text: string): Promise<[fetch: Seen, message: Seen]> {
    await using server = new SaysOneThing(text);
    const url = `http://127.0.0.1:${server.port}/`;
    return [await call({ url }), await call({ url, seconds: 10 })];
  }

  await t.step("bad chunks, a body that is cut, no HTTP at all: errors that say so", async () => {
    const bad = {
      chunk: `${CHUNKED}zz\r\nhello\r\n0\r\n\r\n`,
      cutChunk: `${CHUNKED}10\r\nhello`,
      cutBody: "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello",
      cutLarge: `HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n${"x".repeat(70_000)}`,
      noHttp: "SSH-2.0-OpenSSH_9.2\r\n\r\n",
      nothing: "",
    };
    for (const [what, text] of Object.entries(bad)) {
      for (const seen of await told(text)) {
        assert(seen.error !== undefined, `${what}: ${JSON.stringify(seen)}`);
        assertMatch(seen.error.name, /^(TypeError|HttpClientError)$/);
      }
    }
  });

  await t.step("a body after 204 and 304 is nobody's", async () => {
    for (const status of [204, 304]) {
      for (const seen of await told(`HTTP/1.1 ${status} X\r\ncontent-length: 5\r\n\r\nhello`)) {
        assertEquals([seen.status, seen.bytes], [status, 0]);
      }
    }
  });

  await t.step("a head without end is not read for ever", async () => {
    for (const seen of await told(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(2_000_000)}\r\n\r\n`)) {
      assert(seen.error !== undefined);
    }
  });

  await t.step("nobody there, no such name, no such scheme, silence", async () => {
    const refused = await call({ url: `http://127.0.0.1:${freePort()}/` });
    assertMatch(refused.error!.message, /refused/i);
    const unknown = await call({ url: "http://nowhere.invalid/" });
    assertStringIncludes(unknown.error!.message, "nowhere.invalid is not known");
    assertStringIncludes((await call({ url: "ftp://a/" })).error!.message, "not http or https");
    await using silent = new SaysOneThing(null);
    const url = `http://localhost:${silent.port}/`;
    assertStringIncludes((await call({ url, seconds: 1 })).error!.message, "timed out");
    assertEquals((await call({ url, abortMs: 200 })).error?.name, "TimeoutError");
  });

  await t.step("a large body streams up", async () => {
    await using server = counting();
    const url = `http://localhost:${server.port}/`;
    const seen = await call({ url, init: { method: "POST", body: 20_000_000 } });
    assertEquals(seen.text, "20000000 bytes");
  });
});

Deno.test("600 calls that are left in the middle leave nothing behind", async () => {
  let open = 0;
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  const server = Deno.serve(options, () => {
    open++;
    const piece = new Uint8Array(50_000);
    return new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(piece),
        cancel: () => void open--,
      }),
    );
  });
  try {
    const { node, call } = await startCaller();
    await using _ = node;
    for (const host of ["localhost", "127.0.0.1"]) { // Through the tunnel, and without it.
      const url = `http://${host}:${server.addr.port}/`;
      const said = await call({ url, leave: 300 }) as unknown;
      assertEquals(said, { left: 300 });
      await eventually("end of every connection", async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return open === 0 || undefined;
      });
      assertEquals((await call({ url, only: 1 })).status, 200);
    }
  } finally {
    await server.shutdown();
  }
});

function counting() {
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  const server = Deno.serve(options, async (request) => {
    let bytes = 0;
    for await (const piece of request.body ?? []) bytes += piece.length;
    return new Response(`${bytes} bytes`);
  });
  return { port: server.addr.port, [Symbol.asyncDispose]: () => server.shutdown() };
}
