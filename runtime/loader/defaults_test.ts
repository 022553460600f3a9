import { assertEquals } from "@std/assert";
import { canonical, parseProcessId } from "../protocol/address.ts";
import { defaultsFor } from "./defaults.ts";

const id = parseProcessId("hello:hello:template.os");

Deno.test("defaultsFor() lists the modules of design.md §6 under their canonical names", () => {
  const { onExit, messaging, granted, heapMb, mayAsk } = defaultsFor(id, { strict: false });
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
  assertEquals(granted, messaging);
  assertEquals(messaging.map(canonical), messaging);
  assertEquals([onExit, heapMb, mayAsk], ["Restart", 128, true]);
});

Deno.test("defaultsFor() gives nothing under --strict", () => {
  const { messaging, granted, onExit, mayAsk } = defaultsFor(id, { strict: true });
  assertEquals([messaging, granted, onExit, mayAsk], [[], [], "Restart", false]);
});

Deno.test("defaultsFor() hands out a fresh list each time", () => {
  defaultsFor(id, { strict: false }).messaging.pop();
  assertEquals(defaultsFor(id, { strict: false }).messaging.length, 7);
});
