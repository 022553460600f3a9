/**
 * Serves WebSockets whose client may answer with a Response: the push says which kind of message it wants
 * back, and wraps its bytes so that the client can (MessagePack, `WebSocketExtPushData`).
 *
 *   Drop this file into the node's processes folder, then connect:
 *   ./examples/clients/ws_client_with_reply.py
 *
 * That client answers plainly, so its reply comes as a Request, and 15 seconds later the push that waited for
 * a Response is given up: `got send error!`. A client that mirrors the envelope, on a path that was bound with
 * `http.bindExtPath`, is answered to the letter.
 */
import {
  awaitMessage,
  getBlob,
  http,
  type Message,
  msgpack,
  println,
  Request,
} from "@kinode/process";

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
  assertEquals(message_type, "Binary");
  const blob = getBlob();
  if (blob === null) return println("got WebSocketPush with no blob");

  println(`got Text from WS: ${debugString(blob.bytes)}`);
}

function open({ path, channel_id }: { path: string; channel_id: number }): void {
  assertEquals(path, WS_PATH);
  assertEquals(connection, null);
  connection = channel_id;
  const push = { channel_id, message_type: "Binary", desired_reply_type: "Response" };
  Request.to("our@http_server:distro:sys")
    .body(JSON.stringify({ WebSocketExtPushOutgoing: push }))
    .expectsResponse(15)
    .blob({ mime: "application/json", bytes: msgpack.encode("ack client connection") })
    .send();
}

/** One MessagePack string, printed as Kinode prints it: `Ok("Hello from client")`. */
function debugString(bytes: Uint8Array): string {
  try {
    const value = msgpack.decode(bytes);
    return typeof value === "string" ? `Ok(${JSON.stringify(value)})` : "Err(not a string)";
  } catch (error) {
    return `Err(${(error as Error).message})`;
  }
}

function assertEquals(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`expected ${expected}, got ${actual}`);
}
