import { assertEquals } from "@std/assert";
import { isForeign } from "./origin.ts";

Deno.test("isForeign() takes the node's own pages for its own, and nobody else's", () => {
  const cases: [string, string, string, boolean][] = [
    ["http://a.org/x", "a.org", "http://a.org", false],
    ["http://a.org/x", "A.org:80", "http://a.org", false],
    ["https://a.org/x", "a.org:443", "https://a.org", false],
    ["http://a.org:8080/x", "a.org:8080", "http://a.org:8080", false],
    ["http://[::1]:8080/", "[::1]:8080", "http://[::1]:8080", false],
    // A proxy that nobody told us of speaks TLS.
    ["http://a.org/x", "a.org", "https://a.org", false],
    // Over https, a page of http may be anybody's who is in between.
    ["https://a.org/x", "a.org", "http://a.org", true],
    ["http://a.org/x", "a.org", "http://a.org:8080", true],
    ["http://a.org:8080/x", "a.org:8080", "http://a.org", true],
    ["http://a.org/x", "a.org", "http://b.a.org", true],
    ["http://a.org/x", "a.org", "null", true],
    ["http://a.org/x", "a.org", "", true],
    ["http://a.org/x", "", "file://", true],
  ];
  for (const [url, host, origin, foreign] of cases) {
    const headers = new Headers({ host, origin });
    assertEquals(isForeign({ url, headers }), foreign, `${origin} at ${url}`);
  }
});
