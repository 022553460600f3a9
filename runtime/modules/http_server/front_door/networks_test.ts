import { assertEquals, assertThrows } from "@std/assert";
import { clientKey, parseNetwork } from "./networks.ts";

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
