import { assertEquals, assertThrows } from "@std/assert";
import type { ProcessId } from "../protocol/address.ts";
import { Config } from "../protocol/config.ts";
import { askedBy, inWords } from "./asked.ts";

const ID = "a:a:template.os" as ProcessId;

function asked(config: unknown) {
  return askedBy(ID, Config(config, "config"), "fake.dev");
}

Deno.test("askedBy() reads both forms of a manifest's capabilities", () => {
  assertEquals(
    asked({
      request_capabilities: ["b:b:sys", { process: "c:c:sys", params: { root: true } }],
      grant_capabilities: ["d:d:sys", { process: "e:e:sys", params: "Read" }],
      request_networking: true,
      public: true,
    }),
    {
      id: ID,
      capabilities: [
        { issuer: "fake.dev@b:b:sys", params: '"messaging"' },
        { issuer: "fake.dev@c:c:sys", params: '{"root":true}' },
        { issuer: "fake.dev@kernel:distro:sys", params: '"network"' },
      ],
      grants: [["d:d:sys", '"messaging"'], ["e:e:sys", '"Read"']],
      public: true,
    } as unknown,
  );
  assertEquals(asked({ on_exit: "None", public: false, grant_capabilities: [] }), null);
});

Deno.test("inWords() says what is asked for in one line, and what rules the node in another", () => {
  const usual = asked({
    request_capabilities: ["b:b:sys", { process: "c:c:sys", params: 1 }],
    grant_capabilities: ["d:d:sys", { process: "e:e:sys", params: "Read" }],
    public: true,
  });
  assertEquals(inWords(usual!), [
    "a:a:template.os asks for this and gets it: it may message b:b:sys; it has 1 of c:c:sys; " +
    'd:d:sys may message it; e:e:sys has "Read" of it; every process may message it',
  ]);
  const power = asked({ request_capabilities: ["kernel:distro:sys"], request_networking: true });
  assertEquals(inWords(power!), [
    "a:a:template.os rules this node: it may message kernel:distro:sys; it may message other nodes",
  ]);
});

Deno.test("Config names the place of what it cannot read", () => {
  const wrong: [config: unknown, message: string][] = [
    [{ request_capabilities: ["b"] }, "config.request_capabilities[0]"],
    [{ grant_capabilities: [{ process: "b:b:sys" }] }, "config.grant_capabilities[0].params"],
    [{ public: "yes" }, "config.public"],
  ];
  for (const [config, place] of wrong) {
    assertThrows(() => Config(config, "config"), TypeError, `Cannot decode ${place}`);
  }
});
