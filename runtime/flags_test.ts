import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Flags, type Parsed, parseFlags, VERSION } from "./flags.ts";

function run(...args: string[]) {
  const parsed = parseFlags(["--fake", ...args]);
  return "run" in parsed ? parsed.run : parsed;
}

const MB = 1024 * 1024;
const HTTP = {
  bodyBytesMax: 16 * MB,
  compression: true,
  domains: [],
  channelsMax: 10_000,
  wsMessageBytesMax: 64 * MB,
};

Deno.test("parseFlags() --fake alone is enough", () => {
  assertEquals(run(), {
    home: "./kinode-home",
    processes: "kinode-home/processes",
    name: "fake.dev",
    port: undefined,
    strict: false,
    fake: true,
    passwordFile: null,
    http: HTTP,
    clientBodyBytesMax: 64 * 1024 * 1024,
    bounds: { memoryMbMax: null, killUnresponsive: false },
    hostname: "127.0.0.1",
    frontDoor: null,
  });
});

Deno.test("parseFlags() takes every flag, with a space or =, the last one wins", () => {
  const flags = {
    home: "/srv/a",
    processes: "./scripts",
    name: "a-1.os",
    port: 8123,
    strict: true,
    fake: true,
    passwordFile: null,
    http: HTTP,
    clientBodyBytesMax: 64 * 1024 * 1024,
    bounds: { memoryMbMax: null, killUnresponsive: false },
    hostname: "127.0.0.1",
    frontDoor: null,
  };
  const words = "--home /srv/a --processes ./scripts --name a-1.os --port 8123 --strict";
  assertEquals(run(...words.split(" ")), flags);
  assertEquals(run(...words.replace(/(\w) (?=[^-])/g, "$1=").split(" ")), flags);
  assertEquals(run("--port", "1", ...words.split(" ")), flags);
});

Deno.test("parseFlags() puts the scripts under the home that was given", () => {
  assertEquals(run("--home", "/srv/a"), {
    home: "/srv/a",
    processes: "/srv/a/processes",
    name: "fake.dev",
    port: undefined,
    strict: false,
    fake: true,
    passwordFile: null,
    http: HTTP,
    clientBodyBytesMax: 64 * 1024 * 1024,
    bounds: { memoryMbMax: null, killUnresponsive: false },
    hostname: "127.0.0.1",
    frontDoor: null,
  });
});

Deno.test("parseFlags() keeps a numeric name a string, and port 0 a port", () => {
  assertEquals(run("--name", "42", "--port", "0", "--home", "7"), {
    home: "7",
    processes: "7/processes",
    name: "42",
    port: 0,
    strict: false,
    fake: true,
    passwordFile: null,
    http: HTTP,
    clientBodyBytesMax: 64 * 1024 * 1024,
    bounds: { memoryMbMax: null, killUnresponsive: false },
    hostname: "127.0.0.1",
    frontDoor: null,
  });
});

Deno.test("parseFlags() --help and --version win over everything else", () => {
  for (const args of [["--version"], ["-V"], ["--port", "x", "--version"]]) {
    assertEquals(parseFlags(args), { show: `kinode ${VERSION}` });
  }
  for (const args of [["--help"], ["-h"], ["--bogus", "--help"]]) {
    const { show } = parseFlags(args) as { show: string };
    for (const flag of ["fake", "home", "processes", "name", "port", "strict", "version", "help"]) {
      assertEquals(show.includes(`  --${flag} `), true, flag);
    }
    assertEquals(show.split("\n").filter((line) => line.length > 100), []);
  }
});

Deno.test("VERSION is the one of deno.json", async () => {
  const text = await Deno.readTextFile(new URL("../deno.json", import.meta.url));
  assertEquals(JSON.parse(text).version, VERSION);
});

Deno.test("parseFlags() takes a domain for the hosts of processes, and no URL", () => {
  const { run } = parseFlags(["--domain", "home.example.org"]) as { run: Flags };
  assertEquals(run.http.domains, ["home.example.org"]);
  for (const wrong of ["http://a.b", "a b", ".a", "a:80"]) {
    assertEquals("fail" in parseFlags(["--domain", wrong]), true, wrong);
  }
});

