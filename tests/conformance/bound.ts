// A script that has started binds its path a moment later, and prints nothing when it has: ask until it answers.

import { curl, type CurlAnswer } from "../clients/curl.ts";
import { WsPeer } from "./ws_peer.ts";

/** curl's first answer that is not 404; fails with what curl says if the node is gone. */
export async function curlBound(args: string[]): Promise<CurlAnswer> {
  while (true) {
    const answer = await curl(args);
    if (answer.code !== 0) throw new Error(answer.stderr);
    if (answer.status !== 404) return answer;
  }
}

/** Asks until the answer is `text`: a new version takes the place of the old one at some moment. */
export async function curlUntil(url: string, text: string): Promise<void> {
  while ((await curlBound([url])).text !== text);
}

/** Connects as soon as a WebSocket is served there. */
export async function connectBound(url: string): Promise<WsPeer> {
  while (true) {
    try {
      return await WsPeer.connect(url);
    } catch (error) {
      if (!(error as Error).message.includes("404")) throw error;
    }
  }
}
