import { assertEquals } from "@std/assert";
import type { Bundle } from "./bundle.ts";
import { Failures } from "./failures.ts";
import { FAILURE_SECONDS, FAILURES_MAX } from "./limits.ts";

const broken: Bundle = { output: null, problems: [], inputs: new Map(), crash: null };
const late: Bundle = { ...broken, crash: { crashed: "it took long", lacked: "time" } };

Deno.test("a fault is known until it is forgotten for newer ones", () => {
  const failures = new Failures();
  const inputs = new Map([["a.ts", "1"]]);
  for (let i = 0; i <= FAILURES_MAX; i++) failures.add(`${i}.ts`, broken, inputs);
  assertEquals(failures.find("0.ts"), null);
  const { bundle, inputs: known } = failures.find("1.ts")!;
  assertEquals([bundle, known], [broken, inputs]);
});

Deno.test("what took too much is tried again after a while", () => {
  let now = 0;
  const failures = new Failures(() => now);
  failures.add("a.ts", late, new Map());
  now = FAILURE_SECONDS * 1000 - 1;
  assertEquals(failures.find("a.ts")?.bundle, late);
  now++;
  assertEquals(failures.find("a.ts"), null);
});
