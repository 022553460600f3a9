// The command line: from words to a typed `Flags`, or to the text that says what to do instead. Pure:
// it neither prints nor exits nor looks at the disk; main.ts does.

import { parseArgs } from "@std/cli/parse-args";
import { join } from "@std/path";
import { closestString } from "@std/text/closest-string";
import { parseNodeName } from "./protocol/address.ts";

/** The same as in deno.json; flags_test.ts compares them. */
export const VERSION = "0.1.0";

export interface Flags {
  /** Where the node keeps everything of its own; made when missing. */
  home: string;
  /** The folder of the user's scripts. */
  processes: string;
  /** The node's name, for example `fake.dev`. */
  name: string;
  /** The address to listen on. */
  hostname: string;
  /** What only the front door knows (docs/HTTP.md); null: nothing was asked of it, the fast path serves. */
  frontDoor: FrontDoorFlags | null;
  /** undefined: the first free one from 8080 to 8998. 0: any free one. Else exactly this one. */
  port: number | undefined;
  /** It stands alone, and every password is right. */
  fake: boolean;
  /** A file whose first line is the owner's password. */
  passwordFile: string | null;
  /** The largest request body that a process gets whole, in bytes; whether answers are compressed; of WebSockets. */
  http: {
    bodyBytesMax: number;
    compression: boolean;
    channelsMax: number;
    wsMessageBytesMax: number;
    /** Beside localhost, where processes have hosts of their own. */
    domains: string[];
  };
  /** The largest answer that a process which calls out gets whole, in bytes. */
  clientBodyBytesMax: number;
  /** Of memory for the whole node, in MB; `null`: what the machine allows. And whether the unresponsive are ended. */
  bounds: { memoryMbMax: number | null; killUnresponsive: boolean };
  /** Processes of the folder get no capabilities but what `<home>/grants.json` grants. */
  strict: boolean;
}

export interface FrontDoorFlags {
  tls: { certFile: string; keyFile: string } | null;
  /** Networks, as in `10.0.0.0/8`; not looked at here. */
  trustedProxies: string[];
  /** As in `connections=1000`; not looked at here. */
  limits: string[];
}

/** `show` goes to stdout, exit 0; `fail` goes to stderr, exit 2. Neither ends with a newline. */
export type Parsed = { run: Flags } | { show: string } | { fail: string };

const SWITCHES = ["fake", "strict", "no-compression", "kill-unresponsive", "help", "version"];
const VALUES: Record<string, string> = {
  home: "a folder, as in --home ./kinode-home",
  processes: "a folder, as in --processes ./scripts",
  name: "a node name, as in --name fake.dev",
  port: "a number, as in --port 8080",
  domain: "a domain, as in --domain home.example.org",
  "http-body-mb": "a number of megabytes, as in --http-body-mb 32",
  "ws-message-mb": "a number of megabytes, as in --ws-message-mb 16",
  "client-body-mb": "a number of megabytes, as in --client-body-mb 16",
  "ws-max": "a number of WebSockets, as in --ws-max 20000",
  listen: "an address, as in --listen 0.0.0.0 or --listen 192.168.1.5:8080",
  "tls-cert": "a PEM file with the certificate and what vouches for it",
  "tls-key": "a PEM file with the certificate's private key",
  "trust-proxy": "addresses or networks, as in --trust-proxy 127.0.0.1,10.0.0.0/8",
  limit: "a limit and its value, as in --limit connections=1000",
  "memory-mb": "a number of megabytes, as in --memory-mb 2048",
  "password-file": "a file with the password in its first line",
};
const PORT_MAX = 65_535;
/** A message must hold the body. */
const HTTP_BODY_MB_MAX = 64;
const HTTP_BODY_MB = 16;
const WS_MESSAGE_MB = 64;
const WS_MAX = 10_000;
const WS_MAX_MAX = 100_000;
const CLIENT_BODY_MB = 64;
const CLIENT_BODY_MB_MAX = 256; // As much as all requests of a process may hold.
/** The node alone takes more than half of it. */
const MEMORY_MB_MIN = 256;

