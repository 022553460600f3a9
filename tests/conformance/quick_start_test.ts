// The README's first minute: an empty folder, a node, a script dropped into it, curl, an edit, curl again.

import { assertEquals } from "@std/assert";
import { curl } from "../clients/curl.ts";
import { testNeeding } from "../clients/needs.ts";
import { startNode } from "../clients/node.ts";
import { curlUntil } from "./bound.ts";
import { readExample } from "./scripts.ts";

testNeeding(["curl"], "issue 2: drop a script, it answers; save it, it answers anew", async () => {
  await using node = await startNode({ files: {} });
  const url = `${node.url}/hello:hello:template.os/`;
  const script = readExample("hello.ts");

  assertEquals((await curl([url])).status, 404);

  await node.drop("hello.ts", script);
  await node.waitForLine("kinode: started hello:hello:template.os");
  await curlUntil(url, "hello, world\n");
  assertEquals((await curl([`${url}?name=kinode`])).text, "hello, kinode\n");

  const from = node.lines.length;
  await node.drop("hello.ts", script.replaceAll("hello,", "good evening,"));
  await node.waitForLine("kinode: started hello:hello:template.os", { from });
  await curlUntil(url, "good evening, world\n");

  await node.take("hello.ts");
  await node.waitForLine("kinode: stopped hello:hello:template.os");
  assertEquals((await curl([url])).status >= 400, true);
});
