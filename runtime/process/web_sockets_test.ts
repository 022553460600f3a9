import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { KernelMessage } from "../protocol/message.ts";
import { FakeKernel } from "./fake_kernel_test.ts";
import type { ServerWebSocket } from "./server_web_socket.ts";
import { serveWebStyle, type WebStyle } from "./web_style.ts";

const ROOT = { path: "/", channel_id: 7 };

/** A process that serves `style`, with what it binds answered. */
async function serve(style: WebStyle, kernel = new FakeKernel()): Promise<FakeKernel> {
  serveWebStyle(style, kernel.process);
  const binds = [];
  if (style.websocket !== undefined) {
    for (let i = 0; i < 2; i++) {
      const bind = await kernel.next();
      binds.push(JSON.parse(bind.body as string).WebSocketBind.path);
      kernel.answer(bind, '{"Ok":null}');
    }
    assertEquals(binds, ["/", "/*path"]);
  }
  return kernel;
}

function say(kernel: FakeKernel, event: object, bytes?: string | Uint8Array): void {
  const blob = bytes === undefined ? undefined : { mime: null, bytes };
  kernel.tell("http_server:distro:sys", event, { blob });
}

function push(kernel: FakeKernel, data: string | Uint8Array, channel_id = 7): void {
  const message_type = typeof data === "string" ? "Text" : "Binary";
  say(kernel, { WebSocketPush: { channel_id, message_type } }, data);
}

function end(kernel: FakeKernel, code: number, reason = "", path = "/"): void {
  const metadata = JSON.stringify({ code, reason, path });
  kernel.tell("http_server:distro:sys", { WebSocketClose: 7 }, { metadata });
}

