/** Against bare TCP: what a browser's or a library's WebSocket would hide is seen here. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { WS_BUFFERED_BYTES_MAX } from "../../limits.ts";
import { ByteReader } from "./byte_reader.ts";
import {
  bytes,
  dial,
  type RawServer,
  readFrame,
  serverFrame,
  untilClosed,
  write,
  wsServer,
} from "./testing.ts";
import { openConnection } from "./ws_handshake.ts";
import { WsSocket } from "./ws_socket.ts";

const decoder = new TextDecoder();

/** An open socket and what it told its listener. */
class Ear {
  readonly heard: string[] = [];
  socket!: WsSocket;
  running!: Promise<unknown>;
  #wake = () => {};

  async listen(server: RawServer, closeSeconds?: number): Promise<this> {
    const wish = { url: new URL(`ws://${server.host}`), headers: new Map(), caCerts: [], dial };
    const connection = await openConnection(wish, new AbortController().signal);
    const note = (text: string) => {
      this.heard.push(text);
      this.#wake();
    };
    this.socket = new WsSocket(connection, closeSeconds);
    this.running = this.socket.run(({ type, bytes }) => {
      note(`${type} ${decoder.decode(bytes)}`.trim());
    }).then(({ failure }) => note(`closed ${failure}`));
    return this;
  }

