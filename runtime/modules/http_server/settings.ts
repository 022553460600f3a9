/** What the person who runs the node chooses about its HTTP server. */
import { HTTP_BODY_BYTES_MAX } from "../../limits.ts";

export interface HttpSettings {
  /** The largest body that a process gets whole. */
  bodyBytesMax: number;
  /** Answers are compressed for clients that take them so. */
  compression: boolean;
  /** Where large static content goes, a folder of its own; `null`: it stays in memory. */
  staticFolder: string | null;
}

export const DEFAULT_SETTINGS: HttpSettings = {
  bodyBytesMax: HTTP_BODY_BYTES_MAX,
  compression: true,
  staticFolder: null,
};
