/** Kinode's WebSocketClose has no room for a code and a reason: ours stand in the metadata, which is free for all. */
import { WS_CONTROL_BYTES_MAX } from "../../limits.ts";
import { CloseDetails } from "../../protocol/http_server.ts";
import { bytesOf } from "../../protocol/message.ts";
import { decodeJson } from "../../protocol/serde.ts";

/** What a process wants its close frame to hold; nothing where the metadata is something of its own. */
export function closeIn(metadata: string | null): { code?: number; reason?: string } {
  if (metadata === null) return {};
  try {
    const { code, reason } = decodeJson(metadata, CloseDetails, "metadata");
    return maySend(code, reason ?? "") ? { code, reason: reason ?? "" } : {};
  } catch {
    return {};
  }
}

/** Whether a close frame may hold this (RFC 6455 §5.5, §7.4). */
function maySend(code: number, reason: string): boolean {
  const ofProtocol = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
  const isShort = bytesOf(reason).length <= WS_CONTROL_BYTES_MAX - 2;
  return isShort && (ofProtocol || code >= 3000 && code <= 4999);
}
