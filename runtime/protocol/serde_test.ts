import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  boolean,
  bytes,
  converted,
  decodeJson,
  dispatch,
  Faults,
  type Handlers,
  list,
  map,
  object,
  oneOf,
  optional,
  string,
  tagged,
  tuple,
  u32,
  unit,
} from "./serde.ts";

const actions = {
  Bind: object({ path: string, cache: boolean, encrypted: optional(boolean) }),
  WebSocketClose: u32,
  Debug: unit,
};
const Action = tagged(actions);

Deno.test("tagged() reads serde's three forms of a variant", () => {
  assertEquals(Action("Debug", "body"), "Debug");
  assertEquals(Action({ WebSocketClose: 7 }, "body"), { WebSocketClose: 7 });
  assertEquals(Action({ Bind: { path: "/", cache: false, extra: 1 } }, "body"), {
    Bind: { path: "/", cache: false, encrypted: null },
  });
});

Deno.test("tagged() names the place and the fault", () => {
  const faults: [unknown, string][] = [
    [{ Bind: { path: 7 } }, "Cannot decode body.Bind.path: expected a string"],
    [{ Bind: { path: "/" } }, "Cannot decode body.Bind.cache: expected true or false"],
    [{ Bund: {} }, "unknown variant `Bund`, expected one of `Bind`, `WebSocketClose`, `Debug`"],
    [{}, "expected one variant, got 0 keys"],
    [{ Bind: {}, Debug: null }, "expected one variant, got 2 keys"],
    ["Bind", "Cannot decode body.Bind: expected a payload"],
    [null, "Cannot decode body: expected an object"],
    [[], "Cannot decode body: expected an object"],
    ["constructor", "unknown variant `constructor`"],
    [{ WebSocketClose: 2 ** 32 }, "expected a whole number from 0 to 4294967295"],
    [{ WebSocketClose: -1 }, "expected a whole number"],
    [{ WebSocketClose: 1.5 }, "expected a whole number"],
  ];
  for (const [json, message] of faults) {
    assertThrows(() => Action(json, "body"), TypeError, message);
  }
});

Deno.test("dispatch() calls the handler of the variant", () => {
  const handlers: Handlers<typeof actions, string, string> = {
    Bind: ({ path }, by) => `${by} binds ${path}`,
    WebSocketClose: (channel, by) => `${by} closes ${channel}`,
    Debug: (_none, by) => `${by} debugs`,
  };
  const table: [unknown, string][] = [
    [{ Bind: { path: "/x", cache: true } }, "a binds /x"],
    [{ WebSocketClose: 0 }, "a closes 0"],
    ["Debug", "a debugs"],
  ];
  for (const [json, said] of table) {
    assertEquals(dispatch(Action(json, "body"), handlers, "a"), said);
  }
});

Deno.test("list(), map(), oneOf() point at the item that is wrong", () => {
  assertEquals(list(u32)([1, 2], "body"), [1, 2]);
  assertThrows(() => list(u32)([1, "2"], "body"), TypeError, "body[1]");
  assertEquals(map(string)({ a: "b" }, "body"), { a: "b" });
  assertThrows(() => map(string)({ a: 1 }, "body"), TypeError, "body.a");
  assertThrows(() => oneOf("Text", "Binary")("text", "body"), TypeError, '"Text" or "Binary"');
});

Deno.test("map() keeps a key named __proto__ as data", () => {
  const read = map(string)(JSON.parse('{"__proto__":"x","a":"b"}'), "body");
  assertEquals(Object.keys(read), ["__proto__", "a"]);
  assertEquals(Object.getPrototypeOf(read), Object.prototype);
});

Deno.test("decodeJson() says when it is no JSON at all", () => {
  assertEquals(decodeJson('"Debug"', Action), "Debug");
  assertThrows(() => decodeJson("", Action), TypeError, "Cannot decode body: not JSON");
  assertThrows(() => decodeJson("{", Action), TypeError, "Cannot decode body: not JSON");
});

Deno.test("bytes(), tuple(), converted() point at the place that is wrong", () => {
  assertEquals(bytes([0, 255], "body"), new Uint8Array([0, 255]));
  assertThrows(() => bytes([0, 256], "body"), TypeError, "body[1]: expected a byte");
  assertThrows(() => bytes("x", "body"), TypeError, "body: expected an array of bytes");
  assertEquals(tuple(string, u32)(["a", 1], "body"), ["a", 1]);
  assertThrows(() => tuple(string, u32)(["a"], "body"), TypeError, "body: expected an array of 2");
  assertThrows(() => tuple(string, u32)(["a", "b"], "body"), TypeError, "body[1]");
  const even = converted(u32, (value) => {
    if (value % 2 === 1) throw new Error("it is odd");
    return value / 2;
  });
  assertEquals(even(4, "body"), 2);
  assertThrows(() => even(3, "body"), TypeError, "Cannot decode body: it is odd");
});

Deno.test("object() and list() tell of every fault, twenty of them at most; as one error of the first", () => {
  const Entry = object({ name: string, size: u32, tags: optional(list(string)) });
  const all = (json: unknown) => {
    const error = assertThrows(() => list(Entry)(json, "files"), TypeError);
    assertEquals(error.message, (error instanceof Faults ? error.all[0]! : error).message);
    return error instanceof Faults ? error.all.map(({ message }) => message) : error.message;
  };
  assertEquals(all([{ size: "1", tags: ["a", 1, 2] }, { name: "b", size: 1 }, null]), [
    "Cannot decode files[0].name: expected a string",
    "Cannot decode files[0].size: expected a whole number from 0 to 4294967295",
    "Cannot decode files[0].tags[1]: expected a string",
    "Cannot decode files[0].tags[2]: expected a string",
    "Cannot decode files[2]: expected an object",
  ]);
  assertEquals(all([{ name: 1, size: 1 }]), "Cannot decode files[0].name: expected a string");
  assertEquals(all(new Array(2 ** 32 - 1)).length, 20);
  assertThrows(
    () => object({ a: () => assert(false, "a fault of ours") })({}, "body"),
    Error,
    "a fault of ours",
  );
});