const HELP = `kinode ${VERSION}: a personal server that runs the scripts of a folder

Usage: kinode [flags]

  --fake            Run a node to try things on: it takes every password
  --home DIR        Where the node keeps its data      (default: ./kinode-home)
  --processes DIR   The folder of your scripts         (default: <home>/processes)
  --name NAME       The node's name        (default: kinode.local; with --fake: fake.dev)
  --port N          Exactly this port; 0 is any free one
                                                       (default: first free from 8080 to 8998)
  --listen HOST[:PORT]
                    Listen there instead of 127.0.0.1: 0.0.0.0 is every address of this machine
  --tls-cert FILE, --tls-key FILE
                    Serve https with this certificate (PEM); read again when it changes
  --trust-proxy NETWORK,...
                    Believe the X-Forwarded headers of requests from there
  --limit NAME=N    Set a limit of the front door (docs/HTTP.md); may be given several times
  --password-file FILE
                    Log the owner in at the start, with the password in its first line
  --domain NAME     Processes have hosts below it, as hello.NAME   (always: hello.localhost)
  --http-body-mb N  The largest request body that a process gets in one message
                                                       (default: 16, at most 64)
  --no-compression  Send HTTP answers as they are
  --ws-message-mb N The largest WebSocket message         (default: 64, at most 64)
  --client-body-mb N The largest answer that a process gets whole (default: 64, at most 256)
  --ws-max N        WebSockets open at a time              (default: 10000)
  --memory-mb N     Beyond it the process that holds the most memory is ended
                                         (default: three quarters of the machine's)
  --kill-unresponsive
                    End a process that takes no message for 30 s although some wait
  --strict          Give processes nothing but what <home>/grants.json grants
  --version         Print the version
  --help            Print this text

Commands: kinode new NAME, kinode check, kinode types; each has a --help.

Drop a script into the folder, and it runs; save it, and it restarts.`;

/** Reads the arguments (`Deno.args`). The first thing that is wrong is the one that is told. */
export function parseFlags(args: readonly string[]): Parsed {
  const strangers: { arg: string; flag?: string }[] = [];
  const parsed = parseArgs(withNumbers(args), {
    boolean: SWITCHES,
    string: [...Object.keys(VALUES), "_"],
    collect: ["limit"],
    alias: { help: "h", version: "V" },
    unknown(arg, flag) {
      strangers.push(flag === undefined ? { arg } : { arg, flag });
      return false;
    },
  });
  if (parsed.help) return { show: HELP };
  if (parsed.version) return { show: `kinode ${VERSION}` };
  // What stands behind a bare `--` is positional, and is not passed to unknown().
  const stranger = strangers[0] ?? parsed._.map((arg) => ({ arg: String(arg) }))[0];
  if (stranger !== undefined) return { fail: refuse(stranger) };
  for (const [flag, wants] of Object.entries(VALUES)) {
    if ([parsed[flag]].flat().includes("")) {
      return { fail: `--${flag} has no value: it wants ${wants}.` };
    }
  }
  try {
    return read(parsed);
  } catch (error) {
    if (error instanceof SyntaxError) return { fail: error.message };
    throw error;
  }
}

/** `--port -1` means a number, and not another flag. */
function withNumbers(args: readonly string[]): string[] {
  const words: string[] = [];
  for (const arg of args) {
    const before = words.at(-1)?.replace(/^--/, "") ?? "";
    if (/^-\d/.test(arg) && Object.hasOwn(VALUES, before)) words.push(`${words.pop()}=${arg}`);
    else words.push(arg);
  }
  return words;
}

function read(parsed: Record<string, unknown>): Parsed {
  const words = parsed as Record<string, string | undefined>;
  const { home, processes, name, port, fake, strict, "password-file": passwordFile } = words;
  const listen = readListen(words.listen);
  if (port !== undefined && listen.port !== undefined) {
    return {
      fail: `--port ${port}: --listen ${words.listen} names a port already; leave one out.`,
    };
  }
  const flags: Flags = {
    home: home ?? "./kinode-home",
    processes: processes ?? join(home ?? "./kinode-home", "processes"),
    name: name === undefined ? (fake ? "fake.dev" : "kinode.local") : readName(name),
    hostname: listen.hostname,
    frontDoor: readFrontDoor(parsed),
    port: port === undefined ? listen.port : readPort("--port", port),
    fake: Boolean(fake),
    passwordFile: passwordFile ?? null,
    http: {
      bodyBytesMax: readMegabytes(words["http-body-mb"]),
      channelsMax: readWhole("ws-max", words["ws-max"] ?? `${WS_MAX}`, WS_MAX_MAX),
      wsMessageBytesMax: 1024 * 1024 *
        readWhole("ws-message-mb", words["ws-message-mb"] ?? `${WS_MESSAGE_MB}`, WS_MESSAGE_MB),
      compression: !words["no-compression"],
      domains: readDomains(words.domain),
    },
    clientBodyBytesMax: 1024 * 1024 *
      readWhole(
        "client-body-mb",
        words["client-body-mb"] ?? `${CLIENT_BODY_MB}`,
        CLIENT_BODY_MB_MAX,
      ),
    bounds: {
      memoryMbMax: words["memory-mb"] === undefined ? null : readMemory(words["memory-mb"]),
      killUnresponsive: Boolean(words["kill-unresponsive"]),
    },
    strict: Boolean(strict),
  };
  if (fake && passwordFile !== undefined) {
    return { fail: "--password-file: a node that is started with --fake takes every password." };
  }
  return { run: flags };
}

