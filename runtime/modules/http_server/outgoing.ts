/** From what a process answered to an HTTP response (spec/http.md §2.4), and the answers that are our own. */
import {
  HTTP_RESPONSE_HEADER_CHARS_MAX,
  HTTP_RESPONSE_HEADERS_MAX,
  HTTP_RESPONSE_JSON_CHARS_MAX,
} from "../../limits.ts";
import { HttpResponse } from "../../protocol/http_server.ts";
import {
  type Body,
  bytesOf,
  type KernelMessage,
  type SendErrorReason,
  textOf,
} from "../../protocol/message.ts";
import { decodeJson } from "../../protocol/serde.ts";
import { LARGE_ANSWER_BYTES, LargeAnswers, mayBePacked } from "./large_answers.ts";
import type { Asked, Streams } from "./streams.ts";

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VISIBLE = /^[\t\x20-\x7e]*$/;
const LENGTH = /^\d{1,15}$/;

/** The connection is the server's affair: a process that set these could only break the framing. */
const FRAMING: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Statuses whose response has no body by definition; Deno refuses to build one with a body. */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** What of a request its answer depends on. */
export interface Answered extends Pick<Request, "method" | "headers"> {
  /** Of the front door, which counts what its clients do not take. */
  holds?: unknown;
}

/** Status and headers of an answer, ready for `new Response`. */
interface AnswerHead {
  status: number;
  headers: [string, string][];
  stream: boolean;
}

/** What is remembered: heads of usual size, of as many kinds as a node's processes usually give. */
const REMEMBERED_MAX = 256;
const REMEMBERED_CHARS_MAX = 1_024;

/** Makes HTTP responses of what processes answer. */
export class Answers {
  /**
   * Heads by their JSON: processes say `{"status":200,…}` over and over, and reading it anew each time was
   * 15 % of the server's own work (profile of 2.9.6).
   */
  readonly #heads = new Map<string, AnswerHead>();
  readonly #streams: Streams;
  readonly #large = new LargeAnswers();

  constructor(streams: Streams) {
    this.#streams = streams;
  }

  /** 500 when the answer is no HttpResponse, or beyond the limits. Never throws. */
  responseFrom(
    { id, body, lazy_load_blob }: KernelMessage,
    { method, headers, holds }: Answered,
    asked: Asked,
  ): Response {
    const text = body.length > HTTP_RESPONSE_JSON_CHARS_MAX ? "" : textOf(body);
    const head = method === "HEAD" ? tryReadHead(text, true) : this.#headOf(text);
    const bodiless = head === null || method === "HEAD" || BODILESS.has(head.status);
    if (head?.stream && !bodiless) {
      const stream = this.#streams.openAnswer(id, asked, lazy_load_blob?.bytes ?? null);
      if (stream !== null) return new Response(stream, head);
      this.#streams.tellCancelled(id, asked);
      return overloaded("bodies of this process stream");
    }
    this.#streams.answered(id);
    if (head === null) return emptyResponse(500);
    if (head.stream) this.#streams.tellCancelled(id, asked);
    if (BODILESS.has(head.status)) return new Response(null, head);
    const bytes = lazy_load_blob?.bytes ?? null;
    if (method === "HEAD") return headResponse(head, head.stream ? null : bytes);
    if (holds === undefined && bytes !== null && bytes.length >= LARGE_ANSWER_BYTES) {
      return this.#largeResponse(head, bytesOf(bytes), headers, asked);
    }
    return new Response(bytes as BodyInit | null, head);
  }

  #largeResponse(
    { status, headers }: AnswerHead,
    bytes: Uint8Array,
    wanted: Headers,
    { app }: Asked,
  ): Response {
    const body = this.#large.open(app, bytes);
    if (body === null) return overloaded("bytes of this package wait for their clients");
    const lines: [string, string][] = mayBePacked(wanted, headers)
      ? headers
      : [...headers, ["content-length", `${bytes.length}`]];
    return new Response(body, { status, headers: lines });
  }

  #headOf(text: string): AnswerHead | null {
    const known = this.#heads.get(text);
    if (known !== undefined) return known;
    const head = tryReadHead(text, false);
    if (head === null || text.length > REMEMBERED_CHARS_MAX) return head;
    if (this.#heads.size >= REMEMBERED_MAX) this.#heads.clear();
    this.#heads.set(text, head);
    return head;
  }
}

/**
 * RFC 9110 §8.6: the length that HEAD says is GET's, or none. Without a word of the process it is that of the body which it
 * gave all the same; from an empty one nobody can tell, and a stream is what no listener says a length of.
 */
