/** What one WebSocket message is; `http_server` and `http_client` say it alike (K types-s:161-167). */
import { type Of, oneOf } from "./serde.ts";

export const WsMessageType = oneOf("Text", "Binary", "Ping", "Pong", "Close");
export type WsMessageType = Of<typeof WsMessageType>;
