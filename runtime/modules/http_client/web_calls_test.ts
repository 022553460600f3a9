import { assertEquals, assertStringIncludes } from "@std/assert";
import { bytesOf, textOf } from "../../protocol/message.ts";
import { get, OTHER, RawServer, readHead, untilClosed, World, write } from "./testing.ts";

function open(url: string, web: Record<string, unknown> = {}, more: Record<string, unknown> = {}) {
  return get(url, { web: { call: 1, redirect: "follow", streams: false, ...web }, ...more });
}

const chunk = (call = 1) => ({ HttpRequestChunk: { call } });
const end = (error: string | null = null, call = 1) => ({ HttpRequestEnd: { call, error } });
const read = (call = 1) => ({ HttpBodyRead: { call } });
const cancel = (call = 1) => ({ HttpCancel: { call } });
const blobOf = (text: string) => ({ mime: null, bytes: text });

/** What is answered, and the text of its blob. */
async function ask(
  world: World,
  action: unknown,
  bytes?: string,
): Promise<[unknown, string | null]> {
  world.say(action, { blob: bytes === undefined ? null : blobOf(bytes) });
  const answer = await world.next();
  const blob = answer.lazy_load_blob;
  return [JSON.parse(textOf(answer.body)), blob === null ? null : textOf(bytesOf(blob.bytes))];
}

const ACK = { Ok: "HttpAck" };
const failedWith = (answer: unknown) =>
  (answer as { Err: { ExecuteRequestFailed: string } }).Err.ExecuteRequestFailed;

Deno.test("a small answer comes whole, with all of its headers and where it came from", async () => {
  await using server = new RawServer(async (connection) => {
    for (let head; (head = await readHead(connection));) {
      await write(
        connection,
        head.startsWith("GET /a")
          ? "HTTP/1.1 302 Found\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n"
          : "HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nset-cookie: b=2\r\ncontent-length: 2\r\n\r\nhi",
      );
    }
  });
  await using world = new World();
  const [answer, body] = await ask(world, open(`http://${server.host}/a`));
  const { Http } = (answer as { Ok: { Http: { status: number; web: unknown } } }).Ok;
  assertEquals([Http.status, body], [200, "hi"]);
  assertEquals(Http.web, {
    status_text: "OK",
    headers: [["content-length", "2"], ["set-cookie", "a=1"], ["set-cookie", "b=2"]],
    url: `http://${server.host}/b`,
    redirected: true,
    streams: false,
  });
});

Deno.test("a redirect is taken as it stands, or refused, if the call says so", async () => {
  await using server = new RawServer(async (connection) => {
    while (await readHead(connection)) {
      await write(connection, "HTTP/1.1 302 F\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n");
    }
  });
  await using world = new World();
  const [manual] = await ask(world, open(`http://${server.host}/`, { redirect: "manual" }));
  assertEquals((manual as { Ok: { Http: { status: number } } }).Ok.Http.status, 302);
  const [refused] = await ask(world, open(`http://${server.host}/`, { redirect: "error" }));
  assertStringIncludes(failedWith(refused), "redirected to");
});

