import { assertEquals, assertStringIncludes } from "@std/assert";
import { RecordedLoader, TempFolder } from "./testing.ts";

const HELLO = 'export default { fetch: () => new Response("hello") };\n';

Deno.test("--strict: grants.json gives what it says and nothing else", async () => {
  await using home = new TempFolder({
    "processes/a.ts": HELLO,
    "processes/b.ts": HELLO,
    "processes/c.ts": `export const config = { public: true };\n${HELLO}`,
    "grants.json": `{
      "a:a:template.os": { "request_capabilities": ["http-server:distro:sys"] },
      "b:b:template.os": "asked"
    }`,
  });
  await using recorded = new RecordedLoader(home, { strict: true });
  await recorded.loader.loadAll();
  const count = (file: string) => recorded.scripts.get(file)!.rights.requests.length;
  assertEquals([count("a.ts"), count("b.ts"), count("c.ts")], [1, 7, 0]);
  assertEquals(
    recorded.said[0],
    `--strict: processes may do what ${home.at("grants.json")} ` +
      "grants, and nothing else",
  );
  assertStringIncludes(recorded.lines.join("\n"), 'put "c:c:template.os": "asked" into');
});

Deno.test("a grants.json that cannot be read is reported with its place, and grants nothing", async () => {
  const wrong: [text: string, says: string][] = [
    ['{\n "a:a:template.os": "all" }', ':2:2: error: grants.a:a:template.os: expected "asked"'],
    ['{ "a:a:template.os": { "reqest": [] } }', "grants.a:a:template.os.reqest: expected "],
    ['{ "a": "asked" }', ': error: grants: Cannot parse "a"'],
    ["{", ": error: grants: not JSON"],
  ];
  for (const [text, says] of wrong) {
    await using home = new TempFolder({ "processes/a.ts": HELLO, "grants.json": text });
    await using recorded = new RecordedLoader(home, { strict: true });
    await recorded.loader.loadAll();
    assertStringIncludes(recorded.lines.join("\n"), says);
    assertEquals(recorded.scripts.get("a.ts")!.rights.requests, []);
  }
});
