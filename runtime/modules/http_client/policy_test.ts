import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { NetworkPolicy } from "../../protocol/network.ts";
import { Dialer, Refused } from "./dialer.ts";
import { refusal } from "./policy.ts";
import { ERA_A, get, open, RawServer, readHead, World, write, wsServer } from "./testing.ts";

function reaches(policy: NetworkPolicy, host: string, address = host, port = 80): boolean {
  return refusal(policy, { host, port, address }) === null;
}

Deno.test("refusal() knows public, local and forbidden addresses, also as IPv6 dresses them", () => {
  const kinds = {
    public:
      "8.8.8.8 1.1.1.1 172.32.0.1 2606:4700::1111 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::",
    local:
      "127.0.0.1 127.9.9.9 10.0.0.1 172.16.0.1 192.168.1.1 100.64.0.1 ::1 fd12::1 ::ffff:10.0.0.1 " +
      "::ffff:7f00:1 64:ff9b::7f00:1 2002:7f00:1:: 2001::80ff:fffe ::7f00:1 0.0.0.0 0.1.2.3 :: ::ffff:0.0.0.0",
    forbidden:
      "169.254.169.254 fe80::1 febf::1 fe80::1%eth0 fd00:ec2::254 224.0.0.1 ::ffff:169.254.169.254 " +
      "::ffff:a9fe:a9fe ::a9fe:a9fe 64:ff9b::a9fe:a9fe 64:ff9b:1::1 2002:a9fe:a9fe:: 100.100.100.200 " +
      "168.63.129.16 2001::5601:5601 not-an-address",
  };
  for (const [kind, addresses] of Object.entries(kinds)) {
    for (const address of addresses.split(" ")) {
      const got = ["public", "local", "all"].filter((policy) =>
        reaches(policy as NetworkPolicy, "name", address)
      );
      const wanted = { public: ["public", "local", "all"], local: ["local", "all"] }[kind];
      assertEquals(got, wanted ?? ["all"], address);
      assertEquals(reaches("none", "name", address), false);
    }
  }
});

Deno.test("refusal() takes a list by its hosts, ports and wildcards", () => {
  const list = [
    "api.example.org",
    "*.wild.org",
    "nas.home:81",
    "10.0.0.1",
    "[0::1]:82",
    "169.254.1.1",
  ];
  const yes = [
    ["API.example.org.", "8.8.8.8", 80],
    ["api.example.org", "127.0.0.1", 9],
    ["a.b.wild.org", "8.8.8.8", 80],
    ["nas.home", "192.168.1.2", 81],
    ["10.0.0.1", "10.0.0.1", 80],
    ["[::1]", "::1", 82],
    ["[::ffff:a00:1]", "::ffff:a00:1", 80],
    ["169.254.1.1", "169.254.1.1", 80],
  ] as const;
  const no = [
    ["example.org", "8.8.8.8", 80],
    ["xapi.example.org", "8.8.8.8", 80],
    ["api.example.org", "169.254.169.254", 80],
    ["wild.org", "8.8.8.8", 80],
    ["evilwild.org", "8.8.8.8", 80],
    ["a.wild.org", "127.0.0.1", 80],
    ["nas.home", "192.168.1.2", 80],
    ["[::1]", "::1", 80],
    ["leads.there", "169.254.1.1", 80],
  ] as const;
  for (const [host, address, port] of yes) {
    assertEquals(reaches(list, host, address, port), true, host);
  }
  for (const [host, address, port] of no) {
    assertEquals(reaches(list, host, address, port), false, host);
  }
});

Deno.test("refusal() says which rule, and how to allow it", () => {
  assertEquals(
    refusal("public", { host: "localhost.", port: 3000, address: "127.0.0.1" }),
    'the network policy "public" of this process does not reach localhost:3000 (127.0.0.1), a local ' +
      'address: to allow it, put network: ["localhost:3000"] into its config',
  );
});

