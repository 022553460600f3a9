// What is sent to both listeners as raw bytes, and what must come back: the statuses in order, then what becomes of
// the connection. `keep`: the next request on it is answered; `close`: the server ended it; `open`: nothing more
// came, and it stays open (the fast path has no timeouts); `stray`: what stood behind the request was answered as
// one of its own. `a | b`: either, as versions of Deno differ.

/** Where the echoing process is. */
export const PATH = "/raw_echo:raw_echo:template.os";

export interface RawCase {
  name: string;
  /** Where it is said what must happen. */
  clause: string;
  send: string;
  /** The front door. */
  front: string;
  /** Deno.serve on loopback, where it differs. */
  fast?: string;
  /** Final answers to wait for before the connection is tried again. */
  answers?: number;
  /** What the process must have seen, in the body of the first final answer. */
  seen?: string;
  /** The answer's length is not that of a body. */
  bodiless?: boolean;
}

const H = "Host: h\r\n";
const get = (fields = "", path = PATH) => `GET ${path} HTTP/1.1\r\n${H}${fields}\r\n`;
const post = (fields: string, body: string) => `POST ${PATH} HTTP/1.1\r\n${H}${fields}\r\n${body}`;
/** A request that a second reader of the same bytes would find behind the first. */
const STRAY = `GET ${PATH}/stray HTTP/1.1\r\n${H}\r\n`;
const CHUNKED = "Transfer-Encoding: chunked\r\n";

const smuggling: RawCase[] = [
  {
    name: "Content-Length and Transfer-Encoding",
    clause: "RFC 9112 §6.1: ought to be handled as an error",
    send: post(`Content-Length: 5\r\n${CHUNKED}`, `0\r\n\r\n${STRAY}`),
    front: "400 close",
    fast: "400 close | 200 stray",
  },
  {
    name: "the same, the other way round",
    clause: "RFC 9112 §6.1",
    send: post(`${CHUNKED}Content-Length: ${5 + STRAY.length}\r\n`, `0\r\n\r\n${STRAY}`),
    front: "400 close",
    fast: "400 close | 200 stray",
  },
  {
    name: "two equal Content-Lengths",
    clause: "RFC 9110 §8.6: may be rejected",
    send: post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"),
    front: "400 close",
    fast: "200 keep",
  },
  {
    name: "two Content-Lengths that differ",
    clause: "RFC 9112 §6.3: an unrecoverable error",
    send: post(`Content-Length: 5\r\nContent-Length: ${5 + STRAY.length}\r\n`, `hello${STRAY}`),
    front: "400 close",
  },
  {
    name: "a list of Content-Lengths",
    clause: "RFC 9110 §8.6: may be rejected",
    send: post("Content-Length: 5, 5\r\n", "hello"),
    front: "400 close",
  },
  {
    name: "a signed Content-Length",
    clause: "RFC 9110 §8.6: digits",
    send: post("Content-Length: +5\r\n", "hello"),
    front: "400 close",
  },
  {
    name: "a Content-Length beyond 64 bits",
    clause: "RFC 9110 §8.6: must not overflow",
    send: post("Content-Length: 18446744073709551621\r\n", "hello"),
    front: "400 close",
  },
  {
    name: "bare LF for every line end",
    clause: "RFC 9112 §2.2: may be taken; refused here",
    send: `GET ${PATH} HTTP/1.1\n${"Host: h\n"}\n`,
    front: "400 close",
    fast: "200 keep",
  },
  {
    name: "bare LF between two fields",
    clause: "RFC 9112 §2.2",
    send: get(`X: y\nContent-Length: ${STRAY.length}\r\n`) + STRAY,
    front: "400 close",
    fast: "200 keep",
  },
  {
    name: "bare CR in a value",
    clause: "RFC 9112 §2.2: invalid, or a space",
    send: get(`X: a\rContent-Length: 5\r\n`),
    front: "400 close",
  },
  {
    name: "a folded line (obs-fold)",
    clause: "RFC 9112 §5.2: 400 or a space",
    send: get(`X: a\r\n Content-Length: ${STRAY.length}\r\n`),
    front: "400 close",
  },
  {
    name: "a space before the colon",
    clause: "RFC 9112 §5.1: must be 400",
    send: post(`Content-Length : ${STRAY.length}\r\n`, STRAY),
    front: "400 close",
  },
  {
    name: "NUL in a value",
    clause: "RFC 9110 §5.5: invalid",
    send: get("X: a\0b\r\n"),
    front: "400 close",
  },
  {
    name: "a field without a name",
    clause: "RFC 9110 §5.1: a token",
    send: get(": x\r\n"),
    front: "400 close",
  },
  {
    name: "Transfer-Encoding: xchunked",
    clause: "RFC 9112 §6.1: 501",
    send: post("Transfer-Encoding: xchunked\r\n", `0\r\n\r\n${STRAY}`),
    front: "501 close",
    fast: "400 close",
  },
  {
    name: "Transfer-Encoding: chunked, identity",
    clause: "RFC 9112 §6.3: chunked must be last",
    send: post("Transfer-Encoding: chunked, identity\r\n", `0\r\n\r\n${STRAY}`),
    front: "501 close",
    fast: "400 close",
  },
  {
    name: "Transfer-Encoding: gzip, chunked",
    clause: "RFC 9112 §6.1: 501 for what is not known",
    send: post("Transfer-Encoding: gzip, chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"),
    front: "501 close",
    fast: "200 keep",
  },
  {
    name: "Transfer-Encoding with a vertical tab",
    clause: "RFC 9112 §6.1",
    send: post("Transfer-Encoding: \vchunked\r\n", `0\r\n\r\n${STRAY}`),
    front: "400 close",
  },
  {
    name: "chunked in HTTP/1.0",
    clause: "RFC 9112 §6.1: faulty framing",
    send: `POST ${PATH} HTTP/1.0\r\n${H}${CHUNKED}\r\n0\r\n\r\n${STRAY}`,
    front: "400 close",
  },
  {
    name: "a GET with a body",
    clause: "RFC 9110 §9.3.1: no meaning, but framed",
    send: get(`Content-Length: ${STRAY.length}\r\n`) + STRAY,
    front: "200 keep",
    seen: "GET / ",
  },
  {
    name: "a body that nobody reads",
    clause: "RFC 9112 §9.3: read to its end, or close",
    send: `POST /nobody HTTP/1.1\r\n${H}Content-Length: ${STRAY.length}\r\n\r\n${STRAY}`,
    front: "404 keep",
  },
];

