/**
 * Serves WebSockets: greets a client and prints what it says. One client at a time.
 *
 *   Drop this file into the node's processes folder, then connect:
 *   ./examples/clients/ws_client.py
 */
import { awaitMessage, getBlob, http, type Message, println } from "@kinode/process";

const WS_PATH = "/";

export const config = { on_exit: "None" };

let connection: number | null = null;

export async function init() {
  println("begin");
  await http.bindWsPath(WS_PATH, false, false);

  while (true) {
    const message = await awaitMessage().catch(() => println("got send error!"));
    if (message?.source.process === "http_server:distro:sys") handleHttpMessage(message);
  }
}

function handleHttpMessage(message: Message): void {
  let request: http.HttpServerRequest;
  try {
    request = http.HttpServerRequest.parse(message);
  } catch (error) {
    return println((error as Error).message);
  }
  if ("Http" in request) return println("unexpected HTTP request");
  if ("WebSocketOpen" in request) return open(request.WebSocketOpen);
  if ("WebSocketClose" in request) {
    assertEquals(request.WebSocketClose, connection);
    connection = null;
    return;
  }
  const { channel_id, message_type } = request.WebSocketPush;
  assertEquals(channel_id, connection);
  if (message_type === "Close") return println("got Close push");
  assertEquals(message_type, "Text");
  const blob = getBlob();
  if (blob === null) return println("got WebSocketPush with no blob");

  println(`got Text from WS: Ok(${JSON.stringify(new TextDecoder().decode(blob.bytes))})`);
}

function open({ path, channel_id }: { path: string; channel_id: number }): void {
  assertEquals(path, WS_PATH);
  assertEquals(connection, null);
  connection = channel_id;
  http.sendWsPush(channel_id, "Text", {
    mime: "application/json",
    bytes: JSON.stringify("ack client connection"),
  });
}

function assertEquals(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`expected ${expected}, got ${actual}`);
}
