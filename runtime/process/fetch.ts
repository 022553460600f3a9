/**
 * `fetch` as scripts find it: the web's, over http_client. Only a process that may message http_client can
 * call out. Answers come whole; redirects are followed by http_client.
 */
import { FETCH_SECONDS } from "../limits.ts";
import { Request } from "./web_request.ts";
import { HttpClientError, sendRequestAwaitResponse } from "./http_client.ts";

const nativeFetch = globalThis.fetch;

/** These name no server: the worker has the bytes. */
const LOCAL_SCHEMES = ["data:", "blob:"];
/** By the web's rules these have no body, not even an empty one. */
const STATUSES_WITHOUT_BODY = [101, 204, 205, 304];

export async function fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  request.signal.throwIfAborted();
  const { protocol } = new URL(request.url);
  if (LOCAL_SCHEMES.includes(protocol)) return nativeFetch(request);
  if (protocol !== "http:" && protocol !== "https:") {
    throw new TypeError(`Cannot fetch "${request.url}": its scheme is not http or https`);
  }
  if (request.redirect !== "follow") {
    throw new TypeError(
      `Cannot fetch with redirect "${request.redirect}": http_client follows redirects always`,
    );
  }
  return await abortable(request.signal, send(request));
}

async function send(request: globalThis.Request): Promise<Response> {
  const body = request.body === null ? "" : new Uint8Array(await request.arrayBuffer());
  const headers = Object.fromEntries(request.headers);
  const { method, url } = request;
  const answer = await sendRequestAwaitResponse(method, url, headers, FETCH_SECONDS, body)
    .catch((error: unknown) => {
      if (!(error instanceof HttpClientError)) throw error;
      throw new TypeError(`error sending request for url (${url}): ${error.message}`, {
        cause: error,
      });
    });
  const hasBody = !STATUSES_WITHOUT_BODY.includes(answer.status);
  const response = new Response(hasBody ? answer.body as BodyInit : null, {
    status: answer.status,
    headers: answer.headers,
  });
  // A Response that a script makes has no url; one that was fetched has.
  Object.defineProperty(response, "url", { value: url.replace(/#.*$/, "") });
  return response;
}

/** Rejects as soon as the signal says so. What http_client still answers then is dropped. */
function abortable<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
