/** Kinode's WebSocketClose has no room for a code and a reason: ours stand in the metadata, which is free for all. */
import { CloseDetails, mayCloseWith } from "./http_server.ts";
import { decodeJson } from "./serde.ts";

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

/** What a process is told of an end: 1005 where the peer gave no code, 1006 where it did not even say goodbye. */
export function closeOf(metadata: string | null): { code: number; reason: string } {
  try {
    const { code, reason } = decodeJson(metadata ?? "", CloseDetails, "metadata");
    return { code, reason: reason ?? "" };
  } catch {
    return { code: 1005, reason: "" };
  }
}
