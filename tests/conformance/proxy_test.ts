// Behind a real nginx with TLS, configured as docs/HTTP.md says (issue 5, items 4, 7 and 8): who asks, how, and for which
// host reaches the process; the owner logs in there with a browser; what is for this machine stays closed.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openPage, type Page } from "../clients/browser.ts";
import { makeCertificate } from "../clients/certificate.ts";
import { curl } from "../clients/curl.ts";
import { testNeeding } from "../clients/needs.ts";
import { freePort, Nginx } from "../clients/nginx.ts";
import { type RunningNode, startNode } from "../clients/node.ts";
import { curlBound } from "./bound.ts";
import { RawHttp } from "./raw_http.ts";
import { framing, PATH } from "./raw_http_cases.ts";
import { readProgram } from "./scripts.ts";

const WHO = "/who_asks:who_asks:template.os";
const LOGIN = "/login:login:template.os";
const files = Object.fromEntries(
  ["who_asks.ts", "login.ts", "raw_echo.ts"].map((name) => [name, readProgram(name)]),
);
const PASSWORD = "correct horse";

/** The location that the documentation shows. */
function documented(port: string): string {
  const text = Deno.readTextFileSync(new URL("../../docs/HTTP.md", import.meta.url));
  const [, sample] = /```nginx\n([\s\S]*?)```/.exec(text)!;
  return sample!.replace("127.0.0.1:8080", `127.0.0.1:${port}`);
}

interface Proxied extends AsyncDisposable {
  node: RunningNode;
  /** `https://localhost:4321`. */
  url: string;
  /** The same without TLS. */
  plainPort: number;
}

async function start(nginx: string, openssl: string, ...args: string[]): Promise<Proxied> {
  const folder = await Deno.makeTempDir({ prefix: "kinode-proxy-" });
  const { certFile, keyFile } = await makeCertificate(openssl, folder, "proxy");
  const node = await startNode({
    args: ["--listen", "127.0.0.1", "--trust-proxy", "127.0.0.1", ...args],
    files,
  });
  const port = freePort();
  const proxy = await Nginx.start(
    nginx,
    `listen 127.0.0.1:${port} ssl; ssl_certificate ${certFile}; ssl_certificate_key ${keyFile};
    ${documented(new URL(node.url).port)}`,
  );
  return {
    node,
    url: `https://localhost:${port}`,
    plainPort: proxy.port,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await node[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

testNeeding(["nginx", "openssl", "curl"], "behind nginx", async (t, { nginx, openssl }) => {
  await using proxied = await start(nginx, openssl);
  const { url, plainPort } = proxied;
  const host = new URL(url).host;
  const ask = (path: string, ...more: string[]) => curl(["-k", ...more, `${url}${path}`]);
  await curlBound(["-k", `${url}${WHO}`]);
  await curlBound(["-k", `${url}${LOGIN}/open`]);
  await curlBound(["-k", `${url}${PATH}`]);

  await t.step(
    "a process sees the client's scheme and host, whatever the client says",
    async () => {
      const lies = ["For: 6.6.6.6", "Proto: http", "Host: evil.example"];
      const headers = lies.flatMap((lie) => ["-H", `X-Forwarded-${lie}`]);
      const { text } = await ask(WHO, ...headers);
      assertEquals(JSON.parse(text), { from: "127.0.0.1:0", url: `https://localhost${WHO}`, host });
    },
  );
  await t.step("what is for this machine is closed to who comes through it", async () => {
    assertEquals((await ask(`${WHO}/local`)).status, 403);
    assertEquals((await ask("/rpc:distro:sys/message", "-d", '{"process":"a:b:c"}')).status, 403);
  });
  await t.step("the login's cookie is Secure, and the secure host is the proxy's", async () => {
    const login = await ask("/login", "-d", '{"password_hash":"0x00"}');
    assertMatch(login.headers.get("set-cookie")!, /; Secure$/);
    const moved = await ask(`${LOGIN}/secure`);
    const location = `https://login-template-os.${host}${LOGIN}/secure`;
    assertEquals([moved.status, moved.headers.get("location")], [307, location]);
  });
  await t.step("what nginx takes for one request is one here", async () => {
    for (const { send, name } of framing) {
      using client = await RawHttp.connect(plainPort);
      await client.send(send.replaceAll("Host: h\r\n", "Host: h\r\nConnection: keep-alive\r\n"));
      const answered = await client.wait(() => client.finals.length > 0, 20_000);
      assertEquals(answered || client.ended !== null, true, `${name}: no answer, and no end`);
    }
    // nginx reads some of these as two requests, each with its headers; a second one without them was smuggled.
    const { text } = await ask(`${PATH}/naked`);
    assertEquals(text, "0");
  });
  await t.step("an answer that goes on goes on through it", async () => {
    const { text } = await ask(`${PATH}/big`, "-o", "/dev/null", "-w", "%{size_download}");
    assertStringIncludes(text, String(24 * 1024 * 1024));
  });
});

/** Fills in the login page, once it is there. */
async function submit(page: Page, ...values: string[]): Promise<void> {
  await page.waitFor(`document.querySelector("button")?.disabled === false`);
  await page.evaluate(`[...document.querySelectorAll("input")].forEach((input, i) =>
    input.value = ${JSON.stringify(values)}[i]); document.querySelector("button").click()`);
}

testNeeding(
  ["nginx", "openssl", "chromium", "curl"],
  "behind nginx, in a browser: the first password, WebSockets, a wrong password, the secure host",
  async (_t, { nginx, openssl, chromium }) => {
    await using proxied = await start(nginx, openssl, "--fake=false", "--name", "real.dev");
    const { node, url } = proxied;
    const host = new URL(url).host;
    const setup = (await node.waitForLine(/set one at/)).replace(/^.*\/login#/, "");
    await curlBound(["-k", `${url}${LOGIN}/open`]);
    await using page = await openPage(chromium, `${url}/login#${setup}`, [
      "--ignore-certificate-errors",
    ]);
    await submit(page, PASSWORD, PASSWORD);
    await page.waitFor(`/logged in/.test(document.getElementById("said")?.innerText)`);
    await page.evaluate(`location.href = ${JSON.stringify(`${url}${LOGIN}/own`)}`);
    await page.waitFor(`document.title === "Inside"`);
    const open = (path: string) =>
      page.evaluate(`new Promise((resolve) => {
        const socket = new WebSocket("wss://${host}${path}");
        socket.onopen = () => resolve("open");
        socket.onerror = () => resolve("refused");
      })`);
    assertEquals(await open(`${LOGIN}/ws`), "open");
    assertEquals(await page.evaluate(`fetch("", { method: "POST" }).then((r) => r.status)`), 200);

    await page.evaluate(`location.href = ${JSON.stringify(`${url}${LOGIN}/secure`)}`);
    await page.waitFor(`location.host === ${JSON.stringify(`login-template-os.${host}`)}`);
    await submit(page, "wrong horse!");
    await page.waitFor(`/Wrong password/.test(document.getElementById("said")?.innerText)`);
    await submit(page, PASSWORD);
    await page.waitFor(`document.title === "Inside"`);
    assertEquals(
      await page.evaluate(`fetch("${WHO}").then((r) => r.status)`),
      403,
      "the secure host serves its package alone",
    );
  },
);
