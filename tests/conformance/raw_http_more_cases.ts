// Raw requests whose framing is plain: targets, hosts, methods, versions, sizes, pipelining.

import { get, H, PATH, post, type RawCase } from "./raw_http_cases.ts";

const targets: RawCase[] = [
  {
    name: "no Host",
    clause: "RFC 9112 §3.2: must be 400",
    send: `GET ${PATH} HTTP/1.1\r\n\r\n`,
    front: "400 close",
    fast: "200 keep",
  },
  {
    name: "two Hosts",
    clause: "RFC 9112 §3.2: must be 400",
    send: `GET ${PATH} HTTP/1.1\r\n${H}Host: other\r\n\r\n`,
    front: "400 close",
    fast: "400 close | 400 keep",
  },
  {
    name: "a Host that would move the path",
    clause: "RFC 9112 §3.2: an invalid one must be 400",
    send: `GET ${PATH} HTTP/1.1\r\nHost: h${PATH}/stray?\r\n\r\n`,
    front: "400 close",
    fast: "400 keep",
  },
  {
    name: "an absolute-form target with the same host",
    clause: "RFC 9112 §3.2.2: must be taken",
    send: `GET http://h${PATH}/a HTTP/1.1\r\n${H}\r\n`,
    front: "200 keep",
    seen: "GET /a ",
  },
  {
    name: "an absolute-form target with another host",
    clause: "RFC 9112 §3.2.2: one of them is wrong; refused here",
    send: `GET http://other${PATH}/stray HTTP/1.1\r\n${H}\r\n`,
    front: "400 close",
    fast: "400 keep",
  },
  {
    name: "OPTIONS *",
    clause: "RFC 9110 §9.3.7: the server as a whole",
    send: `OPTIONS * HTTP/1.1\r\n${H}\r\n`,
    front: "204 keep",
    fast: "404 keep",
  },
  {
    name: "GET *",
    clause: "RFC 9112 §3.2.4: OPTIONS only",
    send: `GET * HTTP/1.1\r\n${H}\r\n`,
    front: "400 close",
    fast: "400 close | 400 keep",
  },
  {
    name: "a space in the target",
    clause: "RFC 9112 §3: 400",
    send: `GET ${PATH} /stray HTTP/1.1\r\n${H}\r\n`,
    front: "400 close",
  },
  {
    name: "bytes above ASCII in the target",
    clause: "RFC 3986 §2: must be encoded",
    send: `GET ${PATH}/\xff HTTP/1.1\r\n${H}\r\n`,
    front: "400 close",
  },
  {
    name: "a target of 100 kB",
    clause: "RFC 9110 §15.5.15",
    send: `GET ${PATH}/${"a".repeat(100_000)} HTTP/1.1\r\n${H}\r\n`,
    front: "414 close",
    fast: "400 close | 414 close",
  },
];

