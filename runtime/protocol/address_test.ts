import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  addressOf,
  AddressParseError,
  canonical,
  namesOf,
  nodeOf,
  packageOf,
  parseAddress,
  parseProcessId,
  type ProcessId,
  processOf,
  speaksEraA,
} from "./address.ts";

Deno.test("kernel.md §1.3: every fault of an address has its own name and a hint", () => {
  const table: [string, string, string][] = [
    ["a@b@c:d:e", "TooManyAts", "one `@`"],
    ["our@a:b:c:d", "TooManyColons", "two colons"],
    ["a:b:c", "MissingNodeId", "`our@` names this node"],
    ["@a:b:c", "MissingNodeId", "`our@` names this node"],
    ["our@a:b", "MissingField", "none of them empty"],
    ["our@a::c", "MissingField", "none of them empty"],
    ["our@", "MissingField", "none of them empty"],
    ["our@A:b:c", "ProcessNameNotKimapSafe", 'has the character "A"'],
    ["our@a:b.c:d", "PackageNameNotKimapSafe", 'has the character "."'],
    ["our@a:b:c_d", "PublisherNodeNotKimapSafe", 'has the character "_"'],
    ["Fake.dev@a:b:c", "NodeNotKimapSafe", 'has the character "F"'],
    [`our@${"a".repeat(129)}:b:c`, "ProcessNameNotKimapSafe", "longer than 128"],
  ];
  for (const [text, fault, hint] of table) {
    const error = assertThrows(() => parseAddress(text), AddressParseError, hint);
    assertEquals(error.fault, fault, text);
  }
});

Deno.test("kernel.md §1.4: `our@p:k:g` is an address", () => {
  assertEquals(nodeOf(parseAddress("our@p:k:g.os")), "our");
});

Deno.test("the seed's names, with underscores, are process ids", () => {
  const id = parseProcessId("ws_server_with_reply:ws_server_with_reply:template.os");
  assertEquals(packageOf(id), "ws_server_with_reply:template.os");
});

const name = fc.stringMatching(/^[a-z0-9_-]{1,20}$/);
const node = fc.stringMatching(/^[a-z0-9.-]{1,20}$/);

Deno.test("parseAddress() and the parts of an address make a round trip", () => {
  fc.assert(fc.property(node, name, name, node, (home, process, pack, publisher) => {
    const id = parseProcessId(`${process}:${pack}:${publisher}`);
    const address = parseAddress(addressOf(home, id));
    assertEquals([nodeOf(address), processOf(address)], [home, id]);
  }));
});

Deno.test("parseAddress() throws nothing but its own error, whatever it is given", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    try {
      assertEquals(parseAddress(text) as string, text);
    } catch (error) {
      if (!(error instanceof AddressParseError)) throw error;
    }
  }));
});

Deno.test("both generations' names of a module are one process", () => {
  const older = "http_server:distro:sys" as ProcessId;
  const newer = "http-server:distro:sys" as ProcessId;
  assertEquals(canonical(older), newer);
  assertEquals(canonical(newer), newer);
  assertEquals(namesOf(newer), [newer, older]);
  assertEquals(speaksEraA(addressOf("fake.dev", older)), true);
  assertEquals(speaksEraA(addressOf("fake.dev", newer)), false);
  const script = "http_server:http_server:template.os" as ProcessId;
  assertEquals(canonical(script), script);
  assertEquals(namesOf(script), [script]);
});
