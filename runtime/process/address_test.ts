import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Address } from "./address.ts";

const name = fc.stringMatching(/^[a-z0-9_-]{1,20}$/);
const node = fc.stringMatching(/^[a-z0-9.-]{1,20}$/);

Deno.test("issue 3: an Address printed and parsed is the same, and so are its parts put together", () => {
  fc.assert(fc.property(node, name, name, node, (home, process, pack, publisher) => {
    const text = `${home}@${process}:${pack}:${publisher}`;
    const address = Address.parse(text);
    assertEquals([String(address), JSON.stringify(address)], [text, JSON.stringify(text)]);
    assertEquals(String(Address.of(address.node, address.process)), text);
    assertEquals(`${address.node}@${address.processName}:${address.packageId}`, text);
  }));
});
