import { assertEquals } from "@std/assert";
import { parseAddress } from "./address.ts";
import { sizeOfFrame } from "./frame_size.ts";
import { request } from "./message.ts";
import { type FromProcess, toFrame } from "./port.ts";

const us = parseAddress("n@a:a:b");

Deno.test("sizeOfFrame() counts bytes and text, and capabilities for what they cost", () => {
  const small = toFrame(request(us, us, "")) as FromProcess;
  const bytes = toFrame(request(us, us, new Uint8Array(5_000))) as FromProcess;
  const attached = {
    ...request(us, us, ""),
    capabilities: [{ issuer: us, params: "x".repeat(5_000) }],
  };
  const weights = [small, bytes, toFrame(attached) as FromProcess].map(sizeOfFrame);
  assertEquals([weights[0]! < 100, weights[1]! - weights[0]!, weights[2]! > 16 * 5_000], [
    true,
    5_000,
    true,
  ]);
});

Deno.test("sizeOfFrame() weighs a call by its state, or by its capabilities", () => {
  const params = "x".repeat(5_000);
  assertEquals(sizeOfFrame(["Call", 1, "GetState"]), 0);
  assertEquals(sizeOfFrame(["Call", 1, { SetState: new Uint8Array(5_000) }]), 5_000);
  const saved = sizeOfFrame(["Call", 1, { SaveCapabilities: [{ issuer: us, params }] }]);
  assertEquals(saved > 16 * 5_000, true);
  assertEquals(sizeOfFrame(["Alive", 1, 2, 3, 4, 5, 6]), 0);
});
