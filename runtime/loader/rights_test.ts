import { assertEquals } from "@std/assert";
import { canonical, type ProcessId } from "../protocol/address.ts";
import { Config } from "../protocol/config.ts";
import { rightsOf } from "./rights.ts";

const rights = (config: unknown, strict = false) => rightsOf(Config(config, "config"), { strict });
const MODULES = [
  "http-server:distro:sys",
  "http-client:distro:sys",
  "timer:distro:sys",
  "vfs:distro:sys",
  "kv:distro:sys",
  "sqlite:distro:sys",
  "terminal:terminal:sys",
] as ProcessId[];
const NONE = { requests: [], grants: [], public: false };

Deno.test("rightsOf() gives a script the modules of design.md §6, under their canonical names", () => {
  const messaging = MODULES.map((process) => ({ process, params: '"messaging"' }));
  assertEquals(rights({}), {
    given: { requests: messaging, grants: messaging, public: false },
    refused: NONE,
  });
  assertEquals(MODULES.map(canonical), MODULES);
  // A fresh list each time.
  rights({}).given.requests.pop();
  assertEquals(rights({}).given.requests.length, 7);
});

Deno.test("rightsOf() adds what the config asks for; nothing of it under --strict", () => {
  const config = {
    request_capabilities: ["b:b:sys", "timer:distro:sys"],
    grant_capabilities: [{ process: "d:d:sys", params: "Read" }],
    request_networking: true,
    public: true,
  };
  const { given } = rights(config);
  assertEquals(
    given.requests.slice(7),
    [
      { process: "b:b:sys", params: '"messaging"' },
      { process: "kernel:distro:sys", params: '"network"' },
    ] as unknown,
  );
  assertEquals(given.grants.slice(7), [{ process: "d:d:sys", params: '"Read"' }] as unknown);
  assertEquals(given.public, true);
  const strict = rights(config, true);
  assertEquals(strict.given, NONE);
  assertEquals(strict.refused.requests.length, 3);
});
