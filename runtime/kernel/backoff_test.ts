import { assertEquals } from "@std/assert";
import { nextRestart } from "./backoff.ts";

Deno.test("kernel.md §12.7: pauses are 0, 1, 2, 4 … and never above 60 s", () => {
  const pauses = [0, 1, 2, 3, 4, 5, 6, 7, 8, 99, 5000].map((n) => nextRestart(n, 10).pauseSeconds);
  assertEquals(pauses, [0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
});

Deno.test("nextRestart() counts anew after a healthy minute", () => {
  assertEquals(nextRestart(7, 60_000), { attempt: 1, pauseSeconds: 0 });
  assertEquals(nextRestart(7, 59_999), { attempt: 8, pauseSeconds: 60 });
});
