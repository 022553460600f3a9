import { assertEquals } from "@std/assert";
import { CLIENT_BYTES_PER_PROCESS_MAX, CLIENT_REQUESTS_PER_PROCESS_MAX } from "../../limits.ts";
import { Connections } from "./connections.ts";
import { Dialer } from "./dialer.ts";
import { Fetcher, type HttpAnswer } from "./fetcher.ts";
import type { HttpCall } from "./http_call.ts";
import { explain, Requests } from "./requests.ts";
import { APP, OTHER, RawServer, untilClosed } from "./testing.ts";

function callTo(server: RawServer): HttpCall {
  const url = new URL(`http://${server.host}/`);
  return { method: "GET", version: null, url, headers: new Map(), body: null };
}

/** Accepts and says nothing. */
function silent(): RawServer {
  return new RawServer(untilClosed);
}

function requestsOf(fetcher: Fetcher, connections = new Connections()): Requests {
  return new Requests({ fetcher, policyOf: () => "local", connections });
}

Deno.test("run() ends a request in its time", async () => {
  await using server = silent();
  const requests = requestsOf(new Fetcher([], new Dialer()));
  assertEquals(await requests.run(APP, callTo(server), 0.05), {
    Err: { ExecuteRequestFailed: "no answer within 0.05 s" },
  });
  await requests.close();
});

Deno.test("run() refuses more than CLIENT_REQUESTS_PER_PROCESS_MAX of one process", async () => {
  await using server = silent();
  const requests = requestsOf(new Fetcher([], new Dialer()));
  const call = callTo(server);
  const running = Array.from(
    { length: CLIENT_REQUESTS_PER_PROCESS_MAX },
    () => requests.run(APP, call, 60),
  );
  assertEquals(await requests.run(APP, call, 60), {
    Err: { ExecuteRequestFailed: "1000 requests of this process are under way" },
  });
  const other = requests.run(OTHER, call, 60); // Another process has its own thousand.
  requests.end(APP);
  assertEquals(new Set(await Promise.all(running)), new Set([null]));
  const anew = requests.run(APP, call, 0.05);
  assertEquals(await anew, { Err: { ExecuteRequestFailed: "no answer within 0.05 s" } });
  await requests.close();
  assertEquals(await other, null);
});

Deno.test("run() ends what would hold more than CLIENT_BYTES_PER_PROCESS_MAX together", async () => {
  class Greedy extends Fetcher {
    override fetch(
      _call: HttpCall,
      _signal: AbortSignal,
      { take }: { take(bytes: number): void },
    ): Promise<HttpAnswer> {
      take(CLIENT_BYTES_PER_PROCESS_MAX);
      take(1);
      throw new Error("not reached");
    }
  }
  const requests = requestsOf(new Greedy([], new Dialer()));
  const url = new URL("http://x/");
  const call = { method: "GET", version: null, url, headers: new Map(), body: null };
  for (let i = 0; i < 2; i++) { // The second time too: the bytes of the first were given back.
    assertEquals(await requests.run(APP, call, 60), {
      Err: {
        ExecuteRequestFailed:
          `the requests of this process hold more than ${CLIENT_BYTES_PER_PROCESS_MAX} bytes together`,
      },
    });
  }
});

Deno.test("end() is silent in every state of a request", async () => {
  const states: ((connection: Deno.Conn) => Promise<void>)[] = [
    async () => {},
    async (connection) => void await connection.write(new TextEncoder().encode("HTTP/1.1 200 OK")),
    async (connection) =>
      void await connection.write(
        new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc"),
      ),
  ];
  for (const state of states) {
    const requests = requestsOf(new Fetcher([], new Dialer()));
    await using server = new RawServer(async (connection) => {
      await state(connection);
      requests.end(APP);
      await untilClosed(connection);
    });
    assertEquals(await requests.run(APP, callTo(server), 60), null);
    await requests.close();
  }
  const requests = requestsOf(new Fetcher([], new Dialer()));
  await using server = silent();
  const running = requests.run(APP, callTo(server), 60);
  requests.end(APP); // Not even connected.
  assertEquals(await running, null);
  await requests.close();
});

Deno.test("explain() tells the causes of an error, each once", () => {
  const root = new Error("refused");
  const middle = new Error("cannot connect: refused", { cause: root });
  assertEquals(
    explain(new TypeError("fetch failed", { cause: middle })),
    "cannot connect: refused",
  );
  assertEquals(explain(new Error("a", { cause: root })), "a: refused");
  assertEquals(explain("text"), "text");
  const loop = new Error("loop");
  loop.cause = loop;
  assertEquals(explain(loop), "loop");
  assertEquals(explain(new Error("x".repeat(10_000))).length, 2_000);
});
