// The README's first minute: an empty folder, a node, a script dropped into it, curl, an edit, curl again.

import { assertEquals } from "@std/assert";
import { curl } from "../clients/curl.ts";
import { testNeeding } from "../clients/needs.ts";
import { startNode } from "../clients/node.ts";
import { untilAnswer } from "./bound.ts";
import { readExample } from "./scripts.ts";

testNeeding(["curl"], "issue 2: drop a script, it answers; save it, it answers anew", async () => {
  await using node = await startNode({ files: {} });
  const url = `${node.url}/hello:hello:template.os/`;
  const script = readExample("hello.ts");

  assertEquals((await curl([url])).status, 404);

  await node.drop("hello.ts", script);
  await node.waitForLine("kinode: started hello:hello:template.os");
  await untilAnswer(url, "hello, world\n");
  assertEquals((await curl([`${url}?name=kinode`])).text, "hello, kinode\n");

  const from = node.lines.length;
  await node.drop("hello.ts", script.replaceAll("hello,", "good evening,"));
  // Asked all the while: every request is answered, by the old version, the new one, or at once with 503.
  const statuses = new Set<number>();
  let text = "";
  while (text !== "good evening, world\n") {
    const answer = await curl([url]);
    statuses.add(answer.status);
    text = answer.text;
  }
  assertEquals([...statuses].filter((status) => status !== 200 && status !== 503), []);
  await node.waitForLine("kinode: started hello:hello:template.os", { from });

  await node.take("hello.ts");
  await node.waitForLine("kinode: stopped hello:hello:template.os");
  assertEquals((await curl([url])).status >= 400, true);
});
