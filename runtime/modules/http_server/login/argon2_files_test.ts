import { assertEquals, assertNotEquals } from "@std/assert";
import { passwordHash, readArgon2File } from "./argon2_files.ts";

Deno.test("the hash is Argon2id: salt the node's name, 19456 KiB, 2 passes, 32 bytes", () => {
  // printf 'correct horse' | argon2 fake.dev -id -t 2 -k 19456 -p 1 -l 32 -r
  const expected = "5ae79b5a14bf7fb649cc74acc25fded49c5bca8560eea7994cec429700026885";
  assertEquals(passwordHash("correct horse", "fake.dev"), `0x${expected}`);
});

Deno.test("the files that the browser gets are closed under import", async () => {
  const seen = new Set<string>();
  const queue = ["argon2.js"];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const text = await readArgon2File(name);
    assertNotEquals(text, null, name);
    for (const [, from] of text!.matchAll(/^import [^"]*? from "([^"]+)";$/gm)) {
      assertEquals(from!.slice(0, 2), "./", `${name} imports ${from}`);
      queue.push(from!.slice(2));
    }
  }
  assertEquals(seen.size, 6);
});

Deno.test("no other file of the package, or of the disk, is served", async () => {
  for (const name of ["sha2.js", "../package.json", "argon2.js/../sha2.js", "", "/etc/passwd"]) {
    assertEquals(await readArgon2File(name), null);
  }
});
