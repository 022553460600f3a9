// Processes that processes start: spec/kernel.md §3.7, in the order that its rewrite notes ask for.

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type RunningNode, startNode } from "../clients/node.ts";
import { KERNEL, Remote, remoteText, RULES, startRemote } from "./remote.ts";
import { readProgram } from "./scripts.ts";
import { eventually } from "./within.ts";

const PATH = "kids/child.ts";

/** A node with a parent, and its child in a sub-folder, where it is no process by itself. */
async function startParent(config = {}): Promise<{ node: RunningNode; parent: Remote }> {
  const node = await startNode({ files: { [PATH]: readProgram("child.ts") } });
  return { node, parent: await startRemote(node, "parent", config) };
}

interface Heard {
  source: string;
  body: string;
}

Deno.test("kernel.md §12.10: a child of a sub-folder messages its parent in its first statement, and is answered to", async () => {
  const { node, parent } = await startParent();
  await using _node = node;
  assertEquals(node.lines.filter((line) => line.includes("child")), []);
  const child = await parent.call("spawn", { name: "kid", path: `./${PATH}` });
  assertEquals(child, "fake.dev@kid:parent:template.os");
  const [heard] = await parent.call<Heard[]>("received", 1);
  assertEquals([heard?.source, heard?.body], [child, "kid greets"]);
  await node.waitForLine("kinode: started kid:parent:template.os");

  const held = await parent.ask("our@kid:parent:template.os", "what do you hold?");
  assertEquals(sorted(held), [
    '"messaging" of fake.dev@kid:parent:template.os',
    '"messaging" of fake.dev@parent:parent:template.os',
  ]);
});

Deno.test("kernel.md §12.10: the name is taken, the file is not there, the path leaves the folder", async (t) => {
  const { node, parent } = await startParent();
  await using _node = node;
  await Deno.writeTextFile(`${node.home}/outside.ts`, readProgram("child.ts"));
  await Deno.symlink(`${node.home}/outside.ts`, `${node.processes}/kids/link.ts`);
  await node.drop("kids/broken.ts", "export function init( {");
  const spawn = (name: string | undefined, path: string) =>
    parent.call<string>("spawn", { name, path });
  await spawn("kid", PATH);

  await t.step("name-taken: by another child, and by oneself", async () => {
    await assertRejects(() => spawn("kid", PATH), Error, "name-taken");
    await assertRejects(() => spawn("parent", PATH), Error, "name-taken");
  });
  const wrong: [path: string, fault: RegExp][] = [
    ["kids/nobody.ts", /^no-file-at-path: kids\/nobody\.ts: there is no file/],
    ["kids", /^no-file-at-path: kids: .*folder/],
    ["../outside.ts", /^no-file-at-path: .*outside of the folder/],
    ["/../outside.ts", /^no-file-at-path: .*outside of the folder/],
    ["kids/../../outside.ts", /^no-file-at-path: .*outside of the folder/],
    ["kids/link.ts", /^no-file-at-path: .*leaves the processes folder/],
    ["kids/broken.ts", /^no-file-at-path: kids\/broken\.ts: /],
  ];
  for (const [path, fault] of wrong) {
    await t.step(`no-file-at-path: ${path}`, async () => {
      assertMatch((await assertRejects(() => spawn("other", path), Error)).message, fault);
    });
  }
  await t.step("a name that is none is said to be so", async () => {
    await assertRejects(() => spawn("Kid", PATH), Error, "process name");
  });
  await t.step("without a name it gets a random number", async () => {
    assertMatch(await spawn(undefined, PATH), /^fake\.dev@\d+:parent:template\.os$/);
  });
});

Deno.test("kernel.md §12.10: a child holds what is listed of what its parent holds, and grants what is listed", async () => {
  const { node, parent } = await startParent();
  await using _node = node;
  const other = await startRemote(node, "other");
  const [mine, given, foreign] = [
    { issuer: `our@${parent.id}`, params: '{"may":"read"}' },
    { issuer: "our@http-client:distro:sys", params: '"messaging"' },
    { issuer: KERNEL, params: '"messaging"' },
  ];
  const child = await parent.call<string>("spawn", {
    name: "kid",
    path: PATH,
    requestCapabilities: [mine, given, foreign],
    grantCapabilities: [[other.id, "messaging"], [other.id, { may: "write" }]],
  });
  assertEquals(sorted(await other.ask(child, "what do you hold?")), [
    '"messaging" of fake.dev@http-client:distro:sys',
    '"messaging" of fake.dev@kid:parent:template.os',
    '"messaging" of fake.dev@parent:parent:template.os',
    '{"may":"read"} of fake.dev@parent:parent:template.os',
  ]);
  const held = sorted(await other.call("held"));
  assertEquals(held.filter((one) => one.includes("kid")), [
    '"messaging" of fake.dev@kid:parent:template.os',
    '{"may":"write"} of fake.dev@kid:parent:template.os',
  ]);
});

