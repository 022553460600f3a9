// Calls out as it is told, by the web's `fetch` or in Kinode style, and tells what it saw.
import { http } from "@kinode/process";

interface Wish {
  url: string;
  /** Of `fetch`; `body: n` sends so many bytes as a stream. */
  init?: RequestInit & { body?: string | number };
  /** Kinode style instead. */
  seconds?: number;
  /** Reads no further than so many bytes, and cancels. */
  only?: number;
  /** Aborts after so many milliseconds. */
  abortMs?: number;
  /** So many times, and each is left in the middle: by a cancel of the body, an abort, an abort while it is asked. */
  leave?: number;
}

export default {
  async fetch(request: Request): Promise<Response> {
    if (request.method !== "POST") return new Response("post a wish");
    const wish = await request.json() as Wish;
    try {
      if (wish.leave !== undefined) return Response.json(await leave(wish.url, wish.leave));
      return Response.json(await (wish.seconds === undefined ? byFetch(wish) : byMessage(wish)));
    } catch (error) {
      const { name, message } = error as Error;
      return Response.json({ error: { name, message } });
    }
  },
};

async function byFetch({ url, init = {}, only, abortMs }: Wish) {
  const { body, ...rest } = init;
  const signal = abortMs === undefined ? undefined : AbortSignal.timeout(abortMs);
  const sent = typeof body === "number" ? streamOf(body) : body;
  const response = await fetch(url, { ...rest, body: sent as BodyInit, signal });
  let bytes = 0;
  let text = "";
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.length;
    if (text.length < 2_000) text += decoder.decode(value, { stream: true });
    if (only !== undefined && bytes >= only) {
      await reader.cancel();
      break;
    }
  }
  const { status, redirected } = response;
  const headers = [...response.headers];
  return { status, redirected, url: response.url, headers, bytes, text: text.slice(0, 2_000) };
}

async function leave(url: string, times: number): Promise<{ left: number }> {
  let left = 0;
  const one = async (i: number) => {
    const controller = new AbortController();
    const asked = fetch(url, { signal: controller.signal });
    if (i % 3 === 2) controller.abort();
    try {
      const response = await asked;
      const reader = response.body!.getReader();
      await reader.read();
      if (i % 3 === 0) await reader.cancel();
      else controller.abort();
    } catch (error) {
      if ((error as Error).name !== "AbortError") throw error;
    }
    left++;
  };
  for (let i = 0; i < times; i += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, n) => one(i + n)));
  }
  return { left };
}

async function byMessage({ url, init = {}, seconds }: Wish) {
  const headers = init.headers as Record<string, string> ?? null;
  const { method = "GET", body = "" } = init;
  const answer = await http.sendRequestAwaitResponse(method, url, headers, seconds!, String(body));
  return {
    ...answer,
    body: undefined,
    bytes: answer.body.length,
    text: answer.text().slice(0, 200),
  };
}

function streamOf(bytes: number): ReadableStream<Uint8Array> {
  let left = bytes;
  return new ReadableStream({
    pull(controller) {
      const piece = new Uint8Array(Math.min(left, 100_000)).fill(97);
      left -= piece.length;
      if (piece.length > 0) controller.enqueue(piece);
      if (left === 0) controller.close();
    },
  });
}
