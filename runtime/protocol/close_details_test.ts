import { assertEquals } from "@std/assert";
import { closeIn } from "./close_details.ts";

Deno.test("a close frame holds what the metadata says, if a frame may", () => {
  assertEquals(closeIn('{"code":4000,"reason":"bye"}'), { code: 4000, reason: "bye" });
  assertEquals(closeIn('{"code":1011}'), { code: 1011, reason: "" });
  const long = JSON.stringify({ code: 1000, reason: "ü".repeat(62) });
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65536, -1, "1000"]) {
    assertEquals(closeIn(JSON.stringify({ code })), {}, String(code));
  }
  for (const metadata of [null, "", "{", "7", "{}", long]) assertEquals(closeIn(metadata), {});
});
