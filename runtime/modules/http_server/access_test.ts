import { assertEquals, assertMatch } from "@std/assert";
import { HANDSHAKE, other, PATH, serving, type Testbed } from "./testing.ts";

/** Binds `/own`, `/secure` and the WebSocket paths of the same names behind a login. */
function bindAll(testbed: Testbed): void {
  testbed.bind("/own", { authenticated: true });
  testbed.bind("/open");
  testbed.act({ SecureBind: { path: "/secure", cache: true } }, { blob: "secret" });
  testbed.act({ WebSocketBind: { path: "/own", authenticated: true, extension: false } });
  testbed.act({ WebSocketSecureBind: { path: "/secure", extension: false } });
  testbed.rest();
}

/** The first line and the rest of the answer to a raw request. */
async function raw(testbed: Testbed, lines: string[]): Promise<string> {
  const client = await testbed.connect();
  await client.write(`${lines.join("\r\n")}\r\n\r\n`);
  const answer = await client.readUntil("\r\n\r\n");
  client.close();
  return answer;
}

const OWNER = "owner=1";
const SECURE_OWNER = "owner=a:b:template.os";

Deno.test("§1.6: without a login an authenticated path shows the login page, with one the process answers", () =>
  serving(async (testbed) => {
    bindAll(testbed);
    const url = testbed.url(`${PATH}/own`);
    assertEquals(await (await fetch(url)).text(), "login page null");
    assertEquals(testbed.rest(), []);
    const answered = fetch(url, { headers: { cookie: OWNER } });
    testbed.respond(await testbed.next(), 200, "seen");
    assertEquals(await (await answered).text(), "seen");
  }));

Deno.test("§2.3: a secure path is served at its package's host alone, with its own cookie", () =>
  serving(async (testbed) => {
    bindAll(testbed);
    const ask = (host: string, cookie: string) =>
      raw(testbed, [`GET ${PATH}/secure?a=1 HTTP/1.1`, `Host: ${host}`, `Cookie: ${cookie}`]);
    const moved = await ask("localhost:8080", OWNER);
    assertMatch(moved, /^HTTP\/1\.1 307 /);
    assertMatch(
      moved,
      /location: http:\/\/b-template-os\.localhost:8080\/a:b:template\.os\/secure\?a=1\r\n/,
    );
    assertMatch(await ask("127.0.0.1:8080", OWNER), /http:\/\/b-template-os\.localhost:8080\//);
    assertMatch(await ask("b-template-os.localhost:8080", OWNER), /content-length: 26\r\n/);
    assertMatch(await ask("b-template-os.localhost:8080", SECURE_OWNER), /content-length: 6\r\n/);
    assertMatch(await ask("B-Template-OS.localhost", SECURE_OWNER), /content-length: 6\r\n/);
  }));

Deno.test("a secure host serves its package alone", () =>
  serving(async (testbed) => {
    bindAll(testbed);
    testbed.bind("/", {}, { source: other });
    testbed.rest();
    const lines = ["GET /x:y:template.os HTTP/1.1", "Host: b-template-os.localhost"];
    assertMatch(await raw(testbed, lines), /^HTTP\/1\.1 403 /);
    assertEquals(testbed.rest(), []);
  }));

Deno.test("writes and WebSockets of another origin's page are refused behind a login, reads are not", () =>
  serving(async (testbed) => {
    bindAll(testbed);
    const host = `127.0.0.1:${testbed.port}`;
    const ask = (method: string, path: string, ...more: string[]) =>
      raw(testbed, [
        `${method} ${PATH}${path} HTTP/1.1`,
        `Host: ${host}`,
        `Cookie: ${OWNER}`,
        ...more,
      ]);
    for (
      const from of ["Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site"]
    ) {
      assertMatch(await ask("POST", "/own", from, "Content-Length: 0"), /^HTTP\/1\.1 403 /);
      assertMatch(await ask("GET", "/own", from, HANDSHAKE.trimEnd()), /^HTTP\/1\.1 403 /);
    }
    assertEquals(testbed.rest(), []);
    const own = ask("POST", "/own", `Origin: http://${host}`, "Content-Length: 0");
    testbed.respond(await testbed.next(), 200);
    assertMatch(await own, /^HTTP\/1\.1 200 /);
    const open = ask("POST", "/open", "Origin: http://evil.example", "Content-Length: 0");
    testbed.respond(await testbed.next(), 200);
    assertMatch(await open, /^HTTP\/1\.1 200 /);
  }));

Deno.test("§3.2: an authenticated WebSocket opens with the cookie only", () =>
  serving(async (testbed) => {
    bindAll(testbed);
    const open = (path: string, host: string, cookie: string) =>
      raw(testbed, [`GET ${PATH}${path} HTTP/1.1`, `Host: ${host}`, cookie, HANDSHAKE.trimEnd()]);
    assertMatch(await open("/own", "h", "X: y"), /^HTTP\/1\.1 401 /);
    assertMatch(await open("/own", "h", `Cookie: ${OWNER}`), /^HTTP\/1\.1 101 /);
    assertMatch(await open("/secure", "h", `Cookie: ${SECURE_OWNER}`), /^HTTP\/1\.1 401 /);
    const secure = await open("/secure", "b-template-os.h", `Cookie: ${SECURE_OWNER}`);
    assertMatch(secure, /^HTTP\/1\.1 101 /);
  }));

Deno.test("§2.8: messages are injected by programs of this machine, not by pages or from other hosts", () =>
  serving(async (testbed) => {
    const body = '{"process":"a:b:template.os","body":"hi"}';
    const ask = (...more: string[]) =>
      raw(testbed, [
        "POST /rpc:distro:sys/message HTTP/1.1",
        `Content-Length: ${body.length}`,
        ...more,
        "",
        body,
      ]);
    const bad = [
      ["Host: localhost", "X-Forwarded-For: 127.0.0.1"],
      ["Host: localhost", "Origin: http://evil.example"],
      ["Host: localhost", "Sec-Fetch-Site: cross-site"],
      // Its own pages: what a script may not say to another one, its page could.
      ["Host: localhost", "Origin: http://localhost"],
      ["Host: a.localhost", "Sec-Fetch-Site: same-origin"],
      ["Host: rebound.example"],
    ];
    for (const lines of bad) assertMatch(await ask(...lines), /^HTTP\/1\.1 403 /, lines.join());
    assertEquals(testbed.rest(), []);
    assertMatch(await ask("Host: localhost:8080"), /^HTTP\/1\.1 200 /);
    const [message] = testbed.rest();
    assertEquals([message!.target, message!.body], ["fake.dev@a:b:template.os", "hi"]);
  }));
