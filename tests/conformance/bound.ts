// A script that has started binds its path a moment later, and prints nothing when it has: ask until it answers.

import { curl, type CurlAnswer } from "../clients/curl.ts";
import { eventually } from "./within.ts";
import { WsPeer } from "./ws_peer.ts";

/** curl's first answer that is not 404; fails with what curl says if the node is gone. */
export function curlBound(args: string[]): Promise<CurlAnswer> {
  return eventually("answer but 404", async () => {
    const answer = await curl(args);
    if (answer.code !== 0) throw new Error(answer.stderr);
    return answer.status === 404 ? undefined : answer;
  });
}

/** Asks until the answer is `text`: a new version takes the place of the old one at some moment. */
export function curlUntil(url: string, text: string): Promise<CurlAnswer> {
  return eventually(`answer ${text}`, async () => {
    const answer = await curlBound([url]);
    return answer.text === text ? answer : undefined;
  });
}

/** Connects as soon as a WebSocket is served there. */
export function connectBound(url: string): Promise<WsPeer> {
  return eventually("WebSocket", async () => {
    try {
      return await WsPeer.connect(url);
    } catch (error) {
      if ((error as Error).message.includes("404")) return undefined;
      throw error;
    }
  });
}
