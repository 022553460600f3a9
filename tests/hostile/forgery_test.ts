// Threat: a process that gives itself out for another, or that poisons the language under the library to do so.
import { assertEquals } from "@std/assert";
import { toFileUrl } from "@std/path";
import { firstAnswer } from "../conformance/bound.ts";
import {
  assertUnharmed,
  hostileFiles,
  readHostile,
  saidBy,
  startAttacked,
  strayLines,
} from "./attack.ts";

const victim = `
import { awaitMessage, println, Request } from "@kinode/process";
export const config = { public: true, request_capabilities: ["colludes:colludes:template.os"] };
export default {
  fetch: () => (println("served"), new Response("the victim's")),
  message: (message) => println("was told " + message.text().slice(0, 8) + " by " + message.source.process),
};
setTimeout(async () => {
  const answer = await Request.to("our@colludes:colludes:template.os").body("?").sendAndAwaitResponse(30);
  println("got " + answer.text() + " of " + answer.source.process);
}, 500);
`;

Deno.test("hostile: nobody answers, tells or commands in another's name", async () => {
  const files = { ...hostileFiles("forges", "colludes"), "victim.ts": victim };
  await using node = await startAttacked({ files });
  await node.waitForLine("forges:template.os: is done");
  await node.waitForLine(/ victim:template\.os: got /);
  assertEquals(saidBy(node, "victim"), [
    'was told {"Http": by forges:forges:template.os',
    "got true answer of colludes:colludes:template.os",
  ]);
  const said = Object.fromEntries(
    saidBy(node, "forges").map((
      line,
    ) => [line.split(": ")[0], line.split(": ").slice(1).join(": ")]),
  );
  assertEquals([said.kernel, said.state, said.terminal], [
    ...["not-permitted", "no-such-process", "no-such-process"],
  ]);
  // What it may ask for is about its own paths and channels, and it has neither.
  assertEquals(said.push?.includes("Err"), true, said.push);
  const answer = await firstAnswer(`${node.url}/victim:victim:template.os/`);
  assertEquals(answer.text, "the victim's");
  await assertUnharmed(node);
});

Deno.test("hostile: who poisons the language breaks itself, and sees nothing that is not its own", async () => {
  await using node = await startAttacked({ files: hostileFiles("poisons") });
  await node.waitForLine(/poisons:template\.os: (?:still told|has)/);
  await node.waitForLine(/poisons:template\.os: (?:saw no port|SAW)/);
  const said = saidBy(node, "poisons");
  assertEquals(said.filter((line) => line.includes("SAW")), []);
  assertEquals(said[0], "still told: no-such-process");
  assertEquals(strayLines(node), []);
  assertEquals(node.lines.filter((line) => line.includes("victim")), []);
  await assertUnharmed(node);
});

Deno.test("hostile: nobody gets between the kernel and a worker, to begin anew with code that is not sealed", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kinode-outside-" });
  try {
    const secret = `${folder}/secret.json`;
    await Deno.writeTextFile(secret, `"the secret"`);
    const text = readHostile("reboots").replace("SECRET_URL", String(toFileUrl(secret)));
    await using node = await startAttacked({ files: { "reboots.ts": text } });
    await node.waitForLine(
      /reboots:template\.os: is done$|@reboots:reboots:template\.os ended with/,
    );
    const said = saidBy(node, "reboots");
    assertEquals(said.filter((line) => /REACHED|SAW/.test(line)), []);
    assertEquals([said.length, said.at(-1)], [4, "is done"], said.join("\n"));
    assertEquals(strayLines(node), []);
    await assertUnharmed(node);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

const rawPosts = [
  ...["no_list", "no_frames", "no_message", "many_frames", "holes", "done_before", "credit"],
  ...["floods", "loaded_twice", "shares", "forges"],
];

Deno.test("hostile: what is posted to the kernel past the library ends who posted it, and forges nothing", async () => {
  const text = readHostile("raw_port");
  const ending = rawPosts.filter((way) => way !== "forges");
  const files = Object.fromEntries(ending.map((way) => [`${way}.ts`, text]));
  await using node = await startAttacked({
    files: { ...files, "victim.ts": victim.replace(/setTimeout[^]*/, "") },
  });
  await node.waitForLine("started victim:victim:template.os", { timeoutSeconds: 90 });
  await node.drop("forges.ts", text);
  for (const way of rawPosts) {
    const [said] = await node.waitForLines([
      new RegExp(`${way}:template\\.os: (?:posts|ports have no numbers)$`),
    ]);
    if (way === "forges" || said!.endsWith("numbers")) continue;
    const ended = await node.waitForLine(`@${way}:${way}:template.os ended with error:`);
    const why = node.lines[node.lines.indexOf(ended) + 1];
    assertEquals(
      / (?:it broke the protocol of its port: |it sends faster than)/.test(why!),
      true,
      why,
    );
  }
  if (saidBy(node, "forges").includes("posts")) {
    await node.waitForLine("victim:template.os: was told");
    assertEquals(saidBy(node, "victim"), ["was told forged by forges:forges:template.os"]);
  }
  assertEquals(strayLines(node), []);
  await assertUnharmed(node);
});
