// Random message programs over three processes. `FULL=1` runs ten times as many.
import fc from "fast-check";
import { NAMES, type Step, World } from "./message_programs.ts";

const RUNS = Deno.env.get("FULL") === "1" ? 50_000 : 5_000;
const STEPS_MAX = 60;

const who = fc.nat(NAMES.length - 2);
const nth = fc.nat(3);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      who,
      to: fc.nat(NAMES.length - 1),
      expects: fc.option(fc.nat(3)),
      awaits: fc.boolean(),
      inherit: fc.boolean(),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("answer" as const), who, nth }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("forge" as const), who, nth }) },
  {
    weight: 16,
    arbitrary: fc.record({
      do: fc.constantFrom("take" as const, "post" as const, "read" as const),
      who,
    }),
  },
  { weight: 6, arbitrary: fc.constant<Step>({ do: "turn" }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom("crash" as const, "die" as const), who }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom("leave" as const, "start" as const), who }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("pass" as const), seconds: fc.nat(3) }) },
);

Deno.test("kernel.md §2: no program of messages loses, doubles or reorders one, and each question ends once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: STEPS_MAX, size: "max" }), async (steps) => {
      using world = new World();
      await world.run(steps);
    }),
    { numRuns: RUNS },
  );
});
