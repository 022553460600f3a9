import { assertEquals, assertMatch } from "@std/assert";
import { BINDINGS_PER_PROCESS_MAX } from "../../limits.ts";
import { parseAddress } from "../../protocol/address.ts";
import { request } from "../../protocol/message.ts";
import { app, eraA, eraB, Testbed } from "./testing.ts";

const OK = { Ok: null };
const bindRoot = { Bind: { path: "/", authenticated: false, local_only: false, cache: false } };
const cached = { Bind: { ...bindRoot.Bind, cache: true } };

Deno.test("deliver() answers every accepted action with Ok", () => {
  const testbed = new Testbed();
  for (
    const action of [
      bindRoot,
      { SecureBind: { path: "/s", cache: false } },
      { Unbind: { path: "/never" } },
      { WebSocketBind: { path: "/", authenticated: false, extension: false } },
      { WebSocketBind: { path: "/", authenticated: false, encrypted: false, extension: true } },
      { WebSocketSecureBind: { path: "/", extension: false } },
      { WebSocketUnbind: { path: "/" } },
      { WebSocketClose: 7 },
    ]
  ) {
    assertEquals(testbed.act(action), OK, JSON.stringify(action));
    assertEquals(testbed.act(action, { target: eraA }), OK);
  }
  assertEquals(testbed.act(cached, { blob: "" }), OK);
  assertEquals(testbed.act({ SecureBind: { path: "/", cache: true } }, { blob: "x" }), OK);
  assertEquals(testbed.rest(), []);
});

Deno.test("deliver() replies to success only when asked, to errors always", () => {
  const testbed = new Testbed();
  const quiet = { expects_response: null };
  assertEquals(testbed.act(bindRoot, quiet), undefined);
  assertEquals(testbed.act(bindRoot, { ...quiet, rsvp: app }), OK);
  assertEquals(testbed.act(cached, quiet), { Err: "NoBlob" });
  assertEquals(testbed.rest(), []);
});

Deno.test("deliver() replies from the name that was addressed, to the one who waits", () => {
  const testbed = new Testbed();
  const waiting = parseAddress("fake.dev@waiting:w:template.os");
  for (const target of [eraA, eraB]) {
    const message = request(app, target, JSON.stringify(bindRoot), { id: 5n, rsvp: waiting });
    testbed.server.deliver(message);
    const [reply] = testbed.rest();
    assertEquals([reply!.source, reply!.target, reply!.id], [target, waiting, 5n]);
    assertEquals([reply!.kind, reply!.lazy_load_blob, reply!.metadata], ["Response", null, null]);
  }
});

Deno.test("deliver() gives each era its own errors", () => {
  const push = { WebSocketPush: { channel_id: 9, message_type: "Text" as const } };
  const ping = { WebSocketPush: { channel_id: 9, message_type: "Ping" as const } };
  const ext = { channel_id: 9, message_type: "Text" as const, desired_reply_type: "Response" };
  const wsError = (error: string) => ({ WebSocketPushError: { error } });
  const cases = [
    ["{}", null, "MalformedRequest", { BadRequest: { req: "{}" } }],
    ["\xff{", null, "MalformedRequest", { BadRequest: { req: "\xff{" } }],
    [cached, null, "NoBlob", "NoBlob"],
    [push, null, "NoBlob", "NoBlob"],
    [push, "x", "WsChannelNotFound", wsError("WebSocket channel not found")],
    [{ WebSocketPush: { ...push.WebSocketPush, message_type: "Close" } }, null, "NoBlob", "NoBlob"],
    [ping, null, "NoBlob", "NoBlob"],
    [
      ping,
      "x".repeat(126),
      "WsPingPongTooLong",
      wsError("Ping and Pong messages must be 125 bytes or less"),
    ],
    [ping, "x", "WsChannelNotFound", wsError("WebSocket channel not found")],
    [{ WebSocketExtPushOutgoing: ext }, "x", "NoBlob", "NoBlob"],
    [
      { WebSocketExtPushOutgoing: { ...ext, message_type: "Binary" } },
      "x",
      "WsChannelNotFound",
      wsError("WebSocket channel not found"),
    ],
    [
      { WebSocketOpen: { path: "/", channel_id: 9 } },
      null,
      "MalformedRequest",
      wsError("WebSocketOpen is not a valid request"),
    ],
    [
      { WebSocketExtPushData: { id: 1, kinode_message_type: "Response", blob: [1] } },
      null,
      "MalformedRequest",
      wsError("Use WebSocketExtPushOutgoing, not WebSocketExtPushData"),
    ],
    [
      { Unbind: { path: "/".repeat(3_000) } },
      null,
      "PathTooLong",
      { PathBindError: { error: "path is too long" } },
    ],
  ] as const;
  for (const [action, blob, errorB, errorA] of cases) {
    const testbed = new Testbed();
    const text = typeof action === "string" ? action : JSON.stringify(action);
    assertEquals(testbed.act(text, { blob }), { Err: errorB }, text);
    assertEquals<unknown>(testbed.act(text, { blob, target: eraA }), { Err: errorA }, text);
    assertEquals(testbed.rest(), [], text);
  }
});