  async hears(count: number): Promise<string[]> {
    while (this.heard.length < count) await new Promise<void>((wake) => this.#wake = wake);
    return this.heard;
  }
}

Deno.test("run() tells of messages and pings, and answers pings with their payload", async () => {
  const pongs: unknown[] = [];
  await using server = wsServer(async (connection) => {
    await write(connection, serverFrame(9, "AB"));
    await write(connection, serverFrame(10));
    await write(connection, serverFrame(1, "é"));
    await write(connection, serverFrame(2, "\0"));
    pongs.push(await readFrame(connection));
    await write(connection, serverFrame(8, new Uint8Array([3, 232, 66])));
    pongs.push(await readFrame(connection));
  });
  const ear = await new Ear().listen(server);
  await ear.running;
  await server.talked();
  assertEquals(ear.heard, ["Ping AB", "Pong", "Text é", "Binary \0", "closed null"]);
  assertEquals(pongs, [[10, "AB"], [8, "\x03\xe8"]]); // 1000 comes back, without the reason.
});

Deno.test("push() sends in order, whatever the size", async () => {
  const got: unknown[] = [];
  const done = Promise.withResolvers<void>();
  await using server = wsServer(async (connection) => {
    for (let i = 0; i < 203; i++) got.push(await readFrame(connection));
    done.resolve();
    await untilClosed(connection);
  });
  const ear = await new Ear().listen(server);
  for (let i = 0; i < 100; i++) ear.socket.push("Text", bytes(`${i}`));
  ear.socket.push("Binary", bytes("x".repeat(60_000)));
  for (let i = 100; i < 200; i++) ear.socket.push("Text", bytes(`${i}`));
  ear.socket.push("Ping", bytes(""));
  ear.socket.push("Pong", bytes(""));
  await done.promise;
  const texts = Array.from({ length: 200 }, (_, i) => [1, `${i}`]);
  texts.splice(100, 0, [2, "x".repeat(60_000)]);
  assertEquals(got, [...texts, [9, ""], [10, ""]]);
  ear.socket.terminate();
  await ear.running;
});

Deno.test("close() sends one close frame without a code, and ends with the peer's", async () => {
  const got: unknown[] = [];
  await using server = wsServer(async (connection) => {
    got.push(await readFrame(connection));
    await write(connection, serverFrame(1, "still here"));
    await write(connection, serverFrame(8));
    got.push(await readFrame(connection));
  });
  const ear = await new Ear().listen(server);
  ear.socket.close();
  ear.socket.close();
  assert(ear.socket.push("Text", bytes("dropped")), "as Kinode: no error after a close frame");
  await ear.running;
  await server.talked();
  assertEquals(got, [[8, ""], null]);
  assertEquals(ear.heard, ["Text still here", "closed null"]);
});

Deno.test("close() cuts a peer that does not answer it", async () => {
  await using server = wsServer(untilClosed);
  const ear = await new Ear().listen(server, 0.05);
  ear.socket.close();
  await ear.running;
  assertEquals(ear.heard, ["closed the peer did not close within 0.05 s"]);
});

Deno.test("close() cuts a peer that goes on talking instead", async () => {
  await using server = wsServer(async (connection) => {
    while (true) await write(connection, serverFrame(1, "la"));
  });
  const ear = await new Ear().listen(server, 0.05);
  ear.socket.close();
  await ear.running;
  assertEquals(ear.heard.at(-1), "closed the peer did not close within 0.05 s");
});

Deno.test("terminate() ends at once", async () => {
  await using server = wsServer(untilClosed);
  const ear = await new Ear().listen(server);
  ear.socket.terminate();
  ear.socket.terminate();
  ear.socket.close();
  assert(!ear.socket.push("Text", bytes("x")));
  await ear.running;
  assertEquals(ear.heard, ["closed null"]);
});

Deno.test("run() reads no further while its listener waits", async () => {
  let reads = 0;
  const reader = new ByteReader({
    read(into) {
      if (++reads > 3) return Promise.resolve(null);
      into.set(serverFrame(1, "x"));
      return Promise.resolve(3);
    },
  });
  const socket = new WsSocket({ connection: { close() {} } as Deno.Conn, reader, protocol: "" });
  const goOn = Promise.withResolvers<void>();
  const running = socket.run(() => goOn.promise);
  await new Promise((turn) => setTimeout(turn));
  assertEquals(reads, 1);
  goOn.resolve();
  assertEquals((await running).failure, "the connection broke off");
  assertEquals(reads, 4);
});

Deno.test("run() tells that the connection broke off", async () => {
  await using server = wsServer(async (connection) => {
    await write(connection, new Uint8Array([0x81, 5, 104]));
  });
  const ear = await new Ear().listen(server);
  await ear.running;
  assertEquals(ear.heard, ["closed the connection broke off"]);
});

Deno.test("run() tells a peer that breaks the protocol by which code", async () => {
  const table: [number[], number, string][] = [
    [[0xff, 0xff], 1002, "reserved bits are set"],
    [[0x81, 2, 0xc3, 0x28], 1007, "text is not valid UTF-8"],
    [[0x82, 127, 0, 0, 0, 0, 4, 0, 0, 1], 1009, "a message is larger than"],
  ];
  for (const [wire, code, complaint] of table) {
    const closes: unknown[] = [];
    await using server = wsServer(async (connection) => {
      await write(connection, new Uint8Array(wire));
      closes.push(await readFrame(connection));
    });
    const ear = await new Ear().listen(server);
    await ear.running;
    await server.talked();
    assertStringIncludes(ear.heard[0]!, complaint);
    assertEquals([ear.heard.length, closes], [1, [[
      8,
      String.fromCharCode(code >> 8, code & 0xff),
    ]]]);
  }
});

// Threat: a peer that reads nothing makes the node queue what a process sends, or what it must answer itself.
Deno.test("push() cuts a peer that does not read", async () => {
  const enough = Promise.withResolvers<void>();
  await using server = wsServer(() => enough.promise);
  const ear = await new Ear().listen(server);
  const megabyte = new Uint8Array(1024 * 1024);
  let pushes = 0;
  while (ear.socket.push("Binary", megabyte)) pushes++;
  assert(pushes > 15 && pushes < 40, `${pushes}`);
  await ear.running;
  assertEquals(ear.heard, [`closed its peer left more than ${WS_BUFFERED_BYTES_MAX} bytes unread`]);
  enough.resolve();
});
