import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { textOf } from "../protocol/message.ts";
import { FakeKernel } from "./fake_kernel_test.ts";
import type { ServerWebSocket } from "./web_sockets.ts";
import { serveWebStyle, type WebStyle } from "./web_style.ts";

/** A script under way, both of its WebSocket paths bound. */
async function serve(style: WebStyle): Promise<FakeKernel> {
  const kernel = new FakeKernel();
  serveWebStyle(style, kernel.process);
  for (const path of style.websocket === undefined ? ["Bind"] : ["/", "/*path"]) {
    const bind = await kernel.next();
    assertStringIncludes(textOf(bind.body), path);
    kernel.answer(bind, '{"Ok":null}');
  }
  return kernel;
}

function tell(kernel: FakeKernel, event: unknown, bytes: string | Uint8Array | null = null) {
  const blob = bytes === null ? undefined : { mime: null, bytes };
  kernel.tell("http_server:distro:sys", event, { blob });
}

const open = (channel_id: number, more = {}) => ({
  WebSocketOpen: { path: `/${channel_id}`, channel_id, ...more },
});
const push = (channel_id: number, message_type: string) => ({
  WebSocketPush: { channel_id, message_type },
});

Deno.test("open, message and close are called in order, with text and bytes", async () => {
  const seen: unknown[] = [];
  const kernel = await serve({
    websocket: {
      open: (ws, info) => void seen.push([ws.id, ws.path, info]),
      message(ws, data) {
        ws.data = (ws.data ?? 0) + 1;
        seen.push([ws.data, data]);
      },
      close: (ws, code, reason) => void seen.push([ws.id, ws.isOpen, code, reason]),
    },
  });
  tell(kernel, open(7));
  tell(kernel, push(7, "Text"), "hi");
  tell(kernel, push(7, "Binary"), Uint8Array.of(0, 255));
  tell(kernel, push(7, "Ping"), "ignored");
  tell(kernel, push(7, "Close"), "bye");
  kernel.tell("http_server:distro:sys", { WebSocketClose: 7 }, {
    metadata: '{"code":4001,"reason":"bye"}',
  });
  tell(kernel, push(7, "Text"), "too late");
  tell(kernel, { WebSocketClose: 7 });
  assertEquals(seen, [
    [7, "/7", { resumed: false }],
    [1, "hi"],
    [2, Uint8Array.of(0, 255)],
    [7, false, 4001, "bye"],
  ]);
});

Deno.test("send and close say it to http_server; what is wrong is thrown; after the end nothing is said", async () => {
  const sockets: ServerWebSocket[] = [];
  const kernel = await serve({ websocket: { open: (ws) => void sockets.push(ws) } });
  tell(kernel, open(1));
  const [ws] = sockets as [ServerWebSocket];
  ws.send("text");
  ws.send(Uint8Array.of(1, 2));
  ws.send(Uint8Array.of(3).buffer);
  assertThrows(() => ws.send(7 as never), TypeError, "not number");
  for (const code of [999, 1001, 1011, 2999, 5000]) assertThrows(() => ws.close(code), RangeError);
  assertThrows(() => ws.close(1000, "x".repeat(124)), RangeError, "123 bytes");
  ws.close(3000, "done");
  ws.close();
  ws.send("too late");
  const said = [];
  for (let i = 0; i < 4; i++) {
    const { body, lazy_load_blob, metadata } = await kernel.next();
    said.push([JSON.parse(textOf(body)), lazy_load_blob?.bytes, metadata]);
  }
  assertEquals(said, [
    [push(1, "Text"), "text", null],
    [push(1, "Binary"), Uint8Array.of(1, 2), null],
    [push(1, "Binary"), Uint8Array.of(3), null],
    [{ WebSocketClose: 1 }, undefined, '{"code":3000,"reason":"done"}'],
  ]);
  assertEquals(kernel.silent, true);
});

Deno.test("what a handler throws or rejects with is printed and closes its own socket with 1011", async () => {
  const kernel = await serve({
    websocket: {
      message(_ws, data) {
        if (data === "throw") throw new Error("thrown here");
        return Promise.reject(new Error("rejected here"));
      },
    },
  });
  for (const [id, text] of [[1, "throw"], [2, "reject"]] as const) {
    tell(kernel, open(id));
    tell(kernel, push(id, "Text"), text);
    const close = await kernel.next();
    assertEquals(textOf(close.body), `{"WebSocketClose":${id}}`);
    assertStringIncludes(close.metadata!, '"code":1011');
  }
  assertStringIncludes(kernel.lines.join(), "thrown here");
  assertStringIncludes(kernel.lines.join(), "rejected here");
});

Deno.test("a socket that was kept is resumed once", async () => {
  const seen: boolean[] = [];
  const kernel = await serve({
    websocket: { open: (_ws, { resumed }) => void seen.push(resumed) },
  });
  tell(kernel, open(1, { resumed: true }));
  tell(kernel, open(1));
  assertEquals(seen, [true]);
});

Deno.test("a socket that was kept is closed with 1012 by a script that has no handlers any more", async () => {
  const kernel = await serve({ fetch: () => new Response("") });
  tell(kernel, open(1, { resumed: true }));
  const close = await kernel.next();
  assertEquals(textOf(close.body), '{"WebSocketClose":1}');
  assertStringIncludes(close.metadata!, '"code":1012');
});
