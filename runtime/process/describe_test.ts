import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { PRINT_CHARS_MAX } from "../limits.ts";
import type { Address } from "../protocol/address.ts";
import { request } from "../protocol/message.ts";
import { describe } from "./describe.ts";
import { SendError } from "./message.ts";

Deno.test("describe() shows an error's stack, and with it every cause", () => {
  assertMatch(describe(new Error("plain")), /^Error: plain\n +at .*describe_test\.ts:\d+:\d+/);
  const cause = new Error("second", { cause: new Error("third") });
  const text = describe(new Error("first", { cause }));
  for (const word of ["first", "second", "third"]) assertStringIncludes(text, word);
  assertEquals(text.match(/describe_test\.ts:\d+:\d+/g)!.length >= 3, true, text);
});

Deno.test("describe() shows the errors of an AggregateError, each with its stack", () => {
  const text = describe(new AggregateError([new Error("one"), new TypeError("two")], "both"));
  for (const word of ["AggregateError: both", "Error: one", "TypeError: two"]) {
    assertStringIncludes(text, word);
  }
  assertEquals(text.match(/describe_test\.ts:\d+:\d+/g)!.length >= 3, true, text);
});

Deno.test("describe() says why a request came back, once, and not what was in it", () => {
  const [us, them] = ["n@a:a:b" as Address, "n@c:c:d" as Address];
  const error = {
    kind: "Timeout",
    reason: "crashed",
    target: them,
    explanation: "c ended",
  } as const;
  const cause = new SendError({ ...request(us, them, "secret bytes"), error }, null);
  for (const message of ["could not save", "could not save: c ended"]) {
    const text = describe(new Error(message, { cause }));
    assertEquals([text.match(/c ended/g)!.length, text.includes("body")], [1, false], text);
  }
});

Deno.test("describe() shows what is no error, and survives what cannot be looked at", () => {
  assertEquals(describe({ a: 1 }, "Uncaught "), "Uncaught { a: 1 }");
  assertEquals(describe(new Error("x".repeat(2 * PRINT_CHARS_MAX))).length, PRINT_CHARS_MAX);
  const angry = new Error("angry");
  const fails = () => {
    throw new Error("again");
  };
  Object.defineProperty(angry, "cause", { get: fails });
  assertEquals(describe(angry, "Uncaught "), "Uncaught: what was thrown cannot be shown");
});

Deno.test("describe() says what to write instead of a name that is another runtime's", () => {
  const missing = (name: string) => describe(new ReferenceError(`${name} is not defined`));
  assertStringIncludes(
    missing("Deno"),
    "\na process has no Deno: `export default { fetch(request) }`",
  );
  assertMatch(missing("Buffer"), /\nimport \{ Buffer \} from "node:buffer"$/);
  assertEquals(missing("mine").includes("\nimport"), false);
  assertEquals(missing("toString").split("\n")[1]!.trim().startsWith("at "), true);
});
