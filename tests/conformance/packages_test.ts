// Packages as a user meets them: a folder or a zip file with a manifest.json is dropped into a running node.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { testNeeding } from "../clients/needs.ts";
import { type RunningNode, startNode } from "../clients/node.ts";
import { untilAnswer } from "./bound.ts";
import { startRemote } from "./remote.ts";
import { readExample } from "./scripts.ts";
import { eventually, within } from "./within.ts";

const FILES = ["manifest.json", "chat.ts", "history.ts", "words.ts"];
const CHAT = "chat:chat:template.os";

/** examples/chat, under another folder's name too. */
function chatFiles(folder: string): Record<string, string> {
  return Object.fromEntries(
    FILES.map((name) => [`${folder}/${name}`, readExample(`chat/${name}`)]),
  );
}

async function say(node: RunningNode, line: string): Promise<string> {
  const url = `${node.url}/${CHAT}/`;
  return await eventually("answer", async () => {
    const answer = await fetch(url, { method: "POST", body: line });
    const text = await answer.text();
    return answer.status === 201 ? text : undefined;
  });
}

async function read(node: RunningNode): Promise<string> {
  return await (await fetch(`${node.url}/${CHAT}/`)).text();
}

Deno.test("a package's two processes talk, have what the manifest says, and keep it over a save", async () => {
  await using node = await startNode({ files: chatFiles("chat") });
  await node.waitForLine(`kinode: ${CHAT} may: serve HTTP`);
  await node.waitForLine(
    `kinode: ${CHAT} asks for this and gets it: it may message history:chat:template.os`,
  );
  await node.waitForLine("kinode: history:chat:template.os may: nothing but answer");
  assertEquals(await say(node, "one"), "1 lines\n");

  // The other one is saved, goes away and comes back: what the manifest promises holds all the time.
  let from = node.lines.length;
  await node.drop("chat/history.ts", `${readExample("chat/history.ts")}// saved\n`);
  await node.waitForLine("kinode: started history:chat:template.os", { from });
  assertEquals(node.lines.slice(from).some((line) => line.includes(`started ${CHAT}`)), false);
  assertEquals(await say(node, "two"), "2 lines\n");
  const manifest = JSON.parse(readExample("chat/manifest.json"));
  from = node.lines.length;
  await node.drop("chat/manifest.json", JSON.stringify(manifest.slice(0, 1)));
  await node.waitForLine("kinode: stopped history:chat:template.os", { from });
  await node.drop("chat/manifest.json", JSON.stringify(manifest));
  await node.waitForLine("kinode: started history:chat:template.os", { from });
  assertEquals(await say(node, "three"), "3 lines\n");
  assertEquals(await read(node), "one\ntwo\nthree\n");
  // Said once, though it was started three times.
  const said = node.lines.filter((line) => line.includes("history:chat:template.os may:"));
  assertEquals(said.length, 1);
});

Deno.test("nobody else may message a package's process that grants nothing", async () => {
  await using node = await startNode({ files: chatFiles("chat") });
  await node.waitForLine("kinode: started history:chat:template.os");
  const stranger = await startRemote(node, "stranger");
  const { reason } = await stranger.send("our@history:chat:template.os", "All");
  assertEquals(reason, "not-permitted");
});

testNeeding(
  ["python"],
  "a zip file is the same package; its traces name the file in it",
  async (_t, { python }) => {
    await using node = await startNode({ files: {} });
    const folder = await Deno.makeTempDir({ prefix: "kinode-test-" });
    const zip = async (name: string, files: Record<string, string>) => {
      await Deno.mkdir(join(folder, "chat"), { recursive: true });
      for (const [path, text] of Object.entries(files)) {
        await Deno.writeTextFile(
          join(folder, path),
          text,
        );
      }
      const args = ["-m", "zipfile", "-c", join(folder, name), join(folder, "chat")];
      assertEquals((await new Deno.Command(python, { args }).output()).code, 0);
      await Deno.rename(join(folder, name), join(node.processes, name));
    };
    await zip("chat.zip", chatFiles("chat"));
    await node.waitForLine(`kinode: started ${CHAT}`);
    assertEquals(await say(node, "zipped"), "1 lines\n");
    const from = node.lines.length;
    const broken = readExample("chat/chat.ts", [
      'if (request.method === "GET") {',
      'if (request.method === "GET") {\n      throw new Error("on purpose");',
    ]);
    await zip("chat.zip", { "chat/chat.ts": broken });
    await node.waitForLine(`kinode: started ${CHAT}`, { from });
    await eventually("500", async () => {
      const { status, body } = await fetch(`${node.url}/${CHAT}/`);
      await body?.cancel();
      return status === 500 ? true : undefined;
    });
    await node.waitForLine("chat.zip/chat/chat.ts:", { from });
    await node.take("chat.zip");
    await node.waitForLine(`kinode: stopped ${CHAT}`, { from });
    assertEquals([...Deno.readDirSync(node.processes)], []);
    await Deno.remove(folder, { recursive: true });
  },
);

