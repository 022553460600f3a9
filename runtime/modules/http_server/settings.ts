/** What the person who runs the node chooses about its HTTP server. */
import {
  CHANNELS_MAX,
  HTTP_BODY_BYTES_MAX,
  WS_CLOSE_SECONDS,
  WS_MESSAGE_BYTES_MAX,
} from "../../limits.ts";

export interface HttpSettings {
  /** The largest body that a process gets whole. */
  bodyBytesMax: number;
  /** Answers are compressed for clients that take them so. */
  compression: boolean;
  /** WebSockets open at a time; beyond it 503. */
  channelsMax: number;
  /** The largest WebSocket message; a larger one ends its channel with 1009. */
  wsMessageBytesMax: number;
  /** How long a close frame waits for its answer. */
  wsCloseSeconds: number;
  /** Where large static content goes, a folder of its own; `null`: it stays in memory. */
  staticFolder: string | null;
  /** Beside localhost, where processes have hosts of their own. */
  domains: readonly string[];
}

export const DEFAULT_SETTINGS: HttpSettings = {
  bodyBytesMax: HTTP_BODY_BYTES_MAX,
  compression: true,
  channelsMax: CHANNELS_MAX,
  wsMessageBytesMax: WS_MESSAGE_BYTES_MAX,
  wsCloseSeconds: WS_CLOSE_SECONDS,
  staticFolder: null,
  domains: [],
};
