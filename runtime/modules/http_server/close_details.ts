/** Kinode's WebSocketClose has no room for a code and a reason: ours stand in the metadata, which is free for all. */
import { CloseDetails, mayCloseWith } from "../../protocol/http_server.ts";
import { decodeJson } from "../../protocol/serde.ts";

/** What a process wants its close frame to hold; nothing where the metadata is something of its own. */
export function closeIn(metadata: string | null): { code?: number; reason?: string } {
  if (metadata === null) return {};
  try {
    const { code, reason } = decodeJson(metadata, CloseDetails, "metadata");
    return mayCloseWith(code, reason ?? "") ? { code, reason: reason ?? "" } : {};
  } catch {
    return {};
  }
}
