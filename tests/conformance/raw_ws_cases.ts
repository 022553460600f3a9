// WebSocket cases, frame by frame, named after those of the Autobahn suite that ask the same (the suite itself
// needs Python 2). `send`: bytes, or a number of events to wait for. `end`: how the connection must end: with 1000
// when we close it at the end of the case, with the code that the case itself closes it with, or failed by the
// server with that code (`fail 1002`).

import { BINARY, CLOSE, frame, type FrameOptions, joined, PING, PONG, TEXT } from "./raw_ws.ts";

export interface WsCase {
  id: string;
  title: string;
  send: (Uint8Array | number)[];
  /** Bytes are sent in pieces of so many. */
  chop?: number;
  events: string[];
  end: string;
  /** The same on the fast path, where it differs, and why. */
  fast?: { end: string; why: string };
}

const part = (opcode: number, payload: string, options: FrameOptions = {}) =>
  frame(opcode, payload, { fin: false, ...options });
/** The server must fail the connection, with this code. */
const failed = (code = "1002") => `fail ${code}`;

function* lengths(): Generator<WsCase> {
  for (
    const [i, [opcode, name]] of [[TEXT, "text"], [BINARY, "binary"]].entries() as Iterable<
      [number, [number, string]]
    >
  ) {
    for (const [j, size] of [0, 125, 126, 127, 128, 65_535, 65_536].entries()) {
      const payload = (name === "text" ? "*" : "\xfe").repeat(size);
      yield {
        id: `1.${i + 1}.${j + 1}`,
        title: `${name} of ${size} bytes`,
        send: [frame(opcode, payload)],
        events: [`${name} ${payload}`],
        end: "1000",
      };
    }
    const payload = (name === "text" ? "*" : "\xfe").repeat(65_536);
    yield {
      id: `1.${i + 1}.8`,
      title: `${name} of 65536 bytes in pieces of 997`,
      send: [frame(opcode, payload)],
      chop: 997,
      events: [`${name} ${payload}`],
      end: "1000",
    };
  }
}

const ten = [...Array(10).keys()];
const pings: WsCase[] = [
  { id: "2.1", title: "ping without payload", send: [frame(PING)], events: ["pong "], end: "1000" },
  {
    id: "2.2",
    title: "ping with text",
    send: [frame(PING, "Hello")],
    events: ["pong Hello"],
    end: "1000",
  },
  {
    id: "2.3",
    title: "ping with bytes that are no UTF-8",
    send: [frame(PING, "\x00\xff\xfe\xfd\xfc\xfb\x00\xff")],
    events: ["pong \x00\xff\xfe\xfd\xfc\xfb\x00\xff"],
    end: "1000",
  },
  {
    id: "2.4",
    title: "ping of 125 bytes",
    send: [frame(PING, "\xfe".repeat(125))],
    events: [`pong ${"\xfe".repeat(125)}`],
    end: "1000",
  },
  {
    id: "2.5",
    title: "ping of 126 bytes",
    send: [frame(PING, "\xfe".repeat(126))],
    events: [],
    end: failed(),
  },
  {
    id: "2.6",
    title: "ping of 125 bytes, byte by byte",
    send: [frame(PING, "\xfe".repeat(125))],
    chop: 1,
    events: [`pong ${"\xfe".repeat(125)}`],
    end: "1000",
  },
  { id: "2.7", title: "pong that nobody asked for", send: [frame(PONG)], events: [], end: "1000" },
  {
    id: "2.8",
    title: "the same with payload",
    send: [frame(PONG, "unsolicited")],
    events: [],
    end: "1000",
  },
  {
    id: "2.9",
    title: "the same, then a ping",
    send: [frame(PONG, "unsolicited"), frame(PING, "ping")],
    events: ["pong ping"],
    end: "1000",
  },
  {
    id: "2.10",
    title: "ten pings",
    send: ten.map((i) => frame(PING, `payload-${i}`)),
    events: ten.map((i) => `pong payload-${i}`),
    end: "1000",
  },
  {
    id: "2.11",
    title: "ten pings, byte by byte",
    send: ten.map((i) => frame(PING, `payload-${i}`)),
    chop: 1,
    events: ten.map((i) => `pong payload-${i}`),
    end: "1000",
  },
];

const hello = frame(TEXT, "Hello, world!");
const helloBack = "text Hello, world!";
const afterHello = (bad: Uint8Array) => ({
  send: [hello, 1, joined(bad, frame(PING))],
  events: [helloBack],
  end: failed(),
});
const reserved: WsCase[] = [
  {
    id: "3.1",
    title: "RSV=1",
    send: [frame(TEXT, "Hello", { rsv: 1 })],
    events: [],
    end: failed(),
  },
  { id: "3.2", title: "a good text, then RSV=2", ...afterHello(frame(TEXT, "x", { rsv: 2 })) },
  { id: "3.3", title: "a good text, then RSV=3", ...afterHello(frame(TEXT, "x", { rsv: 3 })) },
  {
    id: "3.4",
    title: "a good text, then RSV=4, byte by byte",
    chop: 1,
    ...afterHello(frame(TEXT, "x", { rsv: 4 })),
  },
  {
    id: "3.5",
    title: "binary, RSV=5",
    send: [frame(BINARY, "\xff", { rsv: 5 })],
    events: [],
    end: failed(),
  },
  {
    id: "3.6",
    title: "ping, RSV=6",
    send: [frame(PING, "x", { rsv: 6 })],
    events: [],
    end: failed(),
  },
  {
    id: "3.7",
    title: "close, RSV=7",
    send: [frame(CLOSE, "", { rsv: 7 })],
    events: [],
    end: failed(),
  },
];

export const frameCases: WsCase[] = [...lengths(), ...pings, ...reserved];
export { afterHello, failed, hello, helloBack, part };