Deno.test("kernel.md §3.7: a public child is everybody's; it outlives its parent; what its config asks for it does not get", async () => {
  const { node, parent } = await startParent();
  await using _node = node;
  const boss = await startRemote(node, "boss", RULES);
  const greedy = `export const config = ${JSON.stringify(RULES)};`;
  await node.drop("kids/greedy.ts", `${greedy}\n${readProgram("child.ts")}`);
  const child = await parent.call<string>("spawn", {
    name: "kid",
    path: "kids/greedy.ts",
    public: true,
  });
  await node.waitForLine(
    "kinode: kid:parent:template.os asks for rights in its config and does not",
  );
  assertEquals(await boss.ask(KERNEL, { KillProcess: parent.id }), { KilledProcess: parent.id });
  const held = sorted(await boss.ask(child, "what do you hold?"));
  assertEquals(held, ['"messaging" of fake.dev@kid:parent:template.os']);
});

/** Capabilities in words, in the order of these words. */
function sorted(capabilities: unknown): string[] {
  const list = capabilities as { issuer: string; params: string }[];
  return list.map(({ issuer, params }) => `${params} of ${issuer}`).sort();
}

Deno.test("a process that spawns without end is told so at 128 of its package, and others go on", async () => {
  const { node, parent } = await startParent();
  await using _node = node;
  const other = await startRemote(node, "other");
  let children = 0;
  const error = await assertRejects(async () => {
    for (;; children++) await parent.call("spawn", { path: PATH });
  }, Error);
  assertEquals([children, error.message], [127, "too-many: a package has at most 128 processes"]);
  const child = await other.call<string>("spawn", { path: PATH });
  assertMatch(child, /^fake\.dev@\d+:other:template\.os$/);
});

Deno.test("children go when their owner takes the script out of the folder, also while the node is off", async (t) => {
  const home = await Deno.makeTempDir({ prefix: "kinode_test_" });
  const kid = "kid:parent:template.os";
  const startWith = (files: Record<string, string>) => startNode({ home, files });
  await t.step("at once", async () => {
    await using node = await startWith({ [PATH]: readProgram("child.ts") });
    const parent = await startRemote(node, "parent");
    const from = node.lines.length;
    for (const name of ["kid", "other"]) {
      await parent.call("spawn", { name, path: PATH, onExit: name === "kid" ? "Restart" : "None" });
      await node.waitForLine(`kinode: started ${name}:parent:template.os`);
    }
    await node.take("parent.ts");
    const stops = ["parent", "kid", "other"].map((name) => `kinode: stopped ${name}:parent:`);
    await node.waitForLines(stops, { from });
  });
  await t.step("at the next start, and not those whose parent is there", async () => {
    {
      await using node = await startWith({});
      for (const name of ["parent", "stays"]) {
        const remote = await startRemote(node, name);
        await remote.call("spawn", { name: "kid", path: PATH, onExit: "Restart" });
        await node.waitForLine(`kinode: started kid:${name}:template.os`);
      }
      await node.stop();
    }
    await Deno.remove(`${home}/processes/parent.ts`);
    {
      await using node = await startWith({});
      await node.waitForLines([`kinode: stopped ${kid}`, "kinode: started kid:stays:template.os"]);
      assertEquals(node.lines.filter((line) => line.includes(`started ${kid}`)), []);
    }
  });
  await Deno.remove(home, { recursive: true });
});

/** A child that says which version it is, and stays. */
function version(name: string): string {
  return `import { name } from "./_name.ts";
import { our } from "@kinode/process";
export async function init() {
  console.log(our().processName, name, ${name});
  await new Promise(() => {});
}`;
}