const methods: RawCase[] = [
  {
    name: "CONNECT",
    clause: "RFC 9110 §9.3.6: an origin server need not",
    send: `CONNECT h:1 HTTP/1.1\r\n${H}\r\n`,
    front: "501 close",
    fast: "400 keep",
  },
  {
    name: "TRACE",
    clause: "RFC 9110 §9.3.8: mirrors cookies; not served",
    send: `TRACE ${PATH} HTTP/1.1\r\n${H}\r\n`,
    front: "501 close",
    fast: "500 keep",
  },
  {
    name: "a method of one's own",
    clause: "RFC 9110 §9.1: a token, the process's to know",
    send: `BREW ${PATH} HTTP/1.1\r\n${H}\r\n`,
    front: "200 keep",
    seen: "BREW / ",
  },
  {
    name: "HEAD",
    clause: "RFC 9110 §9.3.2: no body",
    send: `HEAD ${PATH} HTTP/1.1\r\n${H}Connection: close\r\n\r\n`,
    front: "200 close",
    bodiless: true,
  },
  {
    name: "Expect: 100-continue",
    clause: "RFC 9110 §10.1.1",
    send: post("Expect: 100-continue\r\nContent-Length: 5\r\n", "hello"),
    front: "100 200 keep",
    seen: "POST / hello",
  },
  {
    name: "Expect: 100-continue, to a body that nobody reads",
    clause: "RFC 9110 §10.1.1: the final status at once",
    send: `POST /nobody HTTP/1.1\r\n${H}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
    front: "404 close",
    fast: "100 404 close | 404 close",
  },
  {
    name: "another expectation",
    clause: "RFC 9110 §10.1.1: may be 417",
    send: post("Expect: tea\r\nContent-Length: 5\r\n", "hello"),
    front: "417 close",
    fast: "200 keep",
  },
  {
    name: "an upgrade to h2c",
    clause: "RFC 9110 §7.8: may be ignored",
    send: get(
      "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
    ),
    front: "200 keep",
    seen: "GET / ",
  },
];

const versions: RawCase[] = [
  {
    name: "HTTP/1.0",
    clause: "RFC 9112 §9.3: one request",
    send: `GET ${PATH}/a HTTP/1.0\r\n\r\n`,
    front: "200 close",
    seen: "GET /a ",
  },
  {
    name: "HTTP/1.2",
    clause: "RFC 9110 §2.5: as 1.1",
    send: `GET ${PATH} HTTP/1.2\r\n${H}\r\n`,
    front: "200 keep",
    fast: "400 close",
  },
  {
    name: "HTTP/2.0 in HTTP/1's clothes",
    clause: "RFC 9110 §15.6.6",
    send: `GET ${PATH} HTTP/2.0\r\n${H}\r\n`,
    front: "505 close",
    fast: "400 close",
  },
  {
    name: "HTTP/2's preface",
    clause: "RFC 9113 §3.4: not spoken in the clear",
    send: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    front: "505 close",
    fast: "open",
  },
  {
    name: "HTTP/0.9",
    clause: "RFC 9112 §2.3: a version",
    send: `GET ${PATH}\r\n\r\n`,
    front: "400 close",
  },
  {
    name: "the beginning of TLS",
    clause: "no HTTP at all",
    send: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    front: "400 close",
  },
];

const sizes: RawCase[] = [
  {
    name: "a header of 100 kB",
    clause: "RFC 6585 §5",
    send: get(`X: ${"a".repeat(100_000)}\r\n`),
    front: "431 close",
    fast: "400 close | 431 keep",
  },
  {
    name: "1,000 headers",
    clause: "RFC 6585 §5",
    send: get("X: a\r\n".repeat(1_000)),
    front: "431 close",
    fast: "400 close | 431 close",
  },
  {
    name: "a body that announces 1 GB",
    clause: "RFC 9110 §15.5.14",
    send: `POST /login HTTP/1.1\r\n${H}Content-Length: 1000000000\r\n\r\n`,
    front: "413 close",
    fast: "413 open | 413 close",
  },
];

const pipelines: RawCase[] = [
  {
    name: "three requests at once",
    clause: "RFC 9112 §9.3.2: answers in order",
    send: get("", `${PATH}/1`) + post("Content-Length: 2\r\n", "hi") + get("", `${PATH}/3`),
    front: "200 200 200 keep",
    answers: 3,
    seen: "GET /1 ",
  },
  {
    name: "a wrong one in the middle",
    clause: "RFC 9112 §9.3.2: nothing behind it is read",
    send: get("", `${PATH}/1`) + get("X: a\0b\r\n") + get("", `${PATH}/stray`),
    front: "200 400 close",
    answers: 2,
  },
  {
    name: "empty lines before a request",
    clause: "RFC 9112 §2.2: ignored",
    send: `\r\n\r\n${get()}`,
    front: "200 keep",
  },
  {
    name: "Connection: close",
    clause: "RFC 9112 §9.6: nothing behind it is read",
    send: get("Connection: close\r\n") + get("", `${PATH}/stray`),
    front: "200 close",
  },
];

export const plain: RawCase[] = [...targets, ...methods, ...versions, ...sizes, ...pipelines];
