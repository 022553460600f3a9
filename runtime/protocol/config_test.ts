import { assertEquals, assertThrows } from "@std/assert";
import { asksForRights, Config, configFields } from "./config.ts";

Deno.test("Config reads both forms of a manifest's capabilities, and lets every field be absent", () => {
  const config = Config({
    id: "a:b:c.os",
    request_capabilities: ["b:b:sys", { process: "c:c:sys", params: { root: true } }],
    memory_mb: 64,
  }, "config");
  assertEquals([config.id, config.memory_mb], ["a:b:c.os", 64] as unknown[]);
  assertEquals(
    config.request_capabilities,
    [
      { process: "b:b:sys", params: '"messaging"' },
      { process: "c:c:sys", params: '{"root":true}' },
    ] as unknown,
  );
  const absent = Object.entries(config).filter(([, value]) => value === null);
  assertEquals(absent.length, Object.keys(configFields).length - 3);
});

Deno.test("Config names the place of what it cannot read", () => {
  const wrong: [config: unknown, message: string][] = [
    [{ request_capabilities: ["b"] }, "config.request_capabilities[0]"],
    [{ grant_capabilities: [{ process: "b:b:sys" }] }, "config.grant_capabilities[0].params"],
    [{ public: "yes" }, "config.public"],
    [{ memory_mb: 1 }, "config.memory_mb"],
    [{ memory_mb: "64" }, "config.memory_mb"],
    [{ id: "a:b" }, "config.id"],
    [[], "config"],
  ];
  for (const [config, place] of wrong) {
    assertThrows(() => Config(config, "config"), TypeError, `Cannot decode ${place}: `);
  }
});

Deno.test("asksForRights() knows a wish from an empty list", () => {
  const asks = (config: unknown) => asksForRights(Config(config, "config"));
  assertEquals(asks({ on_exit: "None", public: false, grant_capabilities: [] }), false);
  for (
    const config of [
      { public: true },
      { request_networking: true },
      { request_capabilities: ["b:b:sys"] },
      { grant_capabilities: ["b:b:sys"] },
    ]
  ) assertEquals(asks(config), true);
});
