import { assertEquals } from "@std/assert";
import { canonical, parseProcessId } from "../protocol/address.ts";
import { defaultsFor } from "./defaults.ts";

const id = parseProcessId("hello:hello:template.os");

Deno.test("defaultsFor() lists the modules of design.md §6 under their canonical names", () => {
  const { on_exit, messaging, grant, heapMb } = defaultsFor(id, { strict: false });
  assertEquals(
    messaging,
    [
      "http-server:distro:sys",
      "http-client:distro:sys",
      "timer:distro:sys",
      "vfs:distro:sys",
      "kv:distro:sys",
      "sqlite:distro:sys",
      "terminal:terminal:sys",
    ].map(parseProcessId),
  );
  assertEquals(grant, messaging);
  assertEquals(messaging.map(canonical), messaging);
  assertEquals([on_exit, heapMb], ["Restart", 128]);
});

Deno.test("defaultsFor() gives nothing under --strict", () => {
  const { messaging, grant, on_exit } = defaultsFor(id, { strict: true });
  assertEquals([messaging, grant, on_exit], [[], [], "Restart"]);
});

Deno.test("defaultsFor() hands out a fresh list each time", () => {
  defaultsFor(id, { strict: false }).messaging.pop();
  assertEquals(defaultsFor(id, { strict: false }).messaging.length, 7);
});
