// A script that has started binds its path a moment later, and prints nothing when it has: ask until it answers.

import { curl, type CurlAnswer } from "../clients/curl.ts";
import { eventually } from "./within.ts";
import { WsPeer } from "./ws_peer.ts";

/** Asks again while the answer is 404. */
export function unless404<T extends { status: number }>(ask: () => Promise<T>): Promise<T> {
  return eventually("answer but 404", async () => {
    const answer = await ask();
    return answer.status === 404 ? undefined : answer;
  });
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

const ANSWER_MS = 60_000;

/** The first answer that is not 404, over a connection of its own; fails if the node is gone. */
export function firstAnswer(
  url: string,
  init: RequestInit = {},
  http: Deno.CreateHttpClientOptions = {},
): Promise<Answer> {
  return unless404(async () => {
    using client = Deno.createHttpClient({ ...http, poolMaxIdlePerHost: 0 });
    const signal = AbortSignal.timeout(ANSWER_MS);
    const response = await fetch(
      url,
      { redirect: "manual", signal, client, ...init } as RequestInit,
    );
    const { status, headers } = response;
    return { status, headers, text: await response.text() };
  });
}

/** Asks until the answer is `text`: a new version takes the place of the old one at some moment. */
export function untilAnswer(url: string, text: string): Promise<Answer> {
  return eventually(`answer ${text}`, async () => {
    const answer = await firstAnswer(url);
    return answer.text === text ? answer : undefined;
  });
}

/** As `firstAnswer()`, with curl and the arguments that it needs; fails with what curl says. */
export function curlBound(args: string[]): Promise<CurlAnswer> {
  return unless404(async () => {
    const answer = await curl(args);
    if (answer.code !== 0) throw new Error(answer.stderr);
    return answer;
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