const chunks: RawCase[] = [
  {
    name: "a chunk extension",
    clause: "RFC 9112 §7.1.1: ignored",
    send: post(CHUNKED, "5;a=b\r\nhello\r\n0\r\n\r\n"),
    front: "200 keep",
    seen: "POST / hello",
  },
  {
    name: "a chunk extension that ends with LF",
    clause: "RFC 9112 §7.1",
    send: post(CHUNKED, `5;a\nhello\r\n0\r\n\r\n${STRAY}`),
    front: "400 close",
    fast: "close | 408 close",
  },
  {
    name: "a chunk extension of 100 kB",
    clause: "RFC 9112 §7.1.1: ought to be limited",
    send: post(CHUNKED, `5;${"a".repeat(100_000)}\r\nhello\r\n0\r\n\r\n`),
    front: "400 close",
    fast: "408 close",
  },
  {
    name: "a chunk size beyond 64 bits",
    clause: "RFC 9112 §7.1: must not overflow",
    send: post(CHUNKED, `fffffffffffffffff\r\nhello\r\n0\r\n\r\n${STRAY}`),
    front: "400 close",
    fast: "close | 408 close",
  },
  {
    name: "a chunk size with 0x",
    clause: "RFC 9112 §7.1: hex digits",
    send: post(CHUNKED, `0x5\r\nhello\r\n0\r\n\r\n${STRAY}`),
    front: "400 close",
    fast: "close | 408 close",
  },
  {
    name: "a negative chunk size",
    clause: "RFC 9112 §7.1: hex digits",
    send: post(CHUNKED, `-5\r\nhello\r\n0\r\n\r\n`),
    front: "400 close",
    fast: "close | 408 close",
  },
  {
    name: "a chunk longer than it says",
    clause: "RFC 9112 §7.1: CR LF after its data",
    send: post(CHUNKED, `5\r\nhelloX\r\n0\r\n\r\n${STRAY}`),
    front: "400 close",
    fast: "close | 408 close",
  },
  {
    name: "bare LF after a chunk size",
    clause: "RFC 9112 §2.2, §7.1",
    send: post(CHUNKED, `5\nhello\n0\n\n${STRAY}`),
    front: "400 close",
    fast: "close | 408 close",
  },
  {
    name: "trailers",
    clause: "RFC 9112 §7.1.2: may be discarded",
    send: post(CHUNKED, "5\r\nhello\r\n0\r\nX-T: y\r\n\r\n"),
    front: "200 keep",
    fast: "200 keep | 200 close",
    seen: "POST / hello",
  },
  {
    name: "trailers without end",
    clause: "RFC 9112 §7.1.2: limited",
    send: post(CHUNKED, `0\r\n${"X-T: y\r\n".repeat(10_000)}\r\n`),
    front: "400 close",
    fast: "open | 408 close",
  },
];

export const framing: RawCase[] = [...smuggling, ...chunks];
export { get, H, post, STRAY };
