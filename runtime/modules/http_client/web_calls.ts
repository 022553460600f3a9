/**
 * The HTTP requests of `fetch`, each known by a number that its process chose; bodies pass piece by piece, so that
 * none is ever whole in the node's memory.
 *
 *   Http with `web` ─► request ─► server      HttpRequestChunk ─► its body, answered once it is taken
 *          answer ◄──── head ◄─── server      HttpBodyRead ◄─► blob: the next piece; none: the end
 *
 * A call ends with the last piece of its answer, an error, HttpCancel, its process, or when nobody reads it.
 */
import { FETCH_SECONDS, HTTP_CHUNK_BYTES_MAX } from "../../limits.ts";
import type { Address } from "../../protocol/address.ts";
import { BodyReader } from "../../protocol/body_reader.ts";
import type { actions, HttpClientError, HttpClientResponse } from "../../protocol/http_client.ts";
import { bytesOf, type KernelMessage } from "../../protocol/message.ts";
import type { Of } from "../../protocol/serde.ts";
import type { Fetcher, Opened } from "./fetcher.ts";
import { incoming } from "./headers.ts";
import { readCall } from "./http_call.ts";
import { CLIENT_UNREAD_SECONDS, CLIENT_WHOLE_BYTES_MAX } from "./limits.ts";
import { ENDED, explain, failed, type Held, type Requests } from "./requests.ts";
import { Upload } from "./upload.ts";

type Wish = Of<typeof actions.Http>;
type Err = { Err: HttpClientError };
/** What a call's message is answered with; `null`: there is nobody to tell. */
export type Answer = { Ok: HttpClientResponse; blob: Uint8Array | null } | Err | null;

interface Call {
  owner: Address;
  number: number;
  held: Held;
  upload: Upload | null;
  /** What is left of the answer. */
  answer: BodyReader | null;
  reading: boolean;
}

const DONE: Answer = { Ok: "HttpAck", blob: null };

export class WebCalls {
  readonly #requests: Requests;
  readonly #fetcher: Fetcher;
  readonly #calls = new Map<Address, Map<number, Call>>();

  constructor(requests: Requests, fetcher: Fetcher) {
    this.#requests = requests;
    this.#fetcher = fetcher;
  }

  /** The head of the answer, with the body if that is small. Is there for the other methods as soon as it returns. */
  open(wish: Wish, message: KernelMessage, seconds: number): Promise<Answer> {
    const { call: number, streams } = wish.web!;
    const owner = message.source;
    const read = readCall(wish, bytesOf(message.lazy_load_blob?.bytes ?? ""));
    if ("Err" in read) return Promise.resolve(read);
    if (this.#find(owner, number) !== undefined) {
      return Promise.resolve(failed(`the call ${number} of this process is under way`));
    }
    const held = this.#requests.begin(owner, streams ? FETCH_SECONDS : seconds);
    if ("Err" in held) return Promise.resolve(held);
    const upload = streams ? new Upload() : null;
    const call: Call = { owner, number, held, upload, answer: null, reading: false };
    this.#add(call);
    return this.#open({ ...read, body: upload?.stream ?? read.body }, wish, call);
  }

  /** A piece of the request's body. */
  async chunk(owner: Address, number: number, bytes: Uint8Array): Promise<Answer> {
    const call = this.#find(owner, number);
    if (call === undefined || call.upload === null) return NOT_FOUND;
    if (bytes.length > HTTP_CHUNK_BYTES_MAX) return TOO_LARGE;
    const taken = call.upload.put(bytes);
    if (taken === null) return BUSY;
    if (!await taken) return NOT_FOUND;
    if (call.answer === null) call.held.setTime(FETCH_SECONDS); // It goes on: nothing is late yet.
    return DONE;
  }

  endChunks(owner: Address, number: number, error: string | null): Answer {
    return this.#find(owner, number)?.upload?.end(error) ? DONE : NOT_FOUND;
  }

  /** The next piece of the answer; no blob: that was all. */
  async read(owner: Address, number: number): Promise<Answer> {
    const call = this.#find(owner, number);
    if (call === undefined || call.answer === null) return NOT_FOUND;
    if (call.reading) return BUSY;
    call.reading = true;
    call.held.setTime(null);
    try {
      const blob = await call.answer.take();
      call.reading = false;
      this.#isUnread(call);
      if (blob === null) this.#close(call);
      return { Ok: "HttpAck", blob };
    } catch (error) {
      return this.#failed(error, call);
    }
  }