/** Handlers that write down what they hear. */
function heardBy(heard: unknown[]): NonNullable<WebStyle["websocket"]> {
  return {
    open: (ws, { resumed }) =>
      void heard.push(["open", ws.id, ws.path + (ws.query && `?${ws.query}`), resumed]),
    message: (_ws, data) => void heard.push(["message", data]),
    close: (_ws, code, reason) => void heard.push(["close", code, reason]),
  };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
const action = ({ body }: KernelMessage) => JSON.parse(body as string);

Deno.test("websocket: open, text, bytes and close arrive in order", async () => {
  const heard: unknown[] = [];
  const kernel = await serve({ websocket: heardBy(heard) });
  const open = { WebSocketOpen: { path: "/rooms/1", channel_id: 7 } };
  kernel.tell("http_server:distro:sys", open, { metadata: '{"query":"a=1"}' });
  push(kernel, "a");
  push(kernel, new Uint8Array([1]));
  say(kernel, { WebSocketPush: { channel_id: 7, message_type: "Close" } }, "bye");
  end(kernel, 4000, "bye");
  await turn();
  assertEquals(heard, [
    ["open", 7, "/rooms/1?a=1", false],
    ["message", "a"],
    ["message", new Uint8Array([1])],
    ["close", 4000, "bye"],
  ]);
});

Deno.test("websocket: the next event waits for the handler before it, another socket's does not", async () => {
  const heard: string[] = [];
  const first = Promise.withResolvers<void>();
  const kernel = await serve({
    websocket: {
      async message(ws, data) {
        if (data === "slow") await first.promise;
        heard.push(`${ws.id} ${data}`);
      },
      close: () => void heard.push("closed"),
    },
  });
  for (const channel_id of [7, 8]) say(kernel, { WebSocketOpen: { path: "/", channel_id } });
  push(kernel, "slow");
  push(kernel, "behind");
  end(kernel, 1000);
  push(kernel, "quick", 8);
  await turn();
  assertEquals(heard, ["8 quick"]);
  first.resolve();
  await turn();
  assertEquals(heard, ["8 quick", "7 slow", "7 behind", "closed"]);
});

Deno.test("websocket: a message is finished when its handler is", async () => {
  const finished: number[] = [];
  const kernel = new FakeKernel();
  kernel.onDone = (numbers) => void finished.push(...numbers);
  const gate = Promise.withResolvers<void>();
  await serve(
    { websocket: { message: (_ws, data) => data === "slow" ? gate.promise : null } },
    kernel,
  );
  say(kernel, { WebSocketOpen: ROOT });
  await turn();
  finished.splice(0);
  push(kernel, "quick");
  push(kernel, "slow");
  await turn();
  assertEquals(finished, [3]);
  gate.resolve();
  await turn();
  assertEquals(finished, [3, 4]);
});

Deno.test("ws.send() and ws.close() speak to http_server", async () => {
  let socket: ServerWebSocket | undefined;
  const kernel = await serve({ websocket: { open: (ws) => void (socket = ws) } });
  say(kernel, { WebSocketOpen: ROOT });
  await turn();
  const bytes = new Uint8Array([1, 2, 3]);
  socket!.send("text");
  socket!.send(bytes.subarray(1));
  bytes.fill(0);
  const [text, binary] = [await kernel.next(), await kernel.next()];
  assertEquals(action(text), { WebSocketPush: { channel_id: 7, message_type: "Text" } });
  assertEquals([text.lazy_load_blob?.bytes, binary.lazy_load_blob?.bytes], [
    "text",
    new Uint8Array([2, 3]),
  ]);
  for (const wrong of [undefined, null, 7, {}, ["text"]]) {
    assertThrows(() => socket!.send(wrong as never), TypeError, "a string or bytes");
  }
  for (const code of [1006, 1000.5, "1000" as never]) {
    assertThrows(() => socket!.close(code), RangeError, `no close frame may hold the code ${code}`);
  }
  assertThrows(() => socket!.close(1000, "x".repeat(124)), RangeError, "at most 123 bytes");
  socket!.close(4001, "done");
  socket!.send("late");
  socket!.close();
  const closing = await kernel.next();
  assertEquals(action(closing), { WebSocketClose: 7 });
  assertEquals(closing.metadata, '{"code":4001,"reason":"done"}');
  assertEquals(socket!.isOpen, false);
});

Deno.test("websocket: a handler that goes on sees that its client has gone, and close() comes when it ends", async () => {
  const heard: string[] = [];
  const kernel = await serve({
    websocket: {
      async open(ws) {
        while (ws.isOpen) await turn();
        heard.push("loop ended");
      },
      close: () => void heard.push("closed"),
    },
  });
  say(kernel, { WebSocketOpen: ROOT });
  await turn();
  end(kernel, 1000);
  for (let i = 0; i < 3; i++) await turn();
  assertEquals(heard, ["loop ended", "closed"]);
});

Deno.test("websocket: what a handler throws is printed and closes its socket with 1011", async () => {
  const heard: unknown[] = [];
  const kernel = await serve({
    websocket: {
      ...heardBy(heard),
      message() {
        throw new Error("boom");
      },
    },
  });
  say(kernel, { WebSocketOpen: ROOT });
  push(kernel, "one");
  push(kernel, "two");
  const closing = await kernel.next();
  assertEquals(closing.metadata, '{"code":1011,"reason":"the script failed"}');
  end(kernel, 1011, "the script failed");
  await turn();
  assertEquals(heard, [["open", 7, "/", false], ["close", 1011, "the script failed"]]);
  assertEquals(kernel.lines.length, 1);
  assertStringIncludes(kernel.lines[0]!, "Error: boom\n    at ");
});

Deno.test("websocket: after a reload open() says that the socket is resumed", async () => {
  const heard: unknown[] = [];
  const kernel = new FakeKernel();
  say(kernel, { WebSocketOpen: { ...ROOT, resumed: true } });
  push(kernel, "waited");
  await serve({ websocket: heardBy(heard) }, kernel);
  await turn();
  assertEquals(heard, [["open", 7, "/", true], ["message", "waited"]]);
});

Deno.test("websocket: a socket whose open() the last version did not finish is new to this one", async () => {
  const heard: unknown[] = [];
  const kernel = await serve({ websocket: heardBy(heard) });
  say(kernel, { WebSocketOpen: { ...ROOT, resumed: true } });
  say(kernel, { WebSocketOpen: ROOT });
  say(kernel, { WebSocketOpen: { ...ROOT, resumed: true } });
  await turn();
  assertEquals(heard, [["open", 7, "/", false]]);
});

Deno.test("websocket: the last words of a socket that closed during the reload are heard", async () => {
  const heard: unknown[] = [];
  const kernel = await serve({ websocket: heardBy(heard) });
  push(kernel, "last");
  end(kernel, 1000, "", "/rooms/1");
  await turn();
  assertEquals(heard, [["open", 7, "/rooms/1", true], ["message", "last"], ["close", 1000, ""]]);
});

Deno.test("a version without websocket closes what it inherits with 1012, and unbinds", async () => {
  const kernel = await serve({ message: () => {} });
  say(kernel, { WebSocketOpen: { ...ROOT, resumed: true } });
  push(kernel, "unheard");
  const closing = await kernel.next();
  assertEquals([action(closing), closing.metadata], [
    { WebSocketClose: 7 },
    '{"code":1012,"reason":"process reloaded"}',
  ]);
  assertEquals(action(await kernel.next()), { WebSocketUnbind: { path: "/" } });
  assertEquals(action(await kernel.next()), { WebSocketUnbind: { path: "/*path" } });
});

Deno.test("message(m) of a script that binds by itself hears of its sockets", async () => {
  const heard: string[] = [];
  const kernel = await serve({ message: (message) => void heard.push(message.text()) });
  say(kernel, { WebSocketOpen: ROOT });
  push(kernel, "a");
  await turn();
  assertEquals(heard.map((text) => Object.keys(JSON.parse(text))[0]), [
    "WebSocketOpen",
    "WebSocketPush",
  ]);
});
