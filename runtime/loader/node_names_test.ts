import { assertEquals, assertStringIncludes } from "@std/assert";
import { JSPM_VERSION, NOBLE_VERSION } from "./node_names.ts";
import { hello, seenBy } from "./testing.ts";

Deno.test("Node's harmless modules work without any power of Node's", async () => {
  const seen = await seenBy({
    "hello.ts": `
      import assert from "node:assert";
      import { Buffer } from "buffer";
      import { createHash, randomInt, timingSafeEqual } from "node:crypto";
      import { EventEmitter } from "events";
      import path from "node:path";
      import qs from "node:querystring";
      import { Readable } from "node:stream";
      import { StringDecoder } from "string_decoder";
      import { setTimeout as sleep } from "node:timers/promises";
      import { fileURLToPath } from "node:url";
      import util from "node:util";
      assert.deepStrictEqual({ a: 1 }, { a: 1 });
      const emitter = new EventEmitter();
      const heard = [];
      emitter.on("x", (y) => heard.push(y));
      emitter.emit("x", 1);
      const read = [];
      for await (const chunk of Readable.from(["a", "b"])) read.push(chunk);
      const drawn = randomInt(3);
      export const seen = {
        hash: createHash("md5").update("abc").digest("hex"),
        buffer: Buffer.from("hi").toString("base64"), same: timingSafeEqual(Buffer.from("a"), Buffer.from("a")),
        heard, read, drawn: drawn >= 0 && drawn < 3, path: path.join("/a", "../b"), qs: qs.parse("a=1").a,
        text: new StringDecoder("utf8").write(Buffer.from("ü")), slept: await sleep(1, "slept"),
        url: fileURLToPath("file:///a/b"), util: util.format("%s=%d", "x", 3),
      };`,
  });
  assertEquals(seen, {
    hash: "900150983cd24fb0d6963f7d28e17f72",
    buffer: "aGk=",
    same: true,
    heard: [1],
    read: ["a", "b"],
    drawn: true,
    path: "/b",
    qs: "1",
    text: "ü",
    slept: "slept",
    url: "/a/b",
    util: "x=3",
  });
});

Deno.test("Node's other modules are refused, with what to use instead", async () => {
  const cases = {
    "node:fs": "setState",
    "child_process": "spawn",
    "node:module": "@kinode/process",
    "node:vm": "web",
  };
  for (
    const [name, hint] of Object.entries({
      ...cases,
      "node:worker_threads": "spawn",
      "node:nothing": "web",
    })
  ) {
    const refused = String(await seenBy({ "hello.ts": hello(name) }));
    assertStringIncludes(refused, "no access to the system");
    assertStringIncludes(refused, hint);
  }
});

Deno.test("the packages behind Node's modules are those of deno.json", async () => {
  const text = await Deno.readTextFile(new URL("../../deno.json", import.meta.url));
  assertStringIncludes(text, `npm:@jspm/core@${JSPM_VERSION}/`);
  assertStringIncludes(text, `npm:@noble/hashes@${NOBLE_VERSION}/`);
});
