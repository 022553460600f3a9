/** From what a process answered to an HTTP response (spec/http.md §2.4), and the answers that are our own. */
import { HTTP_RESPONSE_HEADER_CHARS_MAX, HTTP_RESPONSE_HEADERS_MAX } from "../../limits.ts";
import { decodeJson } from "../../protocol/serde.ts";
import { HttpResponse } from "../../protocol/http_server.ts";
import { type Body, type KernelMessage, textOf } from "../../protocol/message.ts";

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VISIBLE = /^[\t\x20-\x7e]*$/;

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
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** A process's answer as an HTTP response; 500 when it is none or beyond the limits. Never throws. */
export function responseFrom(message: KernelMessage, method: string): Response {
  const answer = tryDecode(message.body);
  const headers = answer === null ? null : headerLines(answer.headers, method);
  if (answer === null || headers === null) return emptyResponse(500);
  // Deno sends 200 to 599. 101 is not an answer that a process can give, and 1xx are none at all.
  const status = answer.status >= 200 && answer.status <= 599 ? answer.status : 500;
  const body = BODILESS.has(status) ? null : message.lazy_load_blob?.bytes ?? null;
  return build(status, headers, body);
}

export function emptyResponse(status: number): Response {
  return new Response(null, { status, headers: [["content-type", "application/octet-stream"]] });
}

export function textResponse(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: [["content-type", "text/plain"]] });
}

export function staticResponse(content: { mime: string; bytes: Body }): Response {
  const mime = VISIBLE.test(content.mime) ? content.mime : "application/octet-stream";
  return build(200, [["content-type", mime]], content.bytes);
}

function build(status: number, headers: [string, string][], body: Body | null): Response {
  return new Response(body as string | Uint8Array<ArrayBuffer> | null, { status, headers });
}

function tryDecode(body: Body): HttpResponse | null {
  try {
    return decodeJson(textOf(body), HttpResponse);
  } catch {
    return null;
  }
}

/** Invalid headers are left out; the content type has a default; an array is several lines of one name. */
function headerLines(headers: HttpResponse["headers"], method: string): [string, string][] | null {
  const lines = new Map<string, [string, string][]>();
  let count = 0;
  let chars = 0;
  for (const [name, given] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    // Deno computes the length; only of a HEAD's absent body the process alone knows it.
    if (lower === "content-length" && method !== "HEAD") continue;
    if (!TOKEN.test(name) || FRAMING.has(lower)) continue;
    const values = (typeof given === "string" ? [given] : given).filter((v) => VISIBLE.test(v));
    if (values.length === 0) continue;
    count += values.length;
    chars += values.reduce((sum, value) => sum + name.length + value.length, 0);
    if (count > HTTP_RESPONSE_HEADERS_MAX || chars > HTTP_RESPONSE_HEADER_CHARS_MAX) return null;
    // As in Kinode, a name that differs in case only replaces the one before.
    lines.set(lower, values.map((value) => [name, value]));
  }
  if (!lines.has("content-type")) {
    lines.set("content-type", [["content-type", "application/octet-stream"]]);
  }
  return [...lines.values()].flat();
}
