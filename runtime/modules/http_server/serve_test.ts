/** Real clients over Deno.serve on port 0; the test plays the process. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { HTTP_RESPONSE_SECONDS } from "../../limits.ts";
import { type KernelMessage, type SendErrorReason, textOf } from "../../protocol/message.ts";
import { app, eraA, eraB, HANDSHAKE, other, PATH, serving, Testbed } from "./testing.ts";

const httpOf = (message: KernelMessage) => JSON.parse(textOf(message.body)).Http;

Deno.test("a request reaches the process as Http, and its answer the client", () =>
  serving(async (testbed) => {
    const client = await testbed.connect();
    await client.write(
      `PUT ${PATH}/?a=1 HTTP/1.1\r\nHost: localhost:80\r\nX-A: b\r\nContent-Length: 2\r\n\r\nhi`,
    );
    const asked = await testbed.next();
    const { source_socket_addr, ...http } = httpOf(asked);
    assertMatch(source_socket_addr, /^127\.0\.0\.1:\d+$/);
    assertEquals(http, {
      method: "PUT",
      url: `http://localhost${PATH}`,
      bound_path: PATH,
      headers: { host: "localhost:80", "x-a": "b", "content-length": "2" },
      url_params: {},
      query_params: { a: "1" },
      path_and_query: `${PATH}/?a=1`,
    });
    assertEquals([asked.kind, asked.source, asked.target], ["Request", eraB, app]);
    assertEquals([asked.expects_response, asked.rsvp], [HTTP_RESPONSE_SECONDS, null]);
    assertEquals(asked.lazy_load_blob, { mime: null, bytes: new TextEncoder().encode("hi") });
    testbed.respond(asked, 201, "made", { "Content-Type": "text/x" });
    const answer = await client.readUntil("made");
    assertMatch(answer, /^HTTP\/1\.1 201 Created\r\n/);
    assertMatch(answer, /\r\ncontent-type: text\/x\r\n/i);
    // Deno 2.4 puts a vary header between the two.
    assertMatch(answer, /\r\ncontent-length: 4\r\n/i);
    client.close();
  }));

Deno.test("requests come from the name by which the process bound", () =>
  serving(async (testbed) => {
    const action = { path: "/old", authenticated: false, local_only: false, cache: false };
    testbed.act({ Bind: action }, { target: eraA });
    for (const [path, source] of [["/old", eraA], ["/new", eraB]]) {
      const response = fetch(testbed.url(`${PATH}${path}`));
      const asked = await testbed.next();
      assertEquals(asked.source, source);
      testbed.respond(asked, 200);
      await (await response).body?.cancel();
    }
  }));

Deno.test("bodies of every form arrive whole, an absent one as an empty blob", () =>
  serving(async (testbed) => {
    const big = new Uint8Array(3_000_000).map((_, i) => i);
    const stream = () =>
      new Blob([big]).stream().pipeThrough(new TransformStream<Uint8Array<ArrayBuffer>>());
    for (
      const [method, body, expected] of [
        ["GET", undefined, 0],
        ["DELETE", undefined, 0],
        ["POST", "", 0],
        ["POST", big, big.length],
        ["PUT", stream(), big.length],
        ["OPTIONS", "x", 1],
        ["X-OWN", "y", 1],
      ] as const
    ) {
      const response = fetch(testbed.url(PATH), { method, body });
      const asked = await testbed.next();
      const { bytes } = asked.lazy_load_blob!;
      assertEquals([httpOf(asked).method, bytes.length], [method, expected]);
      if (expected === big.length) assertEquals(bytes, big);
      testbed.respond(asked, 204);
      assertEquals((await response).status, 204);
    }
  }));

Deno.test("answers go to their own requests, in whatever order they come", () =>
  serving(async (testbed) => {
    const responses = [0, 1, 2, 3].map((i) => fetch(testbed.url(`${PATH}/${i}`)));
    const asked = [];
    for (const _ of responses) asked.push(await testbed.next());
    for (const message of asked.reverse()) {
      testbed.respond(message, 200, httpOf(message).url.slice(-1));
      testbed.respond(message, 500, "twice");
    }
    for (const [i, response] of responses.entries()) {
      assertEquals([(await response).status, await (await response).text()], [200, `${i}`]);
    }
  }));

// A process that has seen the id of a request, and sends that id in a message of its own.
Deno.test("an action that bears the id of a waiting request does not answer it", () =>
  serving(async (testbed) => {
    const response = fetch(testbed.url(PATH));
    const asked = await testbed.next();
    const forged = '{"status":200,"headers":{}}';
    assertEquals(testbed.act(forged, { id: asked.id, source: other }), { Err: "MalformedRequest" });
    assertEquals(testbed.act({ Unbind: { path: "/x" } }, { id: asked.id }), { Ok: null });
    testbed.respond(asked, 200, "own");
    assertEquals(await (await response).text(), "own");
  }));

Deno.test("refusals of the kernel are answered at once: 503 with the reason, 408 for silence", () =>
  serving(async (testbed) => {
    const expected: [SendErrorReason, number, string | null][] = [
      ["no-such-process", 503, "text/plain"],
      ["crashed", 503, "text/plain"],
      ["no-answer", 408, "text/plain"],
    ];
    for (const [reason, status, type] of expected) {
      const response = fetch(testbed.url(PATH));
      const asked = await testbed.next();
      const error = { kind: "Timeout", reason, target: app, explanation: "secret" } as const;
      testbed.server.deliver({ ...asked, kind: "SendError", source: app, target: eraB, error });
      assertEquals([(await response).status, (await response).headers.get("content-type")], [
        status,
        type,
      ]);
      const text = await (await response).text();
      assertEquals([text.startsWith(`${reason}: `), text.includes("secret")], [true, false]);
    }
  }));

Deno.test("404 for what nobody bound, and for what was unbound", () =>
  serving(async (testbed) => {
    testbed.act({ Unbind: { path: "/gone" } });
    for (const path of ["/", "/nope", "/a%3Ab:template.os", `${PATH}/gone`]) {
      const response = await fetch(testbed.url(path));
      assertEquals([response.status, await response.text()], [404, ""], path);
      assertEquals(response.headers.get("content-type"), "application/octet-stream");
    }
    assertEquals(testbed.rest(), []);
  }));

Deno.test("local_only is for local peers, and a proxy makes nobody local", () =>
  serving(async (testbed) => {
    testbed.bind("/local", { local_only: true });
    testbed.rest();
    for (const name of ["X-Forwarded-For", "Forwarded", "X-Real-IP"]) {
      const headers = { [name]: "127.0.0.1" };
      const response = await fetch(testbed.url(`${PATH}/local`), { headers });
      assertEquals([response.status, await response.text()], [403, ""]);
    }
    const response = fetch(testbed.url(`${PATH}/local`));
    testbed.respond(await testbed.next(), 200);
    assertEquals((await response).status, 200);
    await (await response).body?.cancel();
  }));

Deno.test("heads that are too large are answered 414 and 431", () =>
  serving(async (testbed) => {
    const many = Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`x-${i}`, "1"]));
    const cases: [path: string, headers: Record<string, string>, status: number][] = [
      [`${PATH}/${"a".repeat(16_000)}`, {}, 200],
      [`${PATH}/${"a".repeat(16_384)}`, {}, 414],
      [PATH, { "x-long": "a".repeat(30_000) }, 200],
      [PATH, { "x-long": "a".repeat(33_000) }, 431],
      [PATH, many, 431],
    ];
    for (const [path, headers, status] of cases) {
      const response = fetch(testbed.url(path), { headers });
      if (status === 200) testbed.respond(await testbed.next(), 200);
      assertEquals((await response).status, status);
      await (await response).body?.cancel();
    }
  }));

Deno.test("a client may set how long it waits, within bounds", () =>
  serving(async (testbed) => {
    const wishes: [string, number][] = [["1", 1], ["600", 600], ["9999", 600], ["0", 15], [
      "a",
      15,
    ]];
    for (const [wish, seconds] of wishes) {
      const headers = { "X-Hyperware-Http-Server-Timeout": wish };
      const response = fetch(testbed.url(PATH), { headers });
      const asked = await testbed.next();
      assertEquals(asked.expects_response, seconds);
      testbed.respond(asked, 200);
      await (await response).body?.cancel();
    }
  }));

Deno.test("refusals are JSON for who asks for it", () =>
  serving(async (testbed) => {
    const response = fetch(testbed.url(PATH), { headers: { accept: "application/json" } });
    const asked = await testbed.next();
    const error = { kind: "Timeout", reason: "crashed", target: app, explanation: "" } as const;
    testbed.server.deliver({ ...asked, kind: "SendError", source: app, target: eraB, error });
    assertEquals([(await response).status, await (await response).json()], [503, {
      error: "crashed",
      message: "the process ended before it answered",
    }]);
  }));

Deno.test("two cookies arrive as two headers", () =>
  serving(async (testbed) => {
    const response = fetch(testbed.url(PATH));
    testbed.respond(await testbed.next(), 200, null, { "set-cookie": ["a=1", "b=2"] });
    assertEquals((await response).headers.getSetCookie(), ["a=1", "b=2"]);
    await (await response).body?.cancel();
  }));

Deno.test("a handshake that we do not take is an HTTP request like any other", () =>
  serving(async (testbed) => {
    testbed.bindWs("/ext", { extension: true });
    testbed.bindWs("/ws");
    testbed.rest();
    for (
      const [path, head] of [
        ["/no-ws-here", HANDSHAKE],
        ["/ws", HANDSHAKE.replace("13", "12")],
        ["/ws", HANDSHAKE.replace("websocket", "h2c")],
        ["/ws", HANDSHAKE.replace(/Sec-WebSocket-Key.*\r\n/, "")],
        ["/ext", `${HANDSHAKE}X-Forwarded-For: 1.2.3.4\r\n`],
      ] as const
    ) {
      const client = await testbed.connect();
      await client.write(`GET ${PATH}${path} HTTP/1.1\r\nHost: h\r\n${head}\r\n`);
      const asked = await testbed.next();
      assert("upgrade" in httpOf(asked).headers, path);
      testbed.respond(asked, 200);
      assertMatch(await client.readUntil("\r\n"), / 200 /);
      client.close();
    }
  }));

Deno.test("a WebSocket handshake selects neither protocol nor extension", () =>
  serving(async (testbed) => {
    testbed.bindWs("/");
    const client = await testbed.connect();
    const offers =
      "Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Extensions: permessage-deflate\r\n";
    await client.write(`GET ${PATH} HTTP/1.1\r\nHost: h\r\nOrigin: x\r\n${HANDSHAKE}${offers}\r\n`);
    const answer = (await client.readUntil("\r\n\r\n")).toLowerCase();
    assertMatch(answer, /^http\/1\.1 101 /);
    assertMatch(answer, /\r\nsec-websocket-accept: s3pplmbitxaq9kygzzhzrbk\+xoo=\r\n/);
    assertEquals([answer.includes("protocol:"), answer.includes("extensions:")], [false, false]);
    client.close();
  }));

Deno.test("listen() throws AddrInUse for a taken port", () =>
  serving((testbed) => {
    const second = new Testbed();
    const taken = { hostname: "127.0.0.1", port: testbed.port };
    assertThrows(() => second.server.listen(taken), Deno.errors.AddrInUse);
    return second.server.close();
  }));
