import { assertEquals, assertThrows } from "@std/assert";
import { listenOnPort } from "./ports.ts";

function taken(...ports: number[]): (port: number) => number {
  return (port) => {
    if (ports.includes(port)) throw new Deno.errors.AddrInUse();
    return port;
  };
}

Deno.test("listenOnPort() takes the first free port from 8080 when none is asked for", () => {
  assertEquals(listenOnPort(undefined, taken()), 8080);
  assertEquals(listenOnPort(undefined, taken(8080, 8081)), 8082);
});

Deno.test("listenOnPort() takes exactly the port asked for, or says that it is taken", () => {
  assertEquals(listenOnPort(9000, taken(8080)), 9000);
  assertThrows(
    () => listenOnPort(8080, taken(8080)),
    Error,
    "port 8080 is taken by another program",
  );
});

Deno.test("listenOnPort() ends when every port is taken, and passes on other errors", () => {
  const all = Array.from({ length: 8998 - 8080 + 1 }, (_, i) => 8080 + i);
  assertThrows(
    () => listenOnPort(undefined, taken(...all)),
    Error,
    "every port from 8080 to 8998 is taken",
  );
  const elsewhere = () => {
    throw new Deno.errors.AddrNotAvailable();
  };
  assertThrows(() => listenOnPort(undefined, elsewhere), Error, "no such address: --listen takes");
  const broken = () => {
    throw new TypeError("bad hostname");
  };
  assertThrows(() => listenOnPort(undefined, broken), TypeError, "bad hostname");
});