// Threat: a name whose first answer is harmless and whose second is not.
Deno.test("connect() connects to the address that it checked, and asks once", async () => {
  await using server = new RawServer(async (connection) =>
    void await connection.read(new Uint8Array(1))
  );
  const port = Number(server.host.split(":")[1]);
  const answers = [["127.0.0.1"], ["169.254.169.254"], ["169.254.169.254", "127.0.0.1"]];
  let asked = 0;
  const dialer = new Dialer(() => Promise.resolve(answers[asked++]!));
  const { signal } = new AbortController();
  (await dialer.connect("local", "rebinds.test", port, signal)).close();
  assertEquals(asked, 1);
  await assertRejects(
    () => dialer.connect("local", "rebinds.test", port, signal),
    Refused,
    "169.254.169.254",
  );
  (await dialer.connect("local", "rebinds.test", port, signal)).close(); // By the address that it may use.
  await assertRejects(() => dialer.connect("none", "rebinds.test", port, signal), Refused, "none");
  assertEquals(asked, 3); // Whom it may not reach at all is not looked up.
});

Deno.test("HTTP and WebSockets refuse a name that leads where the process may not go", async () => {
  await using server = wsServer(async () => {});
  await using world = new World({
    policyOf: () => "public",
    resolve: () => Promise.resolve(["127.0.0.1"]),
  });
  const port = server.host.split(":")[1];
  const answer = JSON.stringify(await world.ask(get(`http://public.test:${port}/`)));
  assertStringIncludes(answer, `does not reach public.test:${port} (127.0.0.1), a local address`);
  const literal = JSON.stringify(
    await world.ask(get("http://[::ffff:7f00:1]:1/"), { target: ERA_A }),
  );
  assertStringIncludes(literal, "RequestFailed");
  assertStringIncludes(literal, "does not reach [::ffff:7f00:1]:1");
  const failed = await world.ask(open({ host: `public.test:${port}` }));
  assertEquals(failed, { Err: { WsOpenFailed: { url: `ws://public.test:${port}/` } } });
  assertStringIncludes(world.lines.join(), "does not reach public.test");
  assertEquals(server.accepted, 0);
});

Deno.test("a redirect leads nowhere where a request may not go", async () => {
  await using server = new RawServer(async (connection) => {
    await readHead(connection);
    const location = "http://metadata.test/latest";
    await write(connection, `HTTP/1.1 302 F\r\nlocation: ${location}\r\ncontent-length: 0\r\n\r\n`);
  });
  const resolve = (name: string) =>
    Promise.resolve([name === "start.test" ? "127.0.0.1" : "169.254.169.254"]);
  await using world = new World({ resolve });
  const answer = await world.ask(get(`http://start.test:${server.host.split(":")[1]}/`));
  assertStringIncludes(JSON.stringify(answer), "does not reach metadata.test:80 (169.254.169.254)");
});

// Threat: a connection that one process may have is given to another, which may not.
Deno.test("connections are reused by processes of the same policy only", async () => {
  await using server = new RawServer(async (connection) => {
    for (let i = 0; i < 3; i++) {
      await readHead(connection);
      await write(connection, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    }
  });
  let policy: NetworkPolicy = "local";
  await using world = new World({ policyOf: () => policy });
  for (let i = 0; i < 2; i++) await world.ask(get(`http://${server.host}/`));
  assertEquals(server.accepted, 1);
  policy = "public";
  const answer = await world.ask(get(`http://${server.host}/`));
  assertStringIncludes(JSON.stringify(answer), "does not reach");
  assertEquals(server.accepted, 1);
});

// Threat: NO_PROXY in the node's environment would let requests pass by the one who checks.
Deno.test("the environment opens no way around the policy", async () => {
  await using server = new RawServer(async () => {});
  Deno.env.set("NO_PROXY", "127.0.0.1,localhost");
  try {
    await using world = new World({ policyOf: () => "public" });
    const answer = await world.ask(get(`http://${server.host}/`));
    assertStringIncludes(JSON.stringify(answer), "does not reach");
    assertEquals(server.accepted, 0);
    assertEquals(Deno.env.get("NO_PROXY"), "127.0.0.1,localhost");
  } finally {
    Deno.env.delete("NO_PROXY");
  }
});
