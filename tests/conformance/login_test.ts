// spec/http.md §2.3 (4), §2.7, §2.8: the owner logs in with a browser, a program with curl, and both
// stay logged in over a restart of the node.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openPage } from "../clients/browser.ts";
import { testNeeding } from "../clients/needs.ts";
import { type RunningNode, runNode, startNode } from "../clients/node.ts";
import { unless404 } from "./bound.ts";
import { readProgram } from "./scripts.ts";

const FILES = { "login.ts": readProgram("login.ts") };
const REAL = ["--fake=false", "--name", "real.dev"];
const HASH = `0x${"ab".repeat(32)}`;

/** The answer as soon as the process has bound its paths. */
function bound(node: RunningNode, path: string, init?: RequestInit): Promise<Response> {
  return unless404(async () => {
    const url = `${node.url}/login:login:template.os${path}`;
    const response = await fetch(url, { redirect: "manual", ...init });
    if (response.status === 404) await response.body?.cancel();
    return response;
  });
}

function logIn(node: RunningNode, password_hash: string, setup?: string): Promise<Response> {
  const body = JSON.stringify({ password_hash, setup });
  return fetch(`${node.url}/login`, { method: "POST", body });
}

/** The token of the link that the terminal shows at a first start. */
async function setupOf(node: RunningNode): Promise<string> {
  return /setup=(\S+)/.exec(await node.waitForLine(/set one at/))![1]!;
}

const cookieOf = (response: Response) => response.headers.get("set-cookie")!.split(";")[0]!;