const LISTS = "(kinode --help lists all flags.)";
const PORTS = "a port is a whole number from 0 (any free port) to 65535.";
/** [the words after --fake, what is told] */
const WRONG: [string[], string][] = [
  [["--prot", "8080"], `Unknown flag --prot. Did you mean --port? ${LISTS}`],
  [["--procesess=./x"], `Unknown flag --procesess. Did you mean --processes? ${LISTS}`],
  [["--no-strict"], `Unknown flag --no-strict. Did you mean --strict? ${LISTS}`],
  [["--port"], "--port has no value: it wants a number, as in --port 8080."],
  [["--home", "--strict"], "--home has no value: it wants a folder, as in --home ./kinode-home."],
  [["--name="], "--name has no value: it wants a node name, as in --name fake.dev."],
  [["--port", "abc"], `--port abc: ${PORTS}`],
  [["--port", "70000"], `--port 70000: ${PORTS}`],
  [["--port=-1"], `--port -1: ${PORTS}`],
  [["--port", "-1"], `--port -1: ${PORTS}`],
  [["--port", "80.5"], `--port 80.5: ${PORTS}`],
  [["--port", "0x50"], `--port 0x50: ${PORTS}`],
  [["--name", "our"], `--name our: every node calls itself "our"; choose another name.`],
  [
    ["hello.ts"],
    'Unexpected argument "hello.ts": kinode takes flags only. Scripts go into <home>/processes, ' +
    "or into the folder that --processes DIR names.",
  ],
  [
    ["--", "5"],
    'Unexpected argument "5": kinode takes flags only. Scripts go into <home>/processes, ' +
    "or into the folder that --processes DIR names.",
  ],
];

for (const [args, fail] of WRONG) {
  Deno.test(`parseFlags() refuses: ${args.join(" ")}`, () => {
    assertEquals(parseFlags(["--fake", ...args]), { fail } satisfies Parsed);
  });
}

Deno.test("parseFlags() says which character a node name may not have", () => {
  const { fail } = parseFlags(["--fake", "--name", "Fake.dev"]) as { fail: string };
  assertEquals(fail.includes('has the character "F"') && fail.startsWith("--name: "), true, fail);
});

Deno.test("parseFlags() without --fake is a node with a password, under another name", () => {
  const { run } = parseFlags(["--password-file", "p"]) as { run: Flags };
  assertEquals([run.fake, run.name, run.passwordFile], [false, "kinode.local", "p"]);
  const { fail } = parseFlags(["--fake", "--password-file", "p"]) as { fail: string };
  assertEquals(fail.includes("takes every password"), true, fail);
});

Deno.test("parseFlags() reads what the HTTP server is told, within bounds", () => {
  const { run } = parseFlags(["--fake", "--http-body-mb", "64", "--no-compression"]) as {
    run: Flags;
  };
  assertEquals(run.http, { ...HTTP, bodyBytesMax: 64 * MB, compression: false, domains: [] });
  for (const wrong of ["0", "65", "-1", "1.5", "many"]) {
    const parsed = parseFlags(["--fake", `--http-body-mb=${wrong}`]);
    assertStringIncludes(
      (parsed as { fail: string }).fail,
      `--http-body-mb ${wrong}: a whole number of megabytes from 1 to 64`,
    );
  }
});

Deno.test("parseFlags() takes the bounds of WebSockets, and says which are possible", () => {
  const parsed = parseFlags(["--ws-max", "20000", "--ws-message-mb", "1"]);
  const expected = { ...HTTP, channelsMax: 20_000, wsMessageBytesMax: MB };
  assertEquals("run" in parsed && parsed.run.http, expected);
  for (const wrong of [["--ws-max", "0"], ["--ws-max", "1e3"], ["--ws-message-mb", "65"]]) {
    const refused = parseFlags(wrong);
    assertStringIncludes(
      "fail" in refused ? refused.fail : "",
      `${wrong.join(" ")}: a whole number`,
    );
  }
});

Deno.test("parseFlags() --listen takes an address, and a port with it", () => {
  const of = (text: string) => {
    const { hostname, port, frontDoor } = run("--listen", text) as Flags;
    return [hostname, port, frontDoor !== null];
  };
  assertEquals(of("0.0.0.0"), ["0.0.0.0", undefined, true]);
  assertEquals(of("192.168.1.5:8080"), ["192.168.1.5", 8080, true]);
  assertEquals(of("[::1]:0"), ["::1", 0, true]);
  assertEquals([of("::"), of("[fe80::1]"), of("localhost")], [
    ["::", undefined, true],
    ["fe80::1", undefined, true],
    ["localhost", undefined, true],
  ]);
  for (const text of ["a b", ":80", "http://h", "h:x", "h:99999"]) {
    const { fail } = run("--listen", text) as { fail: string };
    assertEquals(fail.startsWith("--listen "), true, fail);
  }
});

Deno.test("parseFlags() any flag of the front door opens it, on loopback too", () => {
  const of = (...args: string[]) => (run(...args) as Flags).frontDoor;
  const closed = { tls: null, trustedProxies: [], limits: [] };
  assertEquals(of("--trust-proxy", "10.0.0.0/8, ::1"), {
    ...closed,
    trustedProxies: ["10.0.0.0/8", "::1"],
  });
  assertEquals(of("--limit", "a=1", "--limit", "b=2"), { ...closed, limits: ["a=1", "b=2"] });
  assertEquals(of("--tls-cert", "c", "--tls-key", "k"), {
    ...closed,
    tls: { certFile: "c", keyFile: "k" },
  });
  assertEquals(
    run("--tls-key", "k"),
    { fail: "--tls-cert and --tls-key belong together: give both, or neither." },
  );
});
