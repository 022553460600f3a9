import { assertEquals } from "@std/assert";
import { isWithin, tryParseAddress, tryParseNetwork } from "./ip_address.ts";

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
    const found = isWithin(tryParseAddress(address)!, tryParseNetwork(network)!);
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

Deno.test("tryParseNetwork() takes no network for one", () => {
  for (const text of ["10.0.0.0/33", "host.example", "10.0.0.0/8/8", "::1/129", "10.0.0.0/x"]) {
    assertEquals(tryParseNetwork(text), null, text);
  }
});