async function bothAre(node: RunningNode, version: string, from = 0): Promise<void> {
  const is = (name: string) => node.waitForLine(new RegExp(`: ${name} ${version}$`), { from });
  await Promise.all([is("kid"), is("twin")]);
}

Deno.test("a child starts anew when its file is saved, or what that imports, and while the node was off", async (t) => {
  const home = await Deno.makeTempDir({ prefix: "kinode_test_" });
  const files = { [PATH]: version("1"), "kids/_name.ts": `export const name = "one";` };
  await t.step("at once, and nobody else", async () => {
    await using node = await startNode({ home, files });
    const parent = await startRemote(node, "parent");
    const spawn = (name: string) =>
      parent.call("spawn", { name, path: `./${PATH}`, onExit: "Restart" });
    await spawn("kid");
    await spawn("twin");
    await bothAre(node, "one 1");
    let from = node.lines.length;
    await node.drop("kids/_name.ts", `export const name = "two";`);
    await bothAre(node, "two 1", from);
    from = node.lines.length;
    await node.drop(PATH, "export function init( {");
    await node.waitForLine(/^kinode: kids\/child\.ts: .*the version of kid:parent:template\.os /, {
      from,
    });
    await node.drop(PATH, version("2"));
    await bothAre(node, "two 2", from);
    assertEquals(node.lines.slice(from).filter((line) => / started parent/.test(line)), []);
    await node.stop();
  });
  await t.step("at the next start", async () => {
    await Deno.writeTextFile(`${home}/processes/${PATH}`, version("3"));
    await using node = await startNode({ home });
    await bothAre(node, "two 3");
    assertEquals(node.lines.filter((line) => / two 2$/.test(line)), []);
  });
  await Deno.remove(home, { recursive: true });
});

Deno.test("children are run beside a script that has an error, whatever its name is, and go with it", async (t) => {
  const home = await Deno.makeTempDir({ prefix: "kinode_test_" });
  const named = remoteText({ id: "boss:mine:me.os" });
  const kid = "kid:mine:me.os";
  /** Leaves a child behind, and a script with an error. */
  const leave = async (file: string, text: string, id: string) => {
    {
      await using node = await startNode({ home, files: { [PATH]: readProgram("child.ts") } });
      await node.drop(file, text);
      await node.waitForLine(`kinode: started ${id}`);
      const parent = new Remote(node, id.split(":")[0]!, id);
      await eventually("it listens", () => parent.listens());
      await parent.call("spawn", { name: "kid", path: PATH, onExit: "Restart" });
      await node.waitForLine("kinode: started kid:");
      await node.stop();
    }
    await Deno.writeTextFile(`${home}/processes/${file}`, `${text}\n}`);
  };
  await t.step("a name that is in the script; it is mended, and deleted", async () => {
    await leave("named.ts", named, "boss:mine:me.os");
    await using node = await startNode({ home });
    await node.waitForLine(`kinode: started ${kid}`);
    await node.drop("named.ts", named);
    await node.waitForLine("kinode: started boss:mine:me.os");
    await node.take("named.ts");
    await node.waitForLine(`kinode: stopped ${kid}`);
    await node.stop();
  });
  await t.step("the name of the file; it is deleted as it is", async () => {
    await leave("parent.ts", remoteText(), "parent:parent:template.os");
    await using node = await startNode({ home });
    await node.waitForLine("kinode: started kid:parent:template.os");
    await node.take("parent.ts");
    await node.waitForLine("kinode: stopped kid:parent:template.os");
    await node.stop();
  });
  await Deno.remove(home, { recursive: true });
});

Deno.test("what a process asked for in another life does not start any more", async () => {
  const spawning = (children: string, then: string) =>
    `import { spawn } from "@kinode/process";
export async function init() {
  ${children};
  console.log("${then}");
  await new Promise(() => {});
}`;
  const many = `Array.from({ length: 500 }, () => spawn({ path: "${PATH}" }).catch(() => {}))`;
  const files = { [PATH]: "export async function init() { await new Promise(() => {}); }" };
  await using node = await startNode({ files });
  await node.drop("parent.ts", spawning(many, "first"));
  await node.waitForLine(" parent:template.os: first");
  await node.drop("parent.ts", spawning(`await spawn({ name: "kid", path: "${PATH}" })`, "second"));
  await node.waitForLines([" parent:template.os: second"]);
});
