/**
 * Connects to a WebSocket server, hears one message and answers it.
 *
 *   Start the server: ./examples/clients/ws_server.py
 *   Then drop this file into the node's processes folder.
 */
import { awaitMessage, getBlob, http, type Message, our, println } from "@kinode/process";

const WS_URL = "ws://localhost:8765";
const CONNECTION = 0;

export const config = { on_exit: "None" };

export async function init() {
  println(`${our().processName}: begin`);
  try {
    await talkToWs();
  } catch (error) {
    if (!(error instanceof http.HttpClientError)) throw error;
    println(`error talking to ws: ${error.message}`);
  }
}

async function talkToWs(): Promise<void> {
  await http.client.openWsConnection(WS_URL, null, CONNECTION);
  const message = await awaitMessage().catch(() => println("got send error!"));
  if (message?.source.process === "http_client:distro:sys") handleHttpMessage(message);
}

function handleHttpMessage(message: Message): void {
  let request: http.client.HttpClientRequest;
  try {
    request = http.client.HttpClientRequest.parse(message);
  } catch (error) {
    return println((error as Error).message);
  }
  if ("WebSocketClose" in request) {
    assertEquals(request.WebSocketClose.channel_id, CONNECTION);
    return;
  }
  const { channel_id, message_type } = request.WebSocketPush;
  assertEquals(channel_id, CONNECTION);
  if (message_type === "Close") return println("got Close push");
  assertEquals(message_type, "Text");
  const blob = getBlob();
  if (blob === null) return println("got WebSocketPush with no blob");

  println(`Received from server: Ok(${JSON.stringify(new TextDecoder().decode(blob.bytes))})`);
  http.client.sendWsClientPush(channel_id, "Text", {
    mime: "application/json",
    bytes: JSON.stringify("Hello from client"),
  });
}

function assertEquals(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`expected ${expected}, got ${actual}`);
}
