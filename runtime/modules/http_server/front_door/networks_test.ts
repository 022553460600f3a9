import { assertEquals, assertThrows } from "@std/assert";
import { clientKey, isWithin, parseNetwork, tryParseAddress } from "./networks.ts";

Deno.test("isWithin() knows IPv4, IPv6, and IPv4 in IPv6's clothes", () => {
  const cases: [string, string, boolean][] = [
    ["10.1.2.3", "10.0.0.0/8", true],
    ["11.1.2.3", "10.0.0.0/8", false],
    ["::ffff:10.1.2.3", "10.0.0.0/8", true],
    ["::ffff:0a01:0203", "10.0.0.0/8", true],
    ["127.0.0.1", "127.0.0.1", true],
    ["127.0.0.2", "127.0.0.1", false],
    ["::1", "127.0.0.0/8", false],
    ["2001:db8::5", "2001:db8::/32", true],
    ["2001:db9::5", "2001:db8::/32", false],
    ["fe80::1%eth0", "fe80::/10", true],
    ["1.2.3.4", "0.0.0.0/0", true],
    ["::1", "0.0.0.0/0", false],
    ["1.2.3.4", "::/0", true],
  ];
  for (const [address, network, within] of cases) {
    const found = isWithin(tryParseAddress(address)!, parseNetwork(network));
    assertEquals(found, within, `${address} in ${network}`);
  }
});

Deno.test("tryParseAddress() takes no address for one", () => {
  for (
    const text of ["", "1.2.3", "1.2.3.256", "1.2.3.4.5", "::1::", "1:2:3:4:5:6:7:8:9", "12345::"]
  ) {
    assertEquals(tryParseAddress(text), null, text);
  }
});

Deno.test("parseNetwork() says what is no network", () => {
  for (const text of ["10.0.0.0/33", "host.example", "10.0.0.0/8/8", "::1/129", "10.0.0.0/x"]) {
    assertThrows(() => parseNetwork(text), SyntaxError, `--trust-proxy ${text}: this is neither`);
  }
});

Deno.test("clientKey() counts an IPv6 /64 as one client, and IPv4 by address however it is written", () => {
  assertEquals(clientKey("2001:db8::1"), clientKey("2001:db8::ffff:1"));
  assertEquals(clientKey("2001:db8:0:1::1") === clientKey("2001:db8::1"), false);
  assertEquals(clientKey("::ffff:1.2.3.4"), clientKey("1.2.3.4"));
  assertEquals(clientKey("1.2.3.5") === clientKey("1.2.3.4"), false);
});
