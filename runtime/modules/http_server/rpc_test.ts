import { assertEquals, assertMatch } from "@std/assert";
import { parseAddress } from "../../protocol/address.ts";
import {
  bytesOf,
  type KernelMessage,
  responseTo,
  type SendErrorReason,
  textOf,
} from "../../protocol/message.ts";
import { Rpc } from "./rpc.ts";

const source = parseAddress("fake.dev@http-server:distro:sys");

/** An Rpc whose messages `answer` answers at once, and that keeps them. */
function rpcThat(answer: (message: KernelMessage) => KernelMessage | null) {
  const sent: KernelMessage[] = [];
  const rpc: Rpc = new Rpc({
    node: "fake.dev",
    source,
    send(message) {
      sent.push(message);
      const answered = answer(message);
      if (answered !== null) rpc.answer(answered);
    },
  });
  return { rpc, sent, inject: (json: unknown) => rpc.inject(bytesOf(JSON.stringify(json))) };
}

function errorFor(message: KernelMessage, reason: SendErrorReason): KernelMessage {
  const error = {
    kind: "Timeout" as const,
    reason,
    target: message.target,
    explanation: `${reason}!`,
  };
  return { ...responseTo(message, ""), kind: "SendError", error };
}

Deno.test("§2.8: what is injected arrives as a request of http_server", async () => {
  const { sent, inject } = rpcThat(() => null);
  const response = await inject({
    process: "a:b:c.os",
    body: "hello",
    metadata: "m",
    mime: "text/plain",
    data: btoa("blob"),
    inherit: true,
    context: "ignored",
  });
  assertEquals([response.status, await response.text()], [200, ""]);
  const [message] = sent;
  assertEquals(message!.target, "fake.dev@a:b:c.os");
  assertEquals(message!.source, source);
  assertEquals(textOf(message!.body), "hello");
  assertEquals([message!.metadata, message!.inherit, message!.expects_response], [
    "m",
    false,
    null,
  ]);
  assertEquals(message!.lazy_load_blob, { mime: "text/plain", bytes: bytesOf("blob") });
});

Deno.test("§2.8: only `process` is mandatory, and invalid base64 is no blob", async () => {
  const { sent, inject } = rpcThat(() => null);
  assertEquals((await inject({ process: "a:b:c.os", node: "other.os", data: "%%" })).status, 200);
  assertEquals(sent[0]!.target, "other.os@a:b:c.os");
  assertEquals([textOf(sent[0]!.body), sent[0]!.lazy_load_blob], ["", null]);
});

Deno.test("§2.8: without a node, or with `our`, the message is this node's", async () => {
  const { sent, inject } = rpcThat(() => null);
  for (const node of [undefined, null, "our", "fake.dev"]) {
    assertEquals((await inject({ process: "a:b:c.os", node })).status, 200);
  }
  assertEquals(sent.map(({ target }) => target), Array(4).fill("fake.dev@a:b:c.os"));
});

Deno.test("§2.8: the answer's shape is Kinode's to the byte", async () => {
  const { sent, inject } = rpcThat((message) =>
    responseTo(message, "ok", { mime: "a/b", bytes: Uint8Array.of(0, 255) })
  );
  const response = await inject({ process: "a:b:c.os", expects_response: 600 });
  assertEquals(response.headers.get("content-type"), "text/html");
  const base64 = [...bytesOf("AP8=")].join(",");
  const expected = `{"body":[111,107],"lazy_load_blob":{"mime":"a/b","bytes":[${base64}]}}`;
  assertEquals(await response.text(), expected);
  assertEquals(sent[0]!.expects_response, 15);
});

Deno.test("§2.8: an answer without a blob", async () => {
  const { inject } = rpcThat((message) => responseTo(message, "ok"));
  const response = await inject({ process: "a:b:c.os", expects_response: 5 });
  assertEquals(await response.text(), '{"body":[111,107],"lazy_load_blob":null}');
});

Deno.test("an answer of which too much JSON would have to be made is 502", async () => {
  const { inject } = rpcThat((message) =>
    responseTo(message, "x", { mime: null, bytes: new Uint8Array(1024 * 1024) })
  );
  const response = await inject({ process: "a:b:c.os", expects_response: 5 });
  assertEquals(response.status, 502);
  assertMatch((await response.json()).error, /the answer has 1048577 bytes, here at most 1048576/);
});

Deno.test("what goes wrong has a status of its own and says why", async () => {
  const statuses: [SendErrorReason, number][] = [
    ["no-answer", 408],
    ["no-such-process", 404],
    ["not-permitted", 403],
    ["crashed", 502],
    ["queue-full", 503],
    ["too-large", 413],
  ];
  for (const [reason, status] of statuses) {
    const { inject } = rpcThat((message) => errorFor(message, reason));
    const response = await inject({ process: "a:b:c.os", expects_response: 5 });
    assertEquals([response.status, await response.json()], [status, { error: `${reason}!` }]);
  }
});

Deno.test("what is no message is refused with the field that is wrong", async () => {
  const { rpc, sent, inject } = rpcThat(() => null);
  const bad: unknown[] = [{}, { process: "nobody" }, [], 7];
  bad.push({ process: "a:b:c", expects_response: -1 });
  for (const node of ["", "a@b", "a b", "x\ny", 7]) bad.push({ process: "a:b:c", node });
  for (const json of bad) {
    const response = await inject(json);
    assertEquals(response.status, 400);
    assertMatch((await response.json()).error, /\w/);
  }
  assertEquals((await rpc.inject(new Uint8Array(0))).status, 400);
  assertEquals(sent, []);
});

Deno.test("an answer that nobody waits for is somebody else's", () => {
  const { rpc, sent, inject } = rpcThat(() => null);
  void inject({ process: "a:b:c.os" });
  assertEquals(rpc.answer(responseTo(sent[0]!, "late")), false);
});
