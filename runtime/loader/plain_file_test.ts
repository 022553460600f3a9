import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { readInside, relativeInside } from "./plain_file.ts";
import { TempFolder } from "./testing.ts";

const MAX = 1_000_000;

async function textOf(root: string, path: string): Promise<string> {
  const file = await readInside(root, join(root, path), MAX);
  return "fault" in file ? file.fault : new TextDecoder().decode(file.bytes);
}

Deno.test("readInside() reads what lies inside, under its real name, and says what it does not read", async () => {
  await using folder = new TempFolder({ "root/a.ts": "a", "root/lib/b.ts": "b", "c.ts": "c" });
  const root = folder.at("root");
  assertEquals(await textOf(root, "a.ts"), "a");
  assertEquals(await textOf(root, "none.ts"), "missing");
  assertEquals(await textOf(root, "lib"), "folder");
  assertEquals(await textOf(root, "../c.ts"), "outside");
  const large = await readInside(root, folder.at("root/a.ts"), 0);
  assertEquals(large, { fault: "large" });
  if (Deno.build.os === "windows") return;
  Deno.symlinkSync("lib/b.ts", folder.at("root/link.ts"));
  const linked = await readInside(root, folder.at("root/link.ts"), MAX);
  assert("inside" in linked && linked.inside === "lib/b.ts");
  Deno.symlinkSync(folder.at("c.ts"), folder.at("root/out.ts"));
  Deno.symlinkSync(folder.path, folder.at("root/up"));
  Deno.symlinkSync("loop", folder.at("root/loop"));
  assertEquals(await textOf(root, "out.ts"), "outside");
  assertEquals(await textOf(root, "up/c.ts"), "outside");
  assertEquals(await textOf(root, "a.ts/b.ts"), "missing");
  await assertRejects(() => textOf(root, "loop"), Deno.errors.FilesystemLoop);
  await new Deno.Command("mkfifo", { args: [folder.at("root/pipe.ts")] }).output();
  assertEquals(await textOf(root, "pipe.ts"), "special");
});

// Threat: somebody who may write into the folder swaps a file, or a folder on the way, for a link to what only
// the node may read, just between the check and the read.
for (const swapped of ["way/x.ts", "way"]) {
  Deno.test({
    name: `readInside() never reads through a link that is swapped in for ${swapped}`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      await using folder = new TempFolder({ "root/way/x.ts": "mine", "secret/x.ts": "secret" });
      const root = folder.at("root");
      const place = folder.at(`root/${swapped}`);
      const [aside, link] = [folder.at("aside"), folder.at("link")];
      const secret = folder.at(swapped === "way" ? "secret" : "secret/x.ts");
      let swapping = true;
      const swap = (async () => {
        for (let round = 0; swapping; round++) {
          // Left alone now and then: in step with each other, the reader would never meet the file itself.
          if (round % 16 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
          await Deno.rename(place, aside);
          await Deno.symlink(secret, place);
          await Deno.rename(place, link);
          await Deno.rename(aside, place);
          await Deno.remove(link);
        }
      })();
      const seen = new Map<string, number>();
      for (let i = 0; i < 1_000; i++) {
        const text = await textOf(root, "way/x.ts").catch((error) => error.name as string);
        seen.set(text, (seen.get(text) ?? 0) + 1);
      }
      swapping = false;
      await swap;
      assert(seen.has("mine") && !seen.has("secret"), JSON.stringify([...seen]));
    },
  });
}

Deno.test("relativeInside() knows a neighbour from what is inside", () => {
  assertEquals(relativeInside("/a/b", "/a/b/c/d"), "c/d");
  for (const path of ["/a/b", "/a", "/a/bc", "/a/b/../x", "/"]) {
    assertEquals(relativeInside("/a/b", path), null, path);
  }
});