Deno.test("a process of a package spawns a script of its package, and none beside it", async () => {
  const parent = `import { awaitMessage, http, println, spawn } from "@kinode/process";
    export async function init() {
      for (const path of ["./kid.ts", "/boss:template.os/pkg/kid.wasm", "../outside.ts"]) {
        println(await spawn({ path }).then(() => path + " runs", (error) => error.message));
      }
      await awaitMessage();
    }`;
  const kid =
    'import { println } from "@kinode/process"; export const init = () => println("kid");';
  await using node = await startNode({
    files: {
      "boss/manifest.json": '[{"process_name":"boss"}]',
      "boss/boss.ts": parent,
      "boss/kid.ts": kid,
      "outside.ts": kid,
    },
  });
  await node.waitForLine("./kid.ts runs");
  await node.waitForLine("/boss:template.os/pkg/kid.wasm runs");
  await node.waitForLine("no-file-at-path: ../outside.ts is outside of the package boss");
});

Deno.test("--strict: a script serves as soon as the owner grants it, and stops when that is taken back", async () => {
  const home = await Deno.makeTempDir({ prefix: "kinode-test-" });
  const hello = 'export default { fetch: () => new Response("hello") };';
  {
    await using node = await startNode({ home, args: ["--strict"], files: { "hello.ts": hello } });
    await node.waitForLine("kinode: hello:hello:template.os may: nothing but answer");
    const grants = join(home, "grants.json");
    await Deno.writeTextFile(grants, '{ "hello:hello:template.os": "asked" }');
    await untilAnswer(`${node.url}/hello:hello:template.os/`, "hello");
    const from = node.lines.length;
    await Deno.writeTextFile(grants, "{}");
    await node.waitForLine("kinode: hello:hello:template.os may: nothing but answer", { from });
    await node.waitForLine("kinode: started hello:hello:template.os", { from });
  }
  await Deno.remove(home, { recursive: true });
});

Deno.test("a request under way when its process is saved or deleted is answered at once with 503", async () => {
  const script = (text: string) =>
    `import { println } from "@kinode/process";
     export default { fetch(request) {
       if (!request.url.endsWith("/slow")) return new Response("${text}");
       println("asked");
       return new Promise(() => {});
     } };`;
  await using node = await startNode({ files: { "slow.ts": script("one") } });
  const url = `${node.url}/slow:slow:template.os/`;
  await untilAnswer(url, "one");
  /** The status of a request that is under way when `end` happens. */
  const interrupted = async (end: () => Promise<void>): Promise<number> => {
    const from = node.lines.length;
    const asked = fetch(`${url}slow`);
    await node.waitForLine("asked", { from });
    await end();
    const answer = await within("answer", asked);
    await answer.body?.cancel();
    return answer.status;
  };
  assertEquals(await interrupted(() => node.drop("slow.ts", script("two"))), 503);
  await untilAnswer(url, "two");
  assertEquals(await interrupted(() => node.take("slow.ts")), 503);
});

Deno.test("a script that is no program is not tried again and again, but when it is saved", async () => {
  await using node = await startNode({ files: { "none.ts": "export default {};" } });
  await node.waitForLine("gone until it is saved anew: starting it again would not help");
  const from = node.lines.length;
  await node.drop("none.ts", 'export default { fetch: () => new Response("now") };');
  await untilAnswer(`${node.url}/none:none:template.os/`, "now");
  const text = node.lines.slice(0, from).join("\n");
  assertStringIncludes(text, "Cannot run this script: export a function `init(our)`");
  assertEquals(text.includes("restarting none"), false);
});