function headResponse({ status, headers }: AnswerHead, bytes: Body | null): Response {
  const length = bytes === null ? 0 : bytesOf(bytes).length;
  if (headers.some(isContentLength)) return new Response(null, { status, headers });
  if (length === 0) {
    return new Response(emptyStream(), { status, headers });
  }
  const lines: [string, string][] = [...headers, ["content-length", `${length}`]];
  return new Response(bytes as BodyInit, { status, headers: lines });
}

/** A body of which nobody knows that it is empty. */
export function emptyStream(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (out) => out.close() });
}

function isContentLength([name]: [string, string]): boolean {
  return name.toLowerCase() === "content-length";
}

export function emptyResponse(status: number): Response {
  return new Response(null, { status, headers: [["content-type", "application/octet-stream"]] });
}

export function textResponse(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: [["content-type", "text/plain"]] });
}

/** Why there is no answer: JSON for who asks for it, else a line of text. `reason` is for programs. */
export function refusalResponse(
  status: number,
  reason: string,
  sentence: string,
  headers: Headers,
): Response {
  if (!/\bapplication\/json\b/i.test(headers.get("accept") ?? "")) {
    return textResponse(status, `${reason}: ${sentence}`);
  }
  return new Response(JSON.stringify({ error: reason, message: sentence }), {
    status,
    headers: [["content-type", "application/json"]],
  });
}

/** Fail fast (design.md §3): where Kinode lets the client wait 15 s for 408, we say what is wrong at once. */
const SENTENCES: Record<Exclude<SendErrorReason, "no-answer">, string> = {
  "no-such-process": "the process that serves this path is not running",
  "not-permitted": "http_server may not message the process that serves this path",
  "crashed": "the process ended before it answered",
  "offline": "the process is on a node that cannot be reached",
  "no-network-capability": "the process may not be reached over the network",
  "queue-full": "the process has too many messages waiting",
  "too-large": "the request or its answer is too large for one message",
};

export function unreachable(reason: keyof typeof SENTENCES, headers: Headers): Response {
  return refusalResponse(503, reason, SENTENCES[reason], headers);
}

export function overloaded(what: string): Response {
  return textResponse(503, `overloaded: too many ${what}`);
}

function tryReadHead(text: string, isHead: boolean): AnswerHead | null {
  let answer: HttpResponse;
  try {
    answer = decodeJson(text, HttpResponse);
  } catch {
    return null;
  }
  const status = statusOf(answer.status);
  const headers = headerLines(answer.headers, status, isHead || answer.stream === true);
  if (headers === null) return null;
  return { status, headers, stream: answer.stream === true };
}

/**
 * Deno sends 200 to 599; Kinode also 1xx, which is no answer, and 6xx to 9xx, which mean nothing. Deno's 205 has no end
 * (no length, and the connection stays): its client would wait for ever, and 204 says all of it but "empty your form".
 */
function statusOf(said: number): number {
  if (said === 205) return 204;
  return said >= 200 && said <= 599 ? said : 500;
}

function isLength(given: string | string[]): boolean {
  return typeof given === "string" && LENGTH.test(given);
}

/**
 * Invalid headers are left out; an array is several lines of one name. A body has a content type by default; a
 * redirect need not have a body, and what has none by definition has no content type either.
 */
function headerLines(
  headers: HttpResponse["headers"],
  status: number,
  ownLength: boolean,
): [string, string][] | null {
  const lines = new Map<string, [string, string][]>();
  let count = 0;
  let chars = 0;
  for (const [name, given] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    // Deno computes the length; of what it does not see whole (HEAD, streams) the process alone knows it.
    // What is no length would be read in two ways by two readers: it must not reach the wire.
    if (lower === "content-length" && !(ownLength && isLength(given))) continue;
    if (!TOKEN.test(name) || FRAMING.has(lower)) continue;
    const values = (typeof given === "string" ? [given] : given).filter((v) => VISIBLE.test(v));
    if (values.length === 0) continue;
    count += values.length;
    chars += values.reduce((sum, value) => sum + name.length + value.length, 0);
    if (count > HTTP_RESPONSE_HEADERS_MAX || chars > HTTP_RESPONSE_HEADER_CHARS_MAX) return null;
    // As in Kinode, a name that differs in case only replaces the one before.
    lines.set(lower, values.map((value) => [name, value]));
  }
  if (BODILESS.has(status)) {
    lines.delete("content-type");
    if (status !== 304) lines.delete("content-length");
  } else if (!lines.has("content-type") && !REDIRECTS.has(status)) {
    lines.set("content-type", [["content-type", "application/octet-stream"]]);
  }
  return [...lines.values()].flat();
}
