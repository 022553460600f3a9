// WebSocket cases on opcodes and fragments, and some that the Autobahn suite has not (see raw_ws_cases.ts).

import { bytesOf } from "./raw_http.ts";
import { BINARY, frame, joined, MORE, PING, PONG, TEXT } from "./raw_ws.ts";
import { afterHello, failed, hello, helloBack, part, type WsCase } from "./raw_ws_cases.ts";

function* opcodes(): Generator<WsCase> {
  for (const [i, first] of [3, 11].entries()) {
    for (let j = 0; j < 5; j++) {
      const opcode = first + j;
      const payload = j % 2 === 0 ? "" : "x";
      yield j < 2
        ? {
          id: `4.${i + 1}.${j + 1}`,
          title: `opcode ${opcode}`,
          send: [frame(opcode, payload)],
          events: [],
          end: failed(),
        }
        : {
          id: `4.${i + 1}.${j + 1}`,
          title: `a good text, then opcode ${opcode}`,
          ...afterHello(frame(opcode, payload)),
        };
    }
  }
}

const two = [part(TEXT, "fragment1"), frame(MORE, "fragment2")];
const whole = "text fragment1fragment2";
const between = [part(TEXT, "fragment1"), frame(PING, "ping"), frame(MORE, "fragment2")];
const five = [
  part(TEXT, "1"),
  part(MORE, "2"),
  frame(PING, "a"),
  part(MORE, "3"),
  part(MORE, "4"),
  frame(PING, "b"),
  frame(MORE, "5"),
];
const HOW = {
  packet: ", in one packet",
  frames: ", one by one",
  bytes: ", byte by byte",
};
const nothing = (id: string, fin: boolean, how: keyof typeof HOW): WsCase => {
  const frames = [frame(MORE, "non-continuation", { fin }), hello];
  return {
    id,
    title: `a continuation (FIN=${fin ? 1 : 0}) of nothing, then a text${HOW[how]}`,
    send: how === "packet" ? [joined(...frames)] : frames,
    ...(how === "bytes" ? { chop: 1 } : {}),
    events: [],
    end: failed(),
  };
};
const nothingFirst = (id: string, fin: boolean): WsCase => ({
  id,
  title: `a continuation (FIN=${fin ? 1 : 0}) of nothing, then a whole message, twice`,
  send: [1, 2].flatMap(() => [frame(MORE, "x", { fin }), ...two]),
  events: [],
  end: failed(),
});
const fragments: WsCase[] = [
  {
    id: "5.1",
    title: "ping in two fragments",
    send: [part(PING, "a"), frame(MORE, "b")],
    events: [],
    end: failed(),
  },
  {
    id: "5.2",
    title: "pong in two fragments",
    send: [part(PONG, "a"), frame(MORE, "b")],
    events: [],
    end: failed(),
  },
  {
    id: "5.3",
    title: "text in two fragments, in one packet",
    send: [joined(...two)],
    events: [whole],
    end: "1000",
  },
  {
    id: "5.4",
    title: "text in two fragments, one by one",
    send: two,
    events: [whole],
    end: "1000",
  },
  {
    id: "5.5",
    title: "text in two fragments, byte by byte",
    send: two,
    chop: 1,
    events: [whole],
    end: "1000",
  },
  {
    id: "5.6",
    title: "a ping between, in one packet",
    send: [joined(...between)],
    events: ["pong ping", whole],
    end: "1000",
  },
  {
    id: "5.7",
    title: "a ping between, one by one",
    send: between,
    events: ["pong ping", whole],
    end: "1000",
  },
  {
    id: "5.8",
    title: "a ping between, byte by byte",
    send: between,
    chop: 1,
    events: ["pong ping", whole],
    end: "1000",
  },
  nothing("5.9", true, "packet"),
  nothing("5.10", true, "frames"),
  nothing("5.11", true, "bytes"),
  nothing("5.12", false, "packet"),
  nothing("5.13", false, "frames"),
  nothing("5.14", false, "bytes"),
  {
    id: "5.15",
    title: "a whole message, then a continuation of nothing",
    send: [...two, 1, frame(MORE, "x", { fin: false }), hello],
    events: [whole],
    end: failed(),
  },
  nothingFirst("5.16", false),
  nothingFirst("5.17", true),
  {
    id: "5.18",
    title: "a second message within the first",
    send: [part(TEXT, "fragment1"), frame(TEXT, "fragment2")],
    events: [],
    end: failed(),
  },
  {
    id: "5.19",
    title: "five fragments with two pings, one by one",
    send: five,
    events: ["pong a", "pong b", "text 12345"],
    end: "1000",
  },
  {
    id: "5.20",
    title: "the same in one packet",
    send: [joined(...five)],
    events: ["pong a", "pong b", "text 12345"],
    end: "1000",
  },
];

/** RFC 6455 §5.1, §5.2: not in Autobahn's list, but just as binding. */
const others: WsCase[] = [
  {
    id: "K.1",
    title: "an unmasked text",
    send: [frame(TEXT, "Hello", { masked: false })],
    events: [],
    end: failed(),
    fast: { end: "text, 1000", why: "Deno takes unmasked frames" },
  },
  {
    id: "K.2",
    title: "an unmasked ping",
    send: [frame(PING, "Hello", { masked: false })],
    events: [],
    end: failed(),
    fast: { end: "pong, 1000", why: "Deno takes unmasked frames" },
  },
  {
    id: "K.3",
    title: "a length of 2^63",
    send: [frame(BINARY, "", { length: { says: 1n << 63n, bytes: 8 } })],
    events: [],
    end: failed("1009"),
  },
  {
    id: "K.4",
    title: "64 MB and a byte, announced",
    send: [frame(BINARY, "", { length: { says: 64n * 1024n * 1024n + 1n, bytes: 8 } })],
    events: [],
    end: failed("1009"),
  },
  {
    id: "K.5",
    title: "64 MB and a byte in fragments, announced",
    send: [part(BINARY, "x"), frame(MORE, "", { length: { says: 64n * 1024n * 1024n, bytes: 8 } })],
    events: [],
    end: failed("1009"),
  },
  {
    id: "K.6",
    title: "junk behind a good text",
    send: [hello, 1, bytesOf("GET / HTTP/1.1\r\n\r\n")],
    events: [helloBack],
    end: failed(),
  },
];

export const fragmentCases: WsCase[] = [...opcodes(), ...fragments, ...others];