Deno.test("§2.7: a password is set at the first start, and the login outlasts the node", async () => {
  const home = await Deno.makeTempDir({ prefix: "kinode-test-" });
  try {
    let cookie: string;
    {
      await using node = await startNode({ args: REAL, home, files: FILES });
      const early = await logIn(node, HASH);
      assertEquals([early.status, /terminal/.test(await early.json())], [403, true]);
      const page = await bound(node, "/own", { headers: { accept: "text/html" } });
      assertEquals(page.status, 200);
      assertStringIncludes(await page.text(), "Log in to real.dev");
      const refused = await bound(node, "/own", { headers: { accept: "application/json" } });
      assertEquals([refused.status, (await refused.json()).login], [401, "/login"]);
      const setup = await logIn(node, HASH, await setupOf(node));
      assertEquals(setup.status, 200);
      cookie = cookieOf(setup);
      await setup.body?.cancel();
      const inside = await bound(node, "/own", { headers: { cookie } });
      assertStringIncludes(await inside.text(), "GET /own");
    }
    {
      await using node = await startNode({ args: REAL, home });
      await node.waitForLine(/nobody has logged in since the start/);
      const outside = await bound(node, "/own", { headers: { cookie } });
      assertStringIncludes(await outside.text(), "Log in to real.dev");
      const wrong = await logIn(node, `0x${"cd".repeat(32)}`);
      assertEquals([wrong.status, typeof await wrong.json()], [401, "string"]);
      await (await logIn(node, HASH)).body?.cancel();
      const inside = await bound(node, "/own", { headers: { cookie } });
      assertStringIncludes(await inside.text(), "GET /own");
    }
    const { code, stderr } = await runNode(["--home", home, "--name", "other.dev", "--port", "0"]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "--name real.dev");
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("§2.7: a fake node takes any password; §1.6: open paths need none", async () => {
  await using node = await startNode({ files: FILES });
  const open = await bound(node, "/open");
  assertStringIncludes(await open.text(), "GET /open");
  const login = await logIn(node, "0x00");
  assertEquals(login.status, 200);
  await login.body?.cancel();
  const inside = await bound(node, "/own", { headers: { cookie: cookieOf(login) } });
  assertStringIncludes(await inside.text(), "GET /own");
  const foreign = await bound(node, "/own", {
    method: "POST",
    headers: { cookie: cookieOf(login), origin: "http://evil.example" },
  });
  assertEquals(foreign.status, 403);
  await foreign.body?.cancel();
});

Deno.test("§2.3: a secure path moves to its package's subdomain, whose cookie is its own", async () => {
  await using node = await startNode({ files: FILES });
  const moved = await bound(node, "/secure?a=1");
  assertEquals(moved.status, 307);
  const { port } = new URL(node.url);
  const location = `http://login-template-os.localhost:${port}/login:login:template.os/secure?a=1`;
  assertEquals(moved.headers.get("location"), location);
});

Deno.test("§3.2: a WebSocket behind a login opens with the cookie and from its own origin only", async () => {
  await using node = await startNode({ files: FILES });
  await (await bound(node, "/open")).body?.cancel();
  const login = await logIn(node, "0x00");
  await login.body?.cancel();
  const { port } = new URL(node.url);
  const handshake = async (...lines: string[]) => {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
    const head = [
      "GET /login:login:template.os/ws HTTP/1.1",
      `Host: localhost:${port}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      ...lines,
    ];
    await conn.write(new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n`));
    const buffer = new Uint8Array(1024);
    return new TextDecoder().decode(buffer.subarray(0, await conn.read(buffer) ?? 0)).slice(9, 12);
  };
  const cookie = `Cookie: ${cookieOf(login)}`;
  assertEquals(await handshake(), "401");
  assertEquals(await handshake(cookie), "101");
  assertEquals(await handshake(cookie, `Origin: http://localhost:${port}`), "101");
  assertEquals(await handshake(cookie, "Origin: http://evil.example"), "403");
});

Deno.test("§2.8: kit inject-message: a message from this machine, and its answer to the byte", async () => {
  const script = `import { awaitMessage, Response } from "@kinode/process";
    export async function init() {
      while (true) {
        const message = await awaitMessage();
        if (message.isRequest && message.text() === "crash") throw new Error("as asked");
        if (message.isRequest && message.text() !== "silence") {
          new Response().body("got " + message.text()).blobBytes(message.blob?.bytes ?? "").send();
        }
      }
    }`;
  const files = { "echo.ts": script };
  await using node = await startNode({ files });
  await node.waitForLine("kinode: started echo:echo:template.os");
  const inject = (body: unknown, headers = {}) =>
    fetch(`${node.url}/rpc:distro:sys/message`, {
      method: "POST",
      body: JSON.stringify(body),
      headers,
    });
  const process = "echo:echo:template.os";
  const answer = await inject({ process, body: "hi", expects_response: 5, data: btoa("b") });
  const bytes = [..."Yg=="].map((char) => char.charCodeAt(0)).join(",");
  const body = [..."got hi"].map((char) => char.charCodeAt(0)).join(",");
  const json = `{"body":[${body}],"lazy_load_blob":{"mime":null,"bytes":[${bytes}]}}`;
  assertEquals([answer.status, await answer.text()], [200, json]);
  const statuses: [unknown, number][] = [
    [{ process, body: "hi" }, 200],
    [{ process: "no:such:process", expects_response: 5 }, 404],
    [{ process, body: "silence", expects_response: 1 }, 408],
    [{ process, body: "crash", expects_response: 5 }, 502],
    [{ body: "no process" }, 400],
  ];
  for (const [message, status] of statuses) {
    const response = await inject(message);
    await response.body?.cancel();
    assertEquals(response.status, status, JSON.stringify(message));
  }
  const page = await inject({ process, body: "hi" }, { origin: "http://evil.example" });
  assertEquals(page.status, 403);
  await page.body?.cancel();
});

testNeeding(
  ["chromium"],
  "§2.7: in a browser: set the password, log in, log out",
  async (_t, { chromium }) => {
    await using node = await startNode({ args: REAL, files: FILES });
    await (await bound(node, "/open")).body?.cancel();
    const url = (await node.waitForLine(/set one at/)).replace(/^.*set one at /, "");
    await using page = await openPage(chromium, url);
    const submit = async (...values: string[]) => {
      await page.waitFor(`document.querySelector("button")?.disabled === false`);
      await page.evaluate(`[...document.querySelectorAll("input")].forEach((input, i) =>
      input.value = ${JSON.stringify(values)}[i]); document.querySelector("button").click()`);
    };
    const says = (words: RegExp) =>
      page.waitFor(`${words}.test(document.getElementById("said")?.innerText)`);
    await says(/first start/);
    await submit("short", "short");
    await says(/12 characters/);
    await submit("correct horse", "correct house");
    await says(/not the same/);
    await submit("correct horse", "correct horse");
    await node.waitForLine(/the password is set/);
    await says(/logged in/);
    const own = `${node.url}/login:login:template.os/own`;
    await page.evaluate(`location.href = ${JSON.stringify(own)}`);
    await page.waitFor(`document.title === "Inside"`);
    assertEquals(await page.evaluate("document.cookie"), "", "no script of a page sees the cookie");
    assertEquals(
      await page.evaluate(`fetch("/logout", { method: "POST" }).then((r) => r.status)`),
      200,
    );
    await page.evaluate("location.reload()");
    await page.waitFor(`document.title.startsWith("Log in")`);
    await submit("wrong horse!");
    await says(/Wrong password/);
    await submit("correct horse");
    await page.waitFor(`document.title === "Inside"`);
    const cookie = /kinode-auth/;
    assert(!cookie.test(node.lines.join()), "no secret is printed");
    assertMatch(String(await page.evaluate("location.href")), /\/own$/);
  },
);
