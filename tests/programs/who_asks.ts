// Says who asks, as http_server tells it; what is under /local is for this machine alone. A text that arrives on
// its WebSocket is sent back as the payload of a ping, and what is heard of pings and pongs as text.

import { awaitMessage, getBlob, http, println } from "@kinode/process";

export async function init() {
  await http.bindHttpPath("/", false, false);
  await http.bindHttpPath("/local", false, true);
  await http.bindWsPath("/", false, false);
  println("bound");
  while (true) {
    const message = await awaitMessage();
    const request = http.HttpServerRequest.parse(message);
    if ("Http" in request) {
      const { sourceSocketAddr, url, headers } = request.Http;
      const body = JSON.stringify({ from: sourceSocketAddr, url: url.href, host: headers.host });
      http.sendResponse(200, { "content-type": "application/json" }, body);
    } else if ("WebSocketPush" in request) {
      const { channel_id, message_type } = request.WebSocketPush;
      const text = new TextDecoder().decode(getBlob()!.bytes);
      const heard = message_type === "Ping" || message_type === "Pong";
      if (heard) push(channel_id, "Text", `${message_type} ${text}`);
      if (message_type === "Text") push(channel_id, "Ping", text);
    }
  }
}

function push(channel: number, type: "Text" | "Ping", bytes: string): void {
  http.sendWsPush(channel, type, { mime: null, bytes });
}
