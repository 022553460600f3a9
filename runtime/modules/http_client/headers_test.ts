import { assertEquals } from "@std/assert";
import { incoming, outgoing } from "./headers.ts";

Deno.test("outgoing() keeps one value per name, in lower case", () => {
  const headers = { "X-A": "1", "x-a": "2", "Content-Type": " text/plain ", "authorization": "" };
  assertEquals(
    [...outgoing(headers)],
    [["x-a", "2"], ["content-type", "text/plain"], ["authorization", ""]],
  );
});

Deno.test("outgoing() drops what could end the head or move the body's end", () => {
  const bad = {
    "": "1",
    "a b": "1",
    "a:": "1",
    "a\r\nb": "1",
    "é": "1",
    "a": "1\r\nb: 2",
    "b": "1\n",
    "c": "\0",
    "d": "\x7f",
    "Content-Length": "7",
    "Transfer-Encoding": "chunked",
    "connection": "close",
    "Upgrade": "websocket",
    "TE": "trailers",
  };
  assertEquals([...outgoing(bad)], []);
});

Deno.test("outgoing() writes a value as its UTF-8 bytes", () => {
  assertEquals([...outgoing({ a: "é\t☃" })], [["a", "Ã©\tâ\x98\x83"]]);
});

Deno.test("incoming() begins each word of a name upper-case", () => {
  assertEquals(
    incoming([["content-type", "a"], ["etag", "b"], ["x-foo-bar", "c"], ["x--1a", "d"]]),
    { "Content-Type": "a", "Etag": "b", "X-Foo-Bar": "c", "X--1a": "d" },
  );
});

Deno.test("incoming() keeps the last of several and empties what is not plain ASCII", () => {
  assertEquals(
    incoming([["set-cookie", "a=1"], ["set-cookie", "b=2"], ["x", "\xe9"], ["y", "a\tb"]]),
    { "Set-Cookie": "b=2", "X": "", "Y": "a\tb" },
  );
});