  cancel(owner: Address, number: number): Answer {
    const call = this.#find(owner, number);
    if (call === undefined) return NOT_FOUND;
    call.held.abort(new Error("cancelled by the process"));
    this.#close(call);
    return DONE;
  }

  /** The process is gone; whoever ends its requests ends these too. */
  forget(owner: Address): void {
    for (const call of [...this.#calls.get(owner)?.values() ?? []]) this.#close(call);
  }

  close(): void {
    for (const owner of [...this.#calls.keys()]) this.forget(owner);
  }

  async #open(
    request: Parameters<Fetcher["open"]>[0],
    { web }: Wish,
    call: Call,
  ): Promise<Answer> {
    const { redirect, decompress = true } = web!;
    const { held } = call;
    try {
      held.take(request.body instanceof Uint8Array ? request.body.length : 0);
      const options = { policy: held.policy, redirect, raw: !decompress };
      await held.admitted();
      const opened = await this.#fetcher.open(request, held.signal, options);
      const unpacked = decompress && isUnpacked(opened.response);
      // Where it was unpacked, its length is that of the packed body.
      const whole = unpacked ? null : await wholeBody(opened.response);
      if (whole !== null) this.#close(call);
      else {
        call.answer = new BodyReader(opened.response.body!, HTTP_CHUNK_BYTES_MAX);
        this.#isUnread(call);
      }
      return { Ok: { Http: headOf(opened, { streams: whole === null, unpacked }) }, blob: whole };
    } catch (error) {
      return this.#failed(error, call);
    }
  }

  #failed(error: unknown, call: Call): Answer {
    const { reason } = call.held.signal;
    this.#close(call);
    return reason === ENDED ? null : failed(explain(reason ?? error));
  }

  #isUnread({ held }: Call): void {
    held.setTime(CLIENT_UNREAD_SECONDS, `not read for ${CLIENT_UNREAD_SECONDS} s`);
  }

  /** What is not read of its answer will not be. */
  #close(call: Call): void {
    const { owner, number } = call;
    const calls = this.#calls.get(owner);
    if (calls?.get(number) === call) calls.delete(number);
    if (calls?.size === 0) this.#calls.delete(owner);
    call.upload?.stop();
    call.answer?.cancel();
    call.held.release();
  }

  #find(owner: Address, number: number): Call | undefined {
    return this.#calls.get(owner)?.get(number);
  }

  #add(call: Call): void {
    const calls = this.#calls.get(call.owner) ?? new Map();
    this.#calls.set(call.owner, calls.set(call.number, call));
  }
}

/** `null`: it is to be streamed. Also a small one is not waited for unless the server says how small. */
async function wholeBody(response: Response): Promise<Uint8Array | null> {
  if (response.body === null) return new Uint8Array(0);
  const length = response.headers.get("content-length");
  if (length === null || !(Number(length) <= CLIENT_WHOLE_BYTES_MAX)) return null;
  return new Uint8Array(await response.arrayBuffer());
}

function headOf(
  { response, url, redirected }: Opened,
  { streams, unpacked }: { streams: boolean; unpacked: boolean },
) {
  const { status, statusText, headers } = response;
  const list = [...headers].filter(([name]) => !unpacked || !OF_THE_PACKED.includes(name));
  const web = { status_text: statusText, headers: list, url: url.href, redirected, streams };
  return { status, headers: incoming(headers), web };
}

/** Deno has unpacked the body, and says nothing of it. */
function isUnpacked({ headers, body }: Response): boolean {
  return body !== null && ["br", "gzip"].includes(headers.get("content-encoding") ?? "");
}

/** They are true of the body that the server sent: who passes the answer on would mislead the next. */
const OF_THE_PACKED = ["content-encoding", "content-length"];

const NOT_FOUND = failed("there is no such call, or nothing more is wanted of it");
const BUSY = failed("the piece before is under way: wait for its answer");
const TOO_LARGE = failed(`a piece is larger than ${HTTP_CHUNK_BYTES_MAX} bytes`);