Deno.test("deliver() refuses processes of other nodes, whatever they ask", () => {
  const testbed = new Testbed();
  const source = parseAddress("evil.dev@a:b:template.os");
  for (const action of [bindRoot, { WebSocketClose: 1 }, { Unbind: { path: "/" } }]) {
    assertEquals(testbed.act(action, { source }), { Err: "InvalidSourceProcess" });
  }
  const error = "only processes of this node may use its http server";
  assertEquals(testbed.act(bindRoot, { source, target: eraA }), {
    Err: { PathBindError: { error } },
  });
});

Deno.test("deliver() prints a malformed action in one harmless line", () => {
  const testbed = new Testbed();
  testbed.act(`{"\u001b[2J\\nBind":${" ".repeat(10_000)}{}}`);
  testbed.act(JSON.stringify("x".repeat(1_000_000)), { target: eraA });
  assertMatch(
    testbed.lines[0]!,
    /^http-server: got malformed request from fake\.dev@a:b:template\.os/,
  );
  for (const line of testbed.lines) {
    // deno-lint-ignore no-control-regex
    assertEquals([line.length < 400, /[\u0000-\u001f]/.test(line)], [true, false]);
  }
});

Deno.test("deliver() does not read an action that is too long", () => {
  const testbed = new Testbed();
  const long = JSON.stringify({ Unbind: { path: "/", more: "x".repeat(64 * 1024) } });
  assertEquals(testbed.act(long), { Err: "MalformedRequest" });
  assertMatch(testbed.lines[0]!, /an action has at most 16384 bytes/);
  assertEquals(testbed.act(long.slice(0, 40) + `"}}`), { Ok: null });
});

Deno.test("deliver() survives whatever comes as an action", () => {
  const testbed = new Testbed();
  const words = ["null", "[]", "0", '""', "{", "{}", '"Bind"', '{"Bind":null}', '{"Bind":[]}'];
  words.push('{"__proto__":{}}', '{"constructor":{"path":"/"}}', '{"WebSocketClose":1e999}');
  words.push('{"Unbind":{"path":{}}}', "[".repeat(100_000), '{"Bind":'.repeat(1_000));
  for (const text of words) {
    assertEquals(testbed.act(text), { Err: "MalformedRequest" }, text.slice(0, 50));
  }
});

Deno.test("deliver() ignores answers that nobody waits for", () => {
  const testbed = new Testbed();
  const asked = request(eraB, app, "{}", { id: 3n });
  testbed.respond(asked, 200);
  const error = { kind: "Timeout", reason: "queue-full", target: app, explanation: "" } as const;
  for (const body of ["", "{}", '{"WebSocketPush":{"channel_id":1,"message_type":"Text"}}']) {
    testbed.server.deliver({ ...request(app, eraB, body), kind: "SendError", error });
  }
  assertEquals(testbed.rest(), []);
});

Deno.test("deliver() tells a process that binds for ever to stop", () => {
  const testbed = new Testbed();
  for (let i = 0; i < BINDINGS_PER_PROCESS_MAX; i++) testbed.bind(`/${i}`);
  assertEquals(testbed.act(bindRoot), { Err: "TooManyBindings" });
});
