// spec/http.md §7.6.2: the failure table of §2.5, and where we answer at once what Kinode waits 15 s for.
import { assertEquals, assertMatch } from "@std/assert";
import { curl } from "../clients/curl.ts";
import { testNeeding } from "../clients/needs.ts";
import { startNode } from "../clients/node.ts";
import { firstAnswer } from "./bound.ts";
import { readProgram } from "./scripts.ts";
import { bind, HttpGuest } from "./http_guest.ts";

const TIMEOUT = "X-Hyperware-Http-Server-Timeout";
const JSON_PLEASE = ["-H", "Accept: application/json"];
const PROXIES = [
  ...["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"],
  ...["X-Real-IP", "Via", "Forwarded"],
];

/** Not through a proxy, and not by a name that somebody has made lead here. */
async function testLocalOnly(guest: HttpGuest): Promise<void> {
  await guest.actOk({ action: bind("/local", { local_only: true }) });
  const cases: [header: string, status: number][] = [
    ["Host: localhost", 200],
    ["Host: [::1]", 200],
    ["Host: evil.example", 403],
    ["Host: 127.0.0.1.evil.example:80", 403],
    ...PROXIES.map((name): [string, number] => [`${name}: 127.0.0.1`, 403]),
  ];
  for (const [header, status] of cases) {
    assertEquals((await guest.get("/local", "-H", header)).status, status, header);
  }
}

testNeeding(
  ["curl"],
  "spec/http.md §2.5: what a client is told when there is no answer",
  async (t) => {
    await using guest = await HttpGuest.start("a", ["--http-body-mb", "1"]);
    await guest.bind("/");

    await t.step("no binding: 404, empty", async () => {
      const { status, text, headers } = await curl([`${guest.node.url}/nobody:is:here`]);
      const type = headers.get("content-type");
      assertEquals([status, text, type], [404, "", "application/octet-stream"]);
    });

    await t.step("an answer that is no HttpResponse: 500 at once, empty", async () => {
      for (const answer of ["nonsense", "{}", { status: 200 }, { status: "200", headers: {} }]) {
        const { status, text } = await guest.answer("/", answer, "body");
        assertEquals([status, text], [500, ""]);
      }
    });

    await t.step("a status that is none: 500, with the process's body", async () => {
      const { status, text } = await guest.answer("/", { status: 42, headers: {} }, "why");
      assertEquals([status, text], [500, "why"]);
    });

    await t.step("local_only: 403 for whoever comes from elsewhere", () => testLocalOnly(guest));

    await t.step(
      "a process that is alive and silent: 408, after as long as the client sets",
      async () => {
        const answer = await guest.get("/?do=nothing", "-H", `${TIMEOUT}: 1`);
        assertEquals(answer.status, 408);
        assertEquals(answer.text, "no-answer: the process did not answer within 1 s\n");
      },
    );

    await t.step("a body that is larger than --http-body-mb: 413", async () => {
      const body = "x".repeat(1024 * 1024);
      const whole = await fetch(guest.url, { method: "POST", body });
      assertEquals((await whole.json()).blob.bytes.length, body.length);
      const larger = await fetch(guest.url, { method: "POST", body: `${body}x` });
      assertEquals([larger.status, await larger.text()], [
        413,
        "the request body is larger than 1048576 bytes\n",
      ]);
    });

    await t.step("a URL or a head that is too large: 414, 431", async () => {
      assertEquals((await guest.get(`/${"a".repeat(17_000)}`)).status, 414);
      assertEquals((await guest.get("/", "-H", `X-Long: ${"a".repeat(33_000)}`)).status, 431);
    });

    await t.step("a malformed Host: 400", async () => {
      assertEquals((await guest.get("/", "-H", "Host: a b")).status, 400);
    });
  },
);

testNeeding(
  ["curl"],
  "issue 5: fail fast: 503 at once, with the reason, where nobody will answer",
  async (t) => {
    await using guest = await HttpGuest.start();
    await guest.bind("/");

    await t.step(
      "the process ends while the request is with it: text, or JSON for who asks",
      async () => {
        const answer = await guest.get("/?do=die");
        assertEquals(answer.status, 503);
        assertEquals(answer.text, "crashed: the process ended before it answered\n");
        await guest.node.waitForLine("restarting");
        await guest.node.waitForLine(" a:template.os: bound", {
          from: guest.node.lines.length - 1,
        });
        const json = await guest.get("/?do=die", ...JSON_PLEASE);
        assertEquals([json.status, json.headers.get("content-type")], [503, "application/json"]);
        assertEquals(JSON.parse(json.text).error, "crashed");
      },
    );

    await t.step("the script is gone: its paths say so", async () => {
      await guest.node.take("a.ts");
      await guest.node.waitForLine("stopped a:a:template.os");
      const answer = await guest.get("/");
      assertEquals(answer.status, 503);
      assertMatch(
        answer.text,
        /^no-such-process: the process that serves this path is not running/,
      );
    });
  },
);

testNeeding(
  ["curl"],
  "issue 5: a client that leaves frees its request, and a web-style handler hears it",
  async () => {
    const files = { "web_streams.ts": readProgram("web_streams.ts") };
    await using node = await startNode({ files });
    const url = `${node.url}/web_streams:web_streams:template.os`;
    await node.waitForLine("started web_streams:web_streams:template.os");
    const leaving = new AbortController();
    await firstAnswer(url);
    const waiting = fetch(`${url}/waits`, { signal: leaving.signal }).catch(() => {});
    await node.waitForLine(" web_streams:template.os: waiting");
    // Deno 2.4 tells only of a client that leaves while it is watched, which it is after 0.5 s.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    leaving.abort();
    await waiting;
    await node.waitForLine(" web_streams:template.os: aborted: AbortError");
  },
);
