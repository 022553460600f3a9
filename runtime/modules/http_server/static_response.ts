/**
 * How static content is answered (RFC 9110): HEAD, `If-Match`, `If-None-Match`, one `Range`. Kinode sends GET alone, with
 * the content type and nothing else (spec/http.md §1.6); the rest is an addition. A browser asks again each time
 * (`no-cache`) and mostly gets 304: a process may bind other content at any moment.
 */
import { ifMatch, ifNoneMatch } from "@std/http/etag";
import { emptyStream } from "./outgoing.ts";
import type { StaticContent } from "./static_content.ts";

const VISIBLE = /^[\t\x20-\x7e]*$/;
const RANGE = /^bytes=(\d*)-(\d*)$/i;

/** What of a request counts. `isPrivate`: it is behind the login. */
export interface StaticRequest {
  method: string;
  headers: Headers;
  isPrivate: boolean;
}

/** To GET and HEAD; a promise for the first answer only. */
export function staticResponse(
  content: StaticContent,
  request: StaticRequest,
): Response | Promise<Response> {
  const hash = content.hash();
  if (typeof hash === "string") return respond(content, hash, request);
  return hash.then((hash) => respond(content, hash, request));
}

function respond(content: StaticContent, hash: string, request: StaticRequest): Response {
  const { method, headers, isPrivate } = request;
  const { size } = content;
  const etag = `"${hash.slice(0, 32)}"`;
  const lines: [string, string][] = [
    ["etag", etag],
    ["cache-control", isPrivate ? "private, no-cache" : "no-cache"],
  ];
  const wanted = headers.get("if-match");
  if (wanted && !ifMatch(wanted, etag)) {
    return new Response(null, { status: 412, headers: lines });
  }
  if (!ifNoneMatch(headers.get("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers: lines });
  }
  const mime = VISIBLE.test(content.mime) ? content.mime : "application/octet-stream";
  lines.push(["content-type", mime], ["accept-ranges", "bytes"]);
  if (method === "HEAD") {
    lines.push(["content-length", `${size}`]);
    // Of a body that is there Deno says what it would do with it; what lies on the disk is not read for that.
    return new Response(content.inMemory() ?? emptyStream(), { headers: lines });
  }
  const range = rangeOf(headers, etag, size);
  if (range === null) {
    lines.push(["content-length", `${size}`]);
    return new Response(content.body() as BodyInit, { headers: lines });
  }
  if (range === "none") {
    return new Response(null, { status: 416, headers: [["content-range", `bytes */${size}`]] });
  }
  const [start, end] = range;
  lines.push(["content-range", `bytes ${start}-${end - 1}/${size}`]);
  lines.push(["content-length", `${end - start}`]);
  return new Response(content.body(start, end) as BodyInit, { status: 206, headers: lines });
}

/**
 * Start and end (exclusive) of the part that is asked for; null: all of it, as for several ranges, a range of
 * other units or one that is malformed, and where `If-Range` names other content.
 */
function rangeOf(headers: Headers, etag: string, size: number): [number, number] | "none" | null {
  const range = RANGE.exec(headers.get("range")?.replaceAll(" ", "") ?? "");
  if (range === null) return null;
  const onlyIf = headers.get("if-range");
  if (onlyIf !== null && onlyIf !== etag) return null;
  const [, first = "", last = ""] = range;
  if (first === "" && last === "") return null;
  if (first === "") {
    const start = Math.max(0, size - Number(last));
    return start < size ? [start, size] : "none";
  }
  const start = Number(first);
  const end = last === "" ? size : Math.min(Number(last) + 1, size);
  if (last !== "" && Number(last) < start) return null;
  return start < size ? [start, end] : "none";
}
