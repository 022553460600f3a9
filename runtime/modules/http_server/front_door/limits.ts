/** The bounds of the front door, with their reasons: as `--limit NAME=N` names them. */
import { closestString } from "@std/text/closest-string";
import { HTTP_HEADER_CHARS_MAX, HTTP_HEADERS_MAX, HTTP_URL_CHARS_MAX } from "../../../limits.ts";

/** docs/HTTP.md says what happens at each. */
export const FRONT_DOOR_LIMITS = {
  /** Every channel (CHANNELS_MAX), and 2,000 for HTTP; each costs a descriptor and about 10 kB. */
  connections: 12_000,
  /** Of one IPv4 address or IPv6 /64: an office behind one address has some hundred, a flood thousands. */
  connections_per_address: 512,
  /** From its first byte to the empty line. As nginx and Node, an order of magnitude below: no honest client needs more. */
  head_seconds: 10,
  /** Without a byte of the body. */
  body_seconds: 20,
  /** Waiting for the body in all: a byte every 19 s may not go on for ever. 1 GB at 28 Mbit/s. */
  body_seconds_total: 300,
  /** Between two requests. */
  idle_seconds: 60,
  /** For 64 kB of an answer: a reader below 2 kB/s holds memory for nothing. */
  write_seconds: 30,
  /** What the head may have is the same as on the fast path, in bytes. */
  head_bytes: HTTP_HEADER_CHARS_MAX,
  head_lines: HTTP_HEADERS_MAX,
  url_bytes: HTTP_URL_CHARS_MAX,
  /** Of all clients, what they do not take and halves of WebSocket messages, in MB: beyond it the oldest are cut. */
  held_mb: 256,
  /** A WebSocket that answers no ping for as long is cut: dead peers say nothing. */
  ping_seconds: 60,
};
export type FrontDoorLimits = Record<keyof typeof FRONT_DOOR_LIMITS, number>;

/** `connections=1000`, each of them. Throws SyntaxError with a text for the person. */
export function parseLimits(words: readonly string[]): FrontDoorLimits {
  return { ...FRONT_DOOR_LIMITS, ...Object.fromEntries(words.map(parseLimit)) };
}

function parseLimit(word: string): [string, number] {
  const [, name, value] = /^([a-z_]+)=(\d{1,9}(?:\.\d{1,3})?)$/.exec(word) ?? [];
  if (name === undefined || Number(value) === 0) {
    throw new SyntaxError(
      `--limit ${word}: it wants a name and a number above 0, as in connections=1000.`,
    );
  }
  const names = Object.keys(FRONT_DOOR_LIMITS);
  if (names.includes(name)) return [name, Number(value)];
  throw new SyntaxError(
    `--limit ${name}: there is no such limit. Did you mean ${closestString(name, names)}? ` +
      `All are: ${names.join(", ")}.`,
  );
}