Deno.test("an answer of unknown length is told of at once, and read piece by piece", async () => {
  const more = Promise.withResolvers<void>();
  await using server = new RawServer(async (connection) => {
    await readHead(connection);
    await write(connection, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    await write(connection, "3\r\none\r\n");
    await more.promise;
    await write(connection, "3\r\ntwo\r\n0\r\n\r\n");
    await untilClosed(connection);
  });
  await using world = new World();
  const [head, none] = await ask(world, open(`http://${server.host}/`));
  const { web } = (head as { Ok: { Http: { web: { streams: boolean } } } }).Ok.Http;
  assertEquals([web.streams, none], [true, null]);
  assertEquals(await ask(world, read()), [ACK, "one"]);
  world.say(read());
  const [busy] = await ask(world, read());
  assertStringIncludes(failedWith(busy), "the piece before is under way");
  more.resolve();
  const two = await world.next();
  assertEquals(textOf(bytesOf(two.lazy_load_blob!.bytes)), "two");
  assertEquals(await ask(world, read()), [ACK, null]);
  const [over] = await ask(world, read());
  assertStringIncludes(failedWith(over), "there is no such call");
});

Deno.test("a body streams up, each piece answered when it is taken", async () => {
  await using server = new RawServer(async (connection) => {
    const head = await readHead(connection);
    assertStringIncludes(head.toLowerCase(), "transfer-encoding: chunked");
    let sent = head.slice(head.indexOf("\r\n\r\n") + 4);
    const buffer = new Uint8Array(100);
    while (!sent.endsWith("0\r\n\r\n")) {
      sent += new TextDecoder().decode(buffer.subarray(0, (await connection.read(buffer))!));
    }
    const body = sent.split("\r\n").filter((_, i) => i % 2 === 1).join("");
    await write(connection, `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    await untilClosed(connection);
  });
  await using world = new World();
  world.say(open(`http://${server.host}/`, { streams: true }, { method: "POST" }));
  assertEquals(await ask(world, chunk(), "one"), [ACK, null]);
  assertEquals(await ask(world, chunk(), "two"), [ACK, null]);
  assertEquals(await ask(world, end()), [ACK, null]);
  const answer = await world.next();
  assertEquals(textOf(bytesOf(answer.lazy_load_blob!.bytes)), "onetwo");
  const [late] = await ask(world, chunk(), "three");
  assertStringIncludes(failedWith(late), "nothing more is wanted");
});

Deno.test("a body that breaks off fails the request", async () => {
  await using server = new RawServer(untilClosed);
  await using world = new World();
  world.say(open(`http://${server.host}/`, { streams: true }, { method: "POST" }));
  await ask(world, chunk(), "one");
  world.say(end("gone wrong"));
  const answers = [await world.nextBody(), await world.nextBody()];
  assertEquals(answers.filter((answer) => "Ok" in (answer as object)), [ACK]);
  assertEquals(answers.some((answer) => "Err" in (answer as object)), true);
});

Deno.test("HttpCancel ends a call in every state, and the server hears so", async () => {
  let closed = 0;
  const seen = Promise.withResolvers<void>();
  await using server = new RawServer(async (connection) => {
    const head = await readHead(connection);
    seen.resolve();
    if (!head.startsWith("GET /silent")) {
      await write(connection, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n");
    }
    await untilClosed(connection);
    closed++;
  });
  await using world = new World();
  world.say(open(`http://${server.host}/silent`));
  await seen.promise;
  const said = [await ask(world, cancel()), [await world.nextBody()]].map(([body]) => body);
  assertEquals(said.some((body) => JSON.stringify(body) === JSON.stringify(ACK)), true);
  assertEquals(said.some((body) => "Err" in (body as object)), true);
  await ask(world, open(`http://${server.host}/`));
  assertEquals(await ask(world, read()), [ACK, "a"]);
  world.say(read()); // It waits when the call is cancelled.
  world.say(cancel());
  await world.next();
  await world.next();
  const [over] = await ask(world, cancel());
  assertStringIncludes(failedWith(over), "there is no such call");
  await server.talked();
  assertEquals(closed, 2);
});

Deno.test("a call is its process's alone, and ends with it", async () => {
  await using server = new RawServer(async (connection) => {
    await readHead(connection);
    await write(connection, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n");
    await untilClosed(connection);
  });
  await using world = new World();
  const mine = world.say(open(`http://${server.host}/`));
  await world.next();
  for (const action of [read(), chunk(), end(), cancel()]) {
    const answer = await world.ask(action, { source: OTHER });
    assertStringIncludes(failedWith(answer), "there is no such call");
  }
  const [again] = await ask(world, open(`http://${server.host}/`));
  assertStringIncludes(failedWith(again), "the call 1 of this process is under way");
  world.say(read());
  await world.next();
  world.say(read());
  world.client.processEnded(mine.source, "gone");
  const [gone] = await ask(world, read());
  assertStringIncludes(failedWith(gone), "there is no such call");
  assertEquals(world.rest, []);
  await ask(world, open(`http://${server.host}/`));
  world.client.processEnded(mine.source, "asleep"); // Its next life counts from 1 again.
  const [anew] = await ask(world, open(`http://${server.host}/`));
  assertEquals("Ok" in (anew as object), true);
});

Deno.test("a packed body is unpacked, or stays packed if the call says so", async () => {
  const packed = new Blob(["hello"]).stream().pipeThrough(new CompressionStream("gzip"));
  const gzip = new Uint8Array(await new Response(packed).arrayBuffer());
  await using server = new RawServer(async (connection) => {
    const head = `content-encoding: gzip\r\ncontent-length: ${gzip.length}`;
    while (await readHead(connection)) {
      await write(connection, `HTTP/1.1 200 OK\r\n${head}\r\n\r\n`);
      await write(connection, gzip);
    }
  });
  await using world = new World();
  const namesOf = (answer: unknown) =>
    (answer as { Ok: { Http: { web: { headers: [string, string][] } } } }).Ok.Http.web.headers
      .map(([name]) => name);
  const [unpacked] = await ask(world, open(`http://${server.host}/`));
  assertEquals(namesOf(unpacked), []);
  assertEquals(await ask(world, read()), [ACK, "hello"]);
  await ask(world, cancel());
  world.say(open(`http://${server.host}/`, { decompress: false }));
  const raw = await world.next();
  const old = Deno.version.deno.startsWith("2.4."); // It unpacks all the same, and says nothing of gzip.
  const names = namesOf(JSON.parse(textOf(raw.body)));
  assertEquals(names, old ? [] : ["content-encoding", "content-length"]);
  if (!old) assertEquals(bytesOf(raw.lazy_load_blob!.bytes), gzip);
});
