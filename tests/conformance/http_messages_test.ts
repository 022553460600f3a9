// spec/http.md §7.6.3: what a process is told of a request (§2.2) and what becomes of its answer (§2.4).
import { assertEquals, assertMatch } from "@std/assert";
import { testNeeding } from "../clients/needs.ts";
import vectors from "../vectors/http_server.json" with { type: "json" };
import { bindStatic, HttpGuest } from "./http_guest.ts";
import { findProgram } from "../clients/needs.ts";

testNeeding(["curl"], "spec/http.md §2.2: the request as the process gets it", async (t) => {
  await using guest = await HttpGuest.start("http_server");
  await guest.bind("/", "/users/:id");
  const host = new URL(guest.url).host;

  await t.step("the golden vector, to the byte but for the peer's port", async () => {
    const expected = structuredClone(vectors.requests[0]!.Http!);
    const args = ["-X", "PUT", "-H", "User-Agent:", "-H", "Accept:", "-H", "Content-Type:"];
    const asked = await guest.get(
      "/?a=1",
      ...args,
      "-H",
      "Host: localhost:8080",
      "-d",
      "x".repeat(22),
    );
    const { Http, blob } = JSON.parse(asked.text);
    assertMatch(Http.source_socket_addr, /^127\.0\.0\.1:\d+$/);
    Http.source_socket_addr = expected.source_socket_addr;
    assertEquals(Http, expected);
    assertEquals(blob, { mime: null, bytes: "x".repeat(22) });
  });

  await t.step("without a body the blob is there, and empty", async () => {
    const { Http, blob } = JSON.parse((await guest.get("/")).text);
    assertEquals([Http.method, Http.headers.host, blob], ["GET", host, { mime: null, bytes: "" }]);
  });

  await t.step("url without port and query; query decoded; parameters as they stand", async () => {
    const { Http } = JSON.parse((await guest.get("/users/%2f7?b=%20+x&a=1&a=2&c")).text);
    assertEquals(
      Http.url,
      `http://127.0.0.1/${guest.id}/users/%2f7`.replace("127.0.0.1", host.split(":")[0]!),
    );
    assertEquals(Http.bound_path, `/${guest.id}/users/:id`);
    assertEquals([Http.url_params, Http.query_params], [{ id: "%2f7" }, {
      a: "2",
      b: "  x",
      c: "",
    }]);
    assertEquals(Http.path_and_query, `/${guest.id}/users/%2f7?b=%20+x&a=1&a=2&c`);
  });

  await t.step("names in lower case; a value that is not visible ASCII is empty", async () => {
    const { Http } = JSON.parse(
      (await guest.get("/", "-H", "X-Up: A", "-H", "X-Odd: \u00e9")).text,
    );
    assertEquals([Http.headers["x-up"], Http.headers["x-odd"]], ["A", ""]);
  });

  await t.step("methods as they came, known or not", async () => {
    for (const method of ["DELETE", "OPTIONS", "PATCH", "PURGE", "m-search"]) {
      assertEquals(JSON.parse((await guest.get("/", "-X", method)).text).Http.method, method);
    }
  });
});

testNeeding(["curl"], "spec/http.md §2.4: the answer as the client gets it", async (t) => {
  await using guest = await HttpGuest.start();
  await guest.bind("/");
  const ok = (headers: Record<string, unknown>) => ({ status: 200, headers });

  await t.step("no blob is an empty body, and content has a type by default", async () => {
    const { status, headers, text } = await guest.answer("/", ok({}));
    assertEquals([status, text, headers.get("content-length")], [200, "", "0"]);
    assertEquals(headers.get("content-type"), "application/octet-stream");
  });

  await t.step("the process's type replaces the default, however its name is written", async () => {
    const { headers } = await guest.answer("/", ok({ "CONTENT-type": "text/html" }), "<p>");
    assertEquals(headers.get("content-type"), "text/html");
  });

  await t.step(
    "headers that cannot be sent are skipped, those of the framing are ours",
    async () => {
      const given = {
        "x y": "1",
        "x-ok": "1",
        "x-bad": "a\nb",
        "content-length": "1",
        "connection": "x",
      };
      const { headers, text } = await guest.answer("/", ok(given), "body");
      assertEquals([text, headers.get("content-length"), headers.get("x-ok")], ["body", "4", "1"]);
      assertEquals([headers.get("x-bad"), headers.get("x y".replace(" ", ""))], [null, null]);
    },
  );

  await t.step("one Set-Cookie whole; several as an array (an extension)", async () => {
    const one = await guest.answer("/", ok({ "set-cookie": "a=1; Path=/; HttpOnly" }));
    assertEquals(one.headers.getSetCookie(), ["a=1; Path=/; HttpOnly"]);
    const two = await guest.answer("/", ok({ "Set-Cookie": ["a=1; Path=/", "b=2"] }));
    assertEquals(two.headers.getSetCookie(), ["a=1; Path=/", "b=2"]);
  });
});

