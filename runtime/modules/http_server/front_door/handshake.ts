/** What RFC 6455 §4.2.1 asks of a WebSocket handshake, checked before anybody is asked whether it is wanted. */
import type { RequestHead } from "./head.ts";
import { BadRequest } from "./reader.ts";

/** 16 bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;

/** Asks for `websocket`, and for nothing else: any other protocol is not spoken here, and may be ignored. */
export function wantsWebSocket(head: RequestHead, headers: Headers): boolean {
  return head.version === "1.1" && headers.get("upgrade")?.toLowerCase() === "websocket";
}

export function checkHandshake(head: RequestHead, headers: Headers): void {
  const connection = (headers.get("connection") ?? "").toLowerCase().split(",");
  if (!connection.some((word) => word.trim() === "upgrade")) {
    throw new BadRequest(400, "a WebSocket handshake says Connection: Upgrade");
  }
  if (head.method !== "GET") throw new BadRequest(400, "a WebSocket handshake is a GET");
  if (head.framing.kind !== "none") throw new BadRequest(400, "a WebSocket handshake has no body");
  if (headers.get("sec-websocket-version") !== "13") {
    const known: [string, string] = ["sec-websocket-version", "13"];
    throw new BadRequest(426, "of WebSocket versions only 13 is spoken here", [known]);
  }
  if (!KEY.test(headers.get("sec-websocket-key") ?? "")) {
    throw new BadRequest(400, "the Sec-WebSocket-Key is not 16 bytes in base64");
  }
}
