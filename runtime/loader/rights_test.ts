import { assertEquals } from "@std/assert";
import { canonical, type ProcessId } from "../protocol/address.ts";
import { Config } from "../protocol/config.ts";
import { type Circumstances, rightsOf } from "./rights.ts";

const rights = (config: unknown, circumstances: Partial<Circumstances> = {}) =>
  rightsOf(Config(config, "config"), {
    packaged: false,
    strict: false,
    grant: null,
    ...circumstances,
  });
const MODULES = [
  "http-server:distro:sys",
  "http-client:distro:sys",
  "timer:distro:sys",
  "vfs:distro:sys",
  "kv:distro:sys",
  "sqlite:distro:sys",
  "terminal:terminal:sys",
] as ProcessId[];
const NONE = { requests: [], grants: [], public: false, network: null };

Deno.test("rightsOf() gives a script the modules of design.md §6, under their canonical names", () => {
  const messaging = MODULES.map((process) => ({ process, params: '"messaging"' }));
  assertEquals(rights({}), {
    given: { requests: messaging, grants: messaging, public: false, network: null },
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
  const strict = rights(config, { strict: true });
  assertEquals(strict.given, NONE);
  assertEquals(strict.refused.requests.length, 3);
});

Deno.test("rightsOf() gives a package what its manifest says, the default set where it says nothing", () => {
  const names = (list: { process: string }[]) => list.map(({ process }) => process as string);
  const given = (config: unknown) => rights(config, { packaged: true }).given;
  assertEquals(names(given({}).requests), MODULES);
  const exact = given({ request_capabilities: ["timer:distro:sys"], grant_capabilities: [] });
  assertEquals([names(exact.requests), exact.grants], [["timer:distro:sys"], []]);
  const half = given({ request_capabilities: [], request_networking: true });
  assertEquals(names(half.requests), ["kernel:distro:sys"]);
  assertEquals(names(half.grants), MODULES);
});

Deno.test("rightsOf() adds what the owner grants, under --strict gives that alone", () => {
  const asks = { request_capabilities: ["b:b:sys", "c:c:sys"], public: true };
  const grant = Config({ request_capabilities: ["c:c:sys", "timer:distro:sys"] }, "grants");
  const strict = rights(asks, { strict: true, grant });
  assertEquals(strict.given, {
    requests: [
      { process: "c:c:sys", params: '"messaging"' },
      { process: "timer:distro:sys", params: '"messaging"' },
    ],
    grants: [],
    public: false,
    network: null,
  } as unknown);
  assertEquals(strict.refused, {
    requests: [{ process: "b:b:sys", params: '"messaging"' }],
    grants: [],
    public: true,
    network: null,
  } as unknown);
  assertEquals(rights(asks, { strict: true, grant: "asked" }), rights(asks));
  const extra = Config({ request_capabilities: ["d:d:sys"] }, "grants");
  assertEquals(
    rights({}, { grant: extra }).given.requests.at(-1)?.process,
    "d:d:sys" as unknown,
  );
});

Deno.test("rightsOf() gives the network that is asked for; under --strict only what is no more than usual", () => {
  const networks = (config: unknown, circumstances: Partial<Circumstances> = {}) => {
    const { given, refused } = rights(config, circumstances);
    return [given.network, refused.network];
  };
  assertEquals(networks({}), [null, null]);
  assertEquals(networks({ network: "local" }), ["local", null]);
  const strict = { strict: true };
  assertEquals(networks({ network: "none" }, strict), ["none", null]);
  assertEquals(networks({ network: "public" }, strict), ["public", null]);
  assertEquals(networks({ network: ["localhost:1"] }, strict), [null, ["localhost:1"]]);
  assertEquals(networks({ network: "all" }, { strict: true, grant: "asked" }), ["all", null]);
  const grant = Config({ network: ["nas.home"] }, "grants");
  assertEquals(networks({ network: "all" }, { strict: true, grant }), [["nas.home"], null]);
  assertEquals(networks({ network: "none" }, { grant }), [["nas.home"], null]);
});
