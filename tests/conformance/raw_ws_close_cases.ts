// WebSocket cases on closing and on sizes (see raw_ws_cases.ts).

import { BINARY, CLOSE, closeFrame, frame, joined, MORE, PING, TEXT } from "./raw_ws.ts";
import { failed, part, type WsCase } from "./raw_ws_cases.ts";

const MB = 1024 * 1024;
const big = "BAsd7&jh23".repeat(26_215).slice(0, 262_144);
const closes: WsCase[] = [
  {
    id: "7.1.1",
    title: "a text, then close",
    send: [frame(TEXT, "Hello"), 1, closeFrame(1000)],
    events: ["text Hello"],
    end: "1000",
  },
  {
    id: "7.1.2",
    title: "close twice",
    send: [closeFrame(1000), closeFrame(1000)],
    events: [],
    end: "1000",
  },
  {
    id: "7.1.3",
    title: "a ping after close",
    send: [closeFrame(1000), frame(PING)],
    events: [],
    end: "1000",
  },
  {
    id: "7.1.4",
    title: "a text after close",
    send: [closeFrame(1000), frame(TEXT, "x")],
    events: [],
    end: "1000",
  },
  {
    id: "7.1.5",
    title: "close within a fragmented text",
    send: [part(TEXT, "a"), closeFrame(1000), frame(MORE, "b")],
    events: [],
    end: "1000",
  },
  {
    id: "7.1.6",
    title: "256 kB, close, a ping",
    send: [frame(TEXT, big), 1, closeFrame(1000), frame(PING)],
    events: [`text ${big}`],
    end: "1000",
  },
  { id: "7.3.1", title: "close without payload", send: [frame(CLOSE)], events: [], end: "1005" },
  {
    id: "7.3.2",
    title: "close of one byte",
    send: [frame(CLOSE, "\x03")],
    events: [],
    end: failed(),
  },
  { id: "7.3.3", title: "close with a code", send: [closeFrame(1000)], events: [], end: "1000" },
  {
    id: "7.3.4",
    title: "close with a reason",
    send: [closeFrame(1000, "Hello World!")],
    events: [],
    end: "1000",
  },
  {
    id: "7.3.5",
    title: "close of 125 bytes",
    send: [closeFrame(1000, "*".repeat(123))],
    events: [],
    end: "1000",
  },
  {
    id: "7.3.6",
    title: "close of 126 bytes",
    send: [closeFrame(1000, "*".repeat(124))],
    events: [],
    end: failed(),
    fast: { end: "1000", why: "Deno answers an oversized close frame" },
  },
  {
    id: "7.5.1",
    title: "close with a reason that is no UTF-8",
    send: [closeFrame(1000, "\xce\xba\xed\xa0\x80")],
    events: [],
    end: failed("1007"),
  },
];

function* closeCodes(): Generator<WsCase> {
  const valid = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
  for (const [i, code] of valid.entries()) {
    yield {
      id: `7.7.${i + 1}`,
      title: `close ${code}`,
      send: [closeFrame(code)],
      events: [],
      end: String(code),
    };
  }
  for (const [i, code] of [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999].entries()) {
    yield {
      id: `7.9.${i + 1}`,
      title: `close ${code}`,
      send: [closeFrame(code)],
      events: [],
      end: failed(),
    };
  }
  for (const [i, code] of [5000, 65_535].entries()) {
    yield {
      id: `7.13.${i + 1}`,
      title: `close ${code}`,
      send: [closeFrame(code)],
      events: [],
      end: failed(),
    };
  }
}

function* limits(): Generator<WsCase> {
  for (
    const [i, [opcode, name]] of [[TEXT, "text"], [BINARY, "binary"]].entries() as Iterable<
      [number, [number, string]]
    >
  ) {
    for (const [j, mb] of [1 / 16, 1 / 4, 1, 4, 8, 16].entries()) {
      const payload = "*".repeat(mb * MB);
      yield {
        id: `9.${i + 1}.${j + 1}`,
        title: `${name} of ${mb < 1 ? `${mb * 1024} kB` : `${mb} MB`}`,
        send: [frame(opcode, payload)],
        events: [`${name} ${payload}`],
        end: "1000",
      };
    }
    const payload = "*".repeat(4 * MB);
    for (const [j, size] of [[1, 64], [4, 4096], [8, MB]] as const) {
      yield {
        id: `9.${i + 3}.${j}`,
        title: `${name} of 4 MB in fragments of ${size} bytes`,
        send: [fragmented(opcode, payload, size)],
        events: [`${name} ${payload}`],
        end: "1000",
      };
    }
    for (const [j, size] of [[1, 64], [5, 1024]] as const) {
      yield {
        id: `9.${i + 5}.${j}`,
        title: `${name} of 1 MB in packets of ${size} bytes`,
        send: [frame(opcode, payload.slice(0, MB))],
        chop: size,
        events: [`${name} ${payload.slice(0, MB)}`],
        end: "1000",
      };
    }
    for (const [j, size] of [[1, 0], [3, 64], [6, 4096]] as const) {
      const each = "*".repeat(size);
      yield {
        id: `9.${i + 7}.${j}`,
        title: `1000 times ${name} of ${size} bytes`,
        send: Array.from({ length: 1_000 }, () => frame(opcode, each)),
        events: Array.from({ length: 1_000 }, () => `${name} ${each}`),
        end: "1000",
      };
    }
  }
  const text = "*".repeat(65_536);
  yield {
    id: "10.1.1",
    title: "text of 65536 bytes in fragments of 1300 bytes",
    send: [fragmented(TEXT, text, 1300)],
    events: [`text ${text}`],
    end: "1000",
  };
}

function fragmented(opcode: number, payload: string, size: number): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < payload.length; at += size) {
    const fin = at + size >= payload.length;
    pieces.push(frame(at === 0 ? opcode : MORE, payload.slice(at, at + size), { fin }));
  }
  return joined(...pieces);
}

export const closeCases: WsCase[] = [...closes, ...closeCodes(), ...limits()];