function readDomains(text: string | undefined): string[] {
  if (text === undefined) return [];
  if (/^(?!-)[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(text)) return [text];
  throw new SyntaxError(`--domain ${text}: a domain is a name, as in --domain home.example.org.`);
}

function readName(name: string): string {
  if (name === "our") {
    throw new SyntaxError(`--name our: every node calls itself "our"; choose another name.`);
  }
  try {
    return parseNodeName(name);
  } catch (error) {
    throw new SyntaxError(`--name: ${(error as Error).message}.`);
  }
}

/** `HOST`, `HOST:PORT`, `[IPv6]:PORT` or a bare IPv6 address. */
function readListen(text: string | undefined): { hostname: string; port: number | undefined } {
  if (text === undefined) return { hostname: "127.0.0.1", port: undefined };
  const match = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+))(?::(\d+))?$/.exec(text);
  const bare = /^[\da-fA-F.]*:[\da-fA-F.]*:[\da-fA-F:.]*$/.test(text);
  const hostname = bare ? text : match?.[1] ?? match?.[2];
  if (hostname === undefined) {
    throw new SyntaxError(
      `--listen ${text}: it wants an address and may have a port, as in 0.0.0.0, 192.168.1.5:8080 or [::]:8080.`,
    );
  }
  const port = match?.[3];
  return { hostname, port: port === undefined ? undefined : readPort("--listen", port) };
}

function readFrontDoor(parsed: Record<string, unknown>): FrontDoorFlags | null {
  const words = parsed as Record<string, string | undefined>;
  const { "tls-cert": certFile, "tls-key": keyFile, "trust-proxy": trust } = words;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new SyntaxError("--tls-cert and --tls-key belong together: give both, or neither.");
  }
  const limits = parsed.limit as string[];
  const asked = [words.listen, certFile, trust].some((word) => word !== undefined);
  if (!asked && limits.length === 0) return null;
  return {
    tls: certFile === undefined ? null : { certFile, keyFile: keyFile! },
    trustedProxies: trust === undefined ? [] : trust.split(",").map((word) => word.trim()),
    limits,
  };
}

function readPort(flag: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Infinity;
  if (port <= PORT_MAX) return port;
  throw new SyntaxError(
    `${flag} ${text}: a port is a whole number from 0 (any free port) to ${PORT_MAX}.`,
  );
}

function readMemory(text: string): number {
  const megabytes = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (megabytes >= MEMORY_MB_MIN) return megabytes;
  throw new SyntaxError(
    `--memory-mb ${text}: it is a whole number of megabytes, at least ${MEMORY_MB_MIN}.`,
  );
}

function readMegabytes(text = `${HTTP_BODY_MB}`): number {
  const megabytes = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (megabytes >= 1 && megabytes <= HTTP_BODY_MB_MAX) return megabytes * 1024 * 1024;
  throw new SyntaxError(
    `--http-body-mb ${text}: a whole number of megabytes from 1 to ${HTTP_BODY_MB_MAX}; ` +
      "a script in web style takes bodies of any length, piece by piece.",
  );
}

function readWhole(flag: string, text: string, max: number): number {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= max) return number;
  throw new SyntaxError(`--${flag} ${text}: a whole number from 1 to ${max}.`);
}

function refuse({ arg, flag }: { arg: string; flag?: string }): string {
  if (flag === undefined) {
    return `Unexpected argument "${arg}": kinode takes flags only. ` +
      "Scripts go into <home>/processes, or into the folder that --processes DIR names.";
  }
  const known = [...SWITCHES, ...Object.keys(VALUES)];
  const nearest = closestString(flag, known);
  const written = arg.replace(/=.*$/s, "");
  return `Unknown flag ${written}. Did you mean --${nearest}? (kinode --help lists all flags.)`;
}
