// Issue 3, "State and durability": what setState() has resolved for is there after `kill -9` of the whole node,
// whole, at any moment; and files that are damaged are neither used nor touched. 10 kills; 200 with FULL=1.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { type RunningNode, runNode, startNode } from "../clients/node.ts";
import { findRemote, remoteText, startRemote } from "./remote.ts";
import { readProgram } from "./scripts.ts";

const KILLS = Deno.env.get("FULL") === "1" ? 200 : 10;
/** So often the same home is used: what an earlier kill left is there in the next round. */
const ROUNDS_PER_HOME = 10;
const NAMES = ["one", "two", "three"];

async function withHome(run: (home: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "kinode-test-" });
  try {
    await run(home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

function startSaving(home: string): Promise<RunningNode> {
  const text = readProgram("saves.ts");
  return startNode({
    home,
    files: Object.fromEntries(NAMES.map((name) => [`${name}.ts`, text])),
  });
}

/** The number in the last line `<name>:template.os: <word> 7`; what a killed node may still have saved follows. */
function lastNumber(node: RunningNode, name: string, word: "found" | "saved"): number | undefined {
  const line = node.lines.findLast((line) => line.includes(` ${name}:template.os: ${word} `));
  return line === undefined ? undefined : Number(line.split(" ").at(-1));
}

/** Waits for what each process finds, compares, and gives the numbers. */
async function assertFound(node: RunningNode, saved: Map<string, number>): Promise<void> {
  for (const name of NAMES) {
    await node.waitForLine(` ${name}:template.os: found `);
    const found = lastNumber(node, name, "found")!;
    const least = saved.get(name) ?? 0;
    const fine = found === least || found === least + 1;
    assertEquals(fine, true, `${name}: acknowledged ${least}, found ${found}`);
    saved.set(name, found);
  }
}

Deno.test(`kernel.md §12.9, §12.19: a saved state survives kill -9 of the node, ${KILLS} times at random moments`, async () => {
  for (let done = 0; done < KILLS;) {
    await withHome(async (home) => {
      const saved = new Map<string, number>();
      for (let round = 0; round < ROUNDS_PER_HOME; round++, done++) {
        await using node = await startSaving(home);
        await assertFound(node, saved);
        const target = saved.get("one")! + 1 + Math.floor(Math.random() ** 2 * 300);
        await node.waitForLine(new RegExp(` one:template\\.os: saved ${target}$`));
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
        await node.kill();
        for (const name of NAMES) {
          saved.set(name, lastNumber(node, name, "saved") ?? saved.get(name)!);
        }
      }
      await using last = await startSaving(home);
      await assertFound(last, saved);
      assertEquals(await last.stop(), 0);
    });
  }
});

Deno.test("kernel.md §12.9: a saved state survives an ordinary restart", async () => {
  await withHome(async (home) => {
    await using first = await startSaving(home);
    await first.waitForLine(/ one:template\.os: saved 20$/);
    await first.stop();
    const saved = new Map(NAMES.map((name) => [name, lastNumber(first, name, "saved") ?? 0]));
    await using second = await startSaving(home);
    await assertFound(second, saved);
  });
});

Deno.test("kernel.md §12.9: set, get and clear, also 10 MB, over restarts of process and node, each for itself", async () => {
  await withHome(async (home) => {
    const large = "large ".repeat(10 * 1024 * 1024 / 6);
    await using first = await startNode({ home });
    const keeper = await startRemote(first, "keeper");
    const other = await startRemote(first, "other");
    assertEquals(await keeper.call("getState"), null);
    await keeper.call("setState", large);
    await other.call("setState", "");
    const from = first.lines.length;
    await first.drop("keeper.ts", `${remoteText()}// changed`);
    await first.waitForLine("keeper:keeper:template.os", { from });
    const changed = await findRemote(first, "keeper");
    assertEquals(await changed.call("getState") === large, true);
    await first.stop();

    await using second = await startNode({ home });
    const found = await findRemote(second, "keeper");
    assertEquals(await found.call("getState") === large, true);
    assertEquals(await (await findRemote(second, "other")).call("getState"), "");
    await found.call("clearState");
    assertEquals(await found.call("getState"), null);
    await second.kill();

    await using third = await startNode({ home });
    assertEquals(await (await findRemote(third, "keeper")).call("getState"), null);
  });
});

Deno.test("a home has one node at a time: the second says so and exits 1", async () => {
  await withHome(async (home) => {
    await using _first = await startSaving(home);
    const second = await runNode(["--fake", "--home", home, "--port", "0"]);
    assertEquals([second.code, second.stdout], [1, ""]);
    assertStringIncludes(second.stderr, "another node runs on it");
  });
});

for (const [how, damage] of Object.entries({ "cut to nothing": cut, "a garbage page": garble })) {
  Deno.test(`damaged saved state is named, not touched, and the node exits 1: ${how}`, async () => {
    await withHome(async (home) => {
      await using node = await startSaving(home);
      await node.waitForLine(/ one:template\.os: saved 20$/);
      await node.stop();
      const path = join(home, "kernel.sqlite");
      damage(path);
      const before = Deno.readFileSync(path);
      const { code, stderr } = await runNode(["--fake", "--home", home, "--port", "0"]);
      assertEquals(code, 1);
      assertStringIncludes(stderr, `Cannot open "${Deno.realPathSync(path)}"`);
      assertStringIncludes(stderr, "nothing was changed");
      assertEquals(Deno.readFileSync(path), before);
    });
  });
}

function cut(path: string): void {
  Deno.truncateSync(path, 0);
}

function garble(path: string): void {
  using file = Deno.openSync(path, { write: true });
  file.seekSync(4096, Deno.SeekMode.Start);
  file.writeSync(crypto.getRandomValues(new Uint8Array(4096)));
}
