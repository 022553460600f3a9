/**
 * `fetch` as scripts find it: the web's, over http_client. Only a process that may message http_client can call out,
 * and only where its network policy lets it.
 */
import { HttpCall } from "./http_call.ts";
import { HttpClientError } from "./http_client.ts";
import { isWhole, Request } from "./web_request.ts";
import { Response } from "./web_response.ts";

const nativeFetch = globalThis.fetch;

/** These name no server: the worker has the bytes. */
const LOCAL_SCHEMES = ["data:", "blob:"];
/** By the web's rules these have no body, not even an empty one. */
const STATUSES_WITHOUT_BODY = [101, 204, 205, 304];

/** What `fetch` takes beside the web's: `decompress: false` leaves a packed body packed, as Bun has it. */
export interface FetchInit extends RequestInit {
  decompress?: boolean;
}

export async function fetch(
  input: RequestInfo | URL,
  init?: FetchInit,
): Promise<globalThis.Response> {
  const request = new Request(input, init);
  const { signal, url } = request;
  signal.throwIfAborted();
  const { protocol } = new URL(url);
  if (LOCAL_SCHEMES.includes(protocol)) return nativeFetch(request);
  if (protocol !== "http:" && protocol !== "https:") {
    throw new TypeError(`Cannot fetch "${url}": its scheme is not http or https`);
  }
  const call = new HttpCall();
  const stop = () => call.cancel(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  call.ended.then(() => signal.removeEventListener("abort", stop));
  try {
    return await open(call, request, init?.decompress !== false);
  } catch (error) {
    call.end();
    signal.throwIfAborted();
    if (!(error instanceof HttpClientError)) throw error;
    const text = `error sending request for url (${url}): ${error.message}`;
    throw new TypeError(text, { cause: error });
  }
}

async function open(
  call: HttpCall,
  request: globalThis.Request,
  decompress: boolean,
): Promise<Response> {
  const { body, method, url, redirect } = request;
  const sent = body !== null && isWhole(request)
    ? new Uint8Array(await request.arrayBuffer())
    : body;
  request.signal.throwIfAborted();
  const headers = Object.fromEntries(request.headers);
  const { status, web, blob } = await call.send(
    { method, url, headers, redirect, decompress },
    sent,
  );
  const whole = STATUSES_WITHOUT_BODY.includes(status) || method === "HEAD" ? null : blob;
  const response = new Response(web.streams ? call.body() : whole as BodyInit | null, {
    status,
    statusText: web.status_text,
    headers: web.headers as [string, string][],
  });
  // A Response that a script makes has neither; one that was fetched has.
  const own = { url: { value: web.url }, redirected: { value: web.redirected } };
  return Object.defineProperties(response, own) as Response;
}