testNeeding(["curl"], "spec/http.md §2.4: answers without a body", async (t) => {
  await using guest = await HttpGuest.start();
  await guest.bind("/");

  await t.step("HEAD: the process's headers, its content-length, no body", async () => {
    const head = { status: 200, headers: { "content-length": "1234", "x-a": "1" } };
    const { status, headers, text } = await guest.answer("/", head, "body", "-I");
    assertEquals([status, headers.get("content-length"), headers.get("x-a"), text], [
      200,
      "1234",
      "1",
      "",
    ]);
  });

  await t.step(
    "204 and 304 have no body and no type, a redirect no type that nobody gave",
    async () => {
      for (const status of [204, 304]) {
        const { headers, text, ...answer } = await guest.answer(
          "/",
          { status, headers: {} },
          "body",
        );
        assertEquals([answer.status, text, headers.get("content-type")], [status, "", null]);
      }
      const { headers, status } = await guest.answer("/", {
        status: 307,
        headers: { location: "/x" },
      });
      assertEquals([status, headers.get("location"), headers.get("content-type")], [
        307,
        "/x",
        null,
      ]);
    },
  );
});

testNeeding(["curl"], "issue 5: answers are compressed for who takes them so", async (t) => {
  await using guest = await HttpGuest.start();
  await guest.bind("/");
  const text = "hello ".repeat(500);
  const ask = (type: string, accept: string, headers = {}) => {
    const answer = { status: 200, headers: { "content-type": type, ...headers } };
    return guest.answer("/", answer, text, "-H", `Accept-Encoding: ${accept}`);
  };
  const encodingOf = async (...args: Parameters<typeof ask>) =>
    (await ask(...args)).headers.get("content-encoding");

  await t.step(
    "what compresses well, by the client's q-values; it says Vary, and weakens ETag",
    async () => {
      const { headers, body } = await ask("text/html", "gzip", { etag: '"1"' });
      assertEquals([headers.get("content-encoding"), headers.get("etag")], ["gzip", 'W/"1"']);
      assertMatch(headers.get("vary") ?? "", /accept-encoding/i);
      const unpacked = new Blob([body]).stream().pipeThrough(new DecompressionStream("gzip"));
      assertEquals(await new Response(unpacked).text(), text);
      assertEquals(await encodingOf("application/json", "gzip;q=0.5, br"), "br");
    },
  );

  await t.step("not what is compressed already, or must not be", async () => {
    assertEquals(await encodingOf("text/html", "gzip;q=0"), null);
    assertEquals(await encodingOf("image/png", "gzip"), null);
    assertEquals(await encodingOf("text/html", "gzip", { "cache-control": "no-transform" }), null);
    assertEquals(await encodingOf("text/html", "gzip", { "content-encoding": "x-own" }), "x-own");
  });

  await t.step("static content too, but no part of it", async () => {
    await guest.actOk(bindStatic("/static", text, "text/html"));
    const accept = ["-H", "Accept-Encoding: gzip"];
    const whole = await guest.get("/static", ...accept);
    assertEquals(whole.headers.get("content-encoding"), "gzip");
    const known = ["-H", `If-None-Match: ${whole.headers.get("etag")}`];
    assertEquals((await guest.get("/static", ...accept, ...known)).status, 304);
    const part = await guest.get("/static", ...accept, "-r", "0-4");
    assertEquals([part.status, part.text, part.headers.get("content-encoding")], [
      206,
      "hello",
      null,
    ]);
  });
});

testNeeding(
  ["python"],
  "spec/http.md §2.2, §2.4 with Python's http.client on one connection",
  async () => {
    await using guest = await HttpGuest.start();
    await guest.bind("/");
    const { hostname, port, pathname } = new URL(guest.url);
    const script = `
import http.client, json
connection = http.client.HTTPConnection("${hostname}", ${port})
for body in (b"", b"one", b"x" * 100000):
    connection.request("POST", "${pathname}/", body, {"X-A": "1"})
    answer = connection.getresponse()
    told = json.loads(answer.read())
    assert answer.status == 200 and told["Http"]["headers"]["x-a"] == "1", told
    assert told["blob"]["bytes"] == body.decode(), len(body)
connection.request("PUT", "${pathname}/", iter([b"piece ", b"by ", b"piece"]), encode_chunked=True,
                   headers={"Transfer-Encoding": "chunked"})
assert json.loads(connection.getresponse().read())["blob"]["bytes"] == "piece by piece"
connection.request("HEAD", "${pathname}/")
answer = connection.getresponse()
assert answer.read() == b"" and answer.status == 200
print("as expected")
`;
    const command = new Deno.Command(findProgram("python")!, { args: ["-c", script] });
    const { stdout, stderr } = await command.output();
    const text = new TextDecoder();
    assertEquals([text.decode(stdout), text.decode(stderr)], ["as expected\n", ""]);
  },
);
