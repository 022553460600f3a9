// WebSocket cases on UTF-8 (see raw_ws_cases.ts).

import { frame, MORE, TEXT } from "./raw_ws.ts";
import { failed, part, type WsCase } from "./raw_ws_cases.ts";

/** `[case, hex, valid]`: sequences of Markus Kuhn's stress test for UTF-8 decoders, as Autobahn numbers them. */
const SEQUENCES: [string, string, boolean][] = [
  ["6.5.1", "ceba", true],
  ["6.5.2", "cebae1bdb9cf83cebcceb5", true],
  ["6.6.1", "ce", false],
  ["6.6.3", "cebae1", false],
  ["6.6.4", "cebae1bd", false],
  ["6.6.5", "cebae1bdb9", true],
  ["6.6.11", "cebae1bdb9cf83cebcceb5", true],
  ["6.7.1", "00", true],
  ["6.7.2", "c280", true],
  ["6.7.3", "e0a080", true],
  ["6.7.4", "f0908080", true],
  ["6.8.1", "f888808080", false],
  ["6.8.2", "fc8480808080", false],
  ["6.9.1", "7f", true],
  ["6.9.2", "dfbf", true],
  ["6.9.3", "efbfbf", true],
  ["6.9.4", "f48fbfbf", true],
  ["6.10.1", "f7bfbfbf", false],
  ["6.10.2", "fbbfbfbfbf", false],
  ["6.10.3", "fdbfbfbfbfbf", false],
  ["6.11.1", "ed9fbf", true],
  ["6.11.2", "ee8080", true],
  ["6.11.3", "efbfbd", true],
  ["6.11.4", "f48fbfbf", true],
  ["6.11.5", "f4908080", false],
  ["6.12.1", "80", false],
  ["6.12.2", "bf", false],
  ["6.12.3", "80bf", false],
  ["6.12.4", "80bf80", false],
  ["6.13.1", "c020c120c220", false],
  ["6.13.2", "e020e120e220", false],
  ["6.13.3", "f020f120f220", false],
  ["6.14.1", "c0", false],
  ["6.14.2", "e080", false],
  ["6.14.3", "f08080", false],
  ["6.14.6", "df", false],
  ["6.14.7", "efbf", false],
  ["6.14.8", "f7bfbf", false],
  ["6.16.1", "fe", false],
  ["6.16.2", "ff", false],
  ["6.16.3", "fefeffff", false],
  ["6.17.1", "c0af", false],
  ["6.17.2", "e080af", false],
  ["6.17.3", "f08080af", false],
  ["6.18.1", "c1bf", false],
  ["6.18.2", "e09fbf", false],
  ["6.18.3", "f08fbfbf", false],
  ["6.19.1", "c080", false],
  ["6.20.1", "eda080", false],
  ["6.20.4", "edaebf", false],
  ["6.20.7", "edbfbf", false],
  ["6.21.1", "eda080edb080", false],
  ["6.21.8", "edafbfedbfbf", false],
  ["6.22.1", "efbfbe", true],
  ["6.22.2", "efbfbf", true],
  ["6.23.1", "efbfbd", true],
];

function chars(hex: string): string {
  return hex.replace(/../g, (pair) => String.fromCharCode(parseInt(pair, 16)));
}

function* sequences(): Generator<WsCase> {
  for (const [id, hex, valid] of SEQUENCES) {
    const text = chars(hex);
    yield {
      id,
      title: `${valid ? "valid" : "invalid"} UTF-8 ${hex}`,
      send: [frame(TEXT, text)],
      events: valid ? [`text ${text}`] : [],
      end: valid ? "1000" : failed("1007"),
    };
  }
}

const greeting = "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!";
const bytewise = (text: string) =>
  [...text].map((char, i) => {
    return frame(i === 0 ? TEXT : MORE, char, { fin: i === text.length - 1 });
  });
const good = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
const bad = "\xf4\x90\x80\x80";

const utf8: WsCase[] = [
  { id: "6.1.1", title: "an empty text", send: [frame(TEXT)], events: ["text "], end: "1000" },
  {
    id: "6.1.2",
    title: "three empty fragments",
    send: [part(TEXT, ""), part(MORE, ""), frame(MORE)],
    events: ["text "],
    end: "1000",
  },
  {
    id: "6.1.3",
    title: "the middle one of three is not empty",
    send: [part(TEXT, ""), part(MORE, "middle"), frame(MORE)],
    events: ["text middle"],
    end: "1000",
  },
  {
    id: "6.2.1",
    title: "valid, one frame",
    send: [frame(TEXT, greeting)],
    events: [`text ${greeting}`],
    end: "1000",
  },
  {
    id: "6.2.2",
    title: "valid, cut between two characters",
    send: [part(TEXT, greeting.slice(0, 8)), frame(MORE, greeting.slice(8))],
    events: [`text ${greeting}`],
    end: "1000",
  },
  {
    id: "6.2.3",
    title: "valid, a fragment for each byte",
    send: bytewise(greeting),
    events: [`text ${greeting}`],
    end: "1000",
  },
  {
    id: "6.3.1",
    title: "invalid, one frame",
    send: [frame(TEXT, `${good}\xed\xa0\x80edited`)],
    events: [],
    end: failed("1007"),
  },
  {
    id: "6.3.2",
    title: "invalid, a fragment for each byte",
    send: bytewise(`${good}\xed\xa0\x80edited`),
    events: [],
    end: failed("1007"),
  },
  {
    id: "6.4.1",
    title: "invalid in the second of three fragments",
    send: [part(TEXT, good), part(MORE, bad), frame(MORE, "edited")],
    events: [],
    end: failed("1007"),
  },
  {
    id: "6.4.2",
    title: "invalid from the middle of a character",
    send: [part(TEXT, `${good}\xf4`), part(MORE, "\x90"), frame(MORE, "\x80\x80edited")],
    events: [],
    end: failed("1007"),
  },
  {
    id: "6.4.3",
    title: "invalid in the middle of one frame, sent in pieces",
    send: [frame(TEXT, `${good}${bad}edited`)],
    chop: 5,
    events: [],
    end: failed("1007"),
  },
];

export const textCases: WsCase[] = [...utf8, ...sequences()];
