// WebSocket cases on UTF-8 (see raw_ws_cases.ts).

import { frame, MORE, TEXT } from "./raw_ws.ts";
import { failed, part, type WsCase } from "./raw_ws_cases.ts";

/** Whole groups of Autobahn's, which are Markus Kuhn's stress test for UTF-8 decoders: hex, in the order of the cases. */
const VALID: Record<string, string[]> = {
  "6.5": [
    "68656c6c6f24776f726c64",
    "68656c6c6fc2a2776f726c64",
    "68656c6c6fe282ac776f726c64",
    "68656c6c6ff0a4ada2776f726c64",
    "cebae1bdb9cf83cebcceb5",
  ],
  "6.7": ["00", "c280", "e0a080", "f0908080"],
  "6.9": ["7f", "dfbf", "efbfbf", "f48fbfbf"],
  "6.22": nonCharacters(),
  "6.23": ["efbfb9", "efbfba", "efbfbb", "efbfbc", "efbfbd", "efbfbe", "efbfbf"],
};
const INVALID: Record<string, string[]> = {
  "6.8": ["f888808080", "fc8480808080"],
  "6.10": ["f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf"],
  "6.12": [
    "80",
    "bf",
    "80bf",
    "80bf80",
    "80bf80bf",
    "80bf80bf80",
    "80bf80bf80bf",
    each(0x80, 0xbf, ""),
  ],
  "6.13": [[0xc0, 0xdf], [0xe0, 0xef], [0xf0, 0xf7], [0xf8, 0xfb], [0xfc, 0xfd]]
    .map(([first, last]) => each(first!, last!, "20")),
  "6.14": withoutEnd(),
  "6.15": [withoutEnd().join("")],
  "6.16": ["fe", "ff", "fefeffff"],
  "6.17": ["c0af", "e080af", "f08080af", "f8808080af", "fc80808080af"],
  "6.18": ["c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf"],
  "6.19": ["c080", "e08080", "f0808080", "f880808080", "fc8080808080"],
  "6.20": ["eda080", "edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf"],
  "6.21": ["eda080", "edadbf", "edae80", "edafbf"]
    .flatMap((high) => [`${high}edb080`, `${high}edbfbf`]),
};
/** The bytes of κόσμε, cut everywhere (6.6), and the first code points around what is not one (6.11). */
const MIXED: Record<string, [string, boolean][]> = {
  "6.6": [...Array(11).keys()].map((i) => [
    "cebae1bdb9cf83cebcceb5".slice(0, 2 * i + 2),
    [2, 5, 7, 9, 11].includes(i + 1),
  ]),
  "6.11": [
    ["ed9fbf", true],
    ["ee8080", true],
    ["efbfbd", true],
    ["f48fbfbf", true],
    ["f4908080", false],
  ],
};

/** U+FFFE and U+FFFF, and the last two of every other plane: good UTF-8, whatever they mean. */
function nonCharacters(): string[] {
  return [...Array(34).keys()].map((i) => {
    const text = String.fromCodePoint((i >> 1) * 0x10000 + 0xfffe + (i & 1));
    return hexOf(new TextEncoder().encode(text));
  });
}

/** Sequences of two to six bytes, the lowest and the highest of each, whose last byte is missing. */
function withoutEnd(): string[] {
  const low = ["c0", "e080", "f08080", "f8808080", "fc80808080"];
  return [...low, "df", "efbf", "f7bfbf", "fbbfbfbf", "fdbfbfbfbf"];
}

function each(first: number, last: number, behind: string): string {
  let hex = "";
  for (let byte = first; byte <= last; byte++) hex += byte.toString(16) + behind;
  return hex;
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function chars(hex: string): string {
  return hex.replace(/../g, (pair) => String.fromCharCode(parseInt(pair, 16)));
}

function* sequences(): Generator<WsCase> {
  const groups = [
    ...Object.entries(MIXED),
    ...Object.entries(VALID).map(([id, all]) => [id, all.map((hex) => [hex, true])]),
    ...Object.entries(INVALID).map(([id, all]) => [id, all.map((hex) => [hex, false])]),
  ] as [string, [string, boolean][]][];
  groups.sort(([a], [b]) => Number(a.slice(2)) - Number(b.slice(2)));
  for (const [group, all] of groups) {
    for (const [i, [hex, valid]] of all.entries()) {
      const text = chars(hex);
      const shown = hex.length > 40 ? `${hex.slice(0, 40)}…` : hex;
      yield {
        id: `${group}.${i + 1}`,
        title: `${valid ? "valid" : "invalid"} UTF-8 ${shown}`,
        send: [frame(TEXT, text)],
        events: valid ? [`text ${text}`] : [],
        end: valid ? "1000" : failed("1007"),
      };
    }
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
    id: "6.2.4",
    title: "valid, more than one byte in each character, a fragment for each byte",
    send: bytewise(good),
    events: [`text ${good}`],
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
  {
    id: "6.4.4",
    title: "the same, a byte at a time",
    send: [frame(TEXT, `${good}${bad}edited`)],
    chop: 1,
    events: [],
    end: failed("1007"),
  },
];

export const textCases: WsCase[] = [...utf8, ...sequences()];
