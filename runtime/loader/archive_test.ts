// Threat: a zip file from a stranger, made to write outside of its folder, to fill the memory, or to be read
// as something else than it shows.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { ARCHIVE_ENTRIES_MAX } from "../limits.ts";
import { Archive, ArchiveRefused } from "./archive.ts";
import { zipFiles, zipOf, type Zipped } from "./zip_testing.ts";

async function refusalOf(entries: Zipped[]): Promise<string> {
  const error = await assertRejects(() => Archive.open(zipOf(entries)), ArchiveRefused);
  return error.message;
}

Deno.test("Archive.read() unpacks a file, and knows no other", async () => {
  const archive = await Archive.open(zipFiles({ "chat.ts": "one", "lib/a.ts": "", "lib/": "" }));
  const text = async (name: string) => new TextDecoder().decode((await archive.read(name))!);
  assertEquals([await text("chat.ts"), await text("lib/a.ts")], ["one", ""]);
  assertEquals([...archive.names], ["chat.ts", "lib/a.ts"]);
  assertEquals([archive.has("lib/"), await archive.read("lib/"), await archive.read("x")], [
    false,
    null,
    null,
  ]);
});

const slips: [name: string, says: string][] = [
  ["../evil.ts", "invalid relative path: ../evil.ts"],
  ["lib/../../evil.ts", "invalid relative path: lib/../../evil.ts"],
  ["/etc/passwd", "absolute path: /etc/passwd"],
  ["C:/evil.ts", "absolute path: C:/evil.ts"],
  ["c:evil.ts", "absolute path: c:evil.ts"],
  ["..\\evil.ts", "invalid characters in fileName: ..\\evil.ts"],
  ["lib\\evil.ts", "invalid characters in fileName: lib\\evil.ts"],
  ["\\\\server\\evil.ts", "invalid characters in fileName: \\\\server\\evil.ts"],
  ["a\0b.ts", '"a\\u0000b.ts" has a control character in its name'],
  ["a\u001b[2Jb.ts", '"a\\u001b[2Jb.ts" has a control character in its name'],
  ["./a.ts", '"./a.ts" is no plain path'],
  ["a//b.ts", '"a//b.ts" is no plain path'],
  ["", '"" is no plain path'],
];

for (const [name, says] of slips) {
  Deno.test(`Archive.open() refuses an entry called ${JSON.stringify(name)}`, async () => {
    const message = await refusalOf([{ name: "manifest.json", bytes: "[]" }, { name }]);
    assert(message.endsWith(says), message);
  });
}

Deno.test("Archive.open() refuses links, doubles and what is encrypted, by name", async () => {
  const link = { name: "chat.ts", bytes: "/etc/passwd", mode: 0o120777 };
  assertEquals(await refusalOf([link]), '"chat.ts" is a link');
  const twice = [{ name: "a.ts", bytes: "1" }, { name: "a.ts", bytes: "2" }];
  assertEquals(await refusalOf(twice), '"a.ts" is there twice');
  assertEquals(await refusalOf([{ name: "a.ts", encrypted: true }]), '"a.ts" is encrypted');
});

Deno.test("Archive.open() refuses bombs before anything is unpacked", async () => {
  const zeros = new Uint8Array(4 * 1024 * 1024);
  assertEquals(
    await refusalOf([{ name: "a.txt", bytes: zeros }]),
    '"a.txt" unpacks to more than 200 times its size',
  );
  const large = Array.from({ length: 5 }, (_, i) => ({ name: `${i}`, size: 60 * 1024 * 1024 }));
  assertEquals(await refusalOf(large.slice(0, 1)), '"0" unpacks to more than 200 times its size');
  const many = Array.from({ length: ARCHIVE_ENTRIES_MAX + 1 }, (_, i) => ({ name: `${i}` }));
  assertEquals(await refusalOf(many), "it has 20001 entries, of at most 20000");
});

Deno.test("Archive.open() refuses what together unpacks to more than 256 MB", async () => {
  const noise = crypto.getRandomValues(new Uint8Array(60_000));
  const entries = Array.from({ length: 27 }, (_, i) => ({
    name: `${i}.bin`,
    bytes: noise,
    size: 10 * 1024 * 1024,
  }));
  assertEquals(await refusalOf(entries), 'it unpacks to more than 256 MB, at "25.bin"');
});

Deno.test("Archive.read() refuses a content that is longer, shorter or other than was said", async () => {
  const bytes = "0123456789".repeat(100);
  for (const lie of [{ size: 10 }, { size: 2_000 }, { crc: 1 }]) {
    const archive = await Archive.open(zipOf([{ name: "a.ts", bytes, ...lie }]));
    await assertRejects(() => archive.read("a.ts"), ArchiveRefused, "a.ts is damaged");
  }
});

Deno.test("Archive.open() says so of what is no zip file, or half of one", async () => {
  const whole = zipFiles({ "chat.ts": "one".repeat(100) });
  for (const bytes of [new Uint8Array(), new Uint8Array(100), whole.slice(0, 60), whole.slice(4)]) {
    const error = await assertRejects(() => Archive.open(bytes), ArchiveRefused);
    assert(error.message.startsWith("it is no whole zip file: "), error.message);
  }
});

Deno.test("Archive: whatever byte is changed, it opens and reads or is refused, and nothing else happens", async () => {
  const whole = zipFiles({ "manifest.json": "[{}]", "chat.ts": "export const a = 1;".repeat(9) });
  let refused = 0;
  for (let at = 0; at < whole.length; at++) {
    for (const value of [0, 0x41, 0xff]) {
      const bytes = whole.slice();
      bytes[at] = value;
      try {
        const archive = await Archive.open(bytes);
        for (const name of archive.names) await archive.read(name);
      } catch (error) {
        assert(error instanceof ArchiveRefused, `byte ${at}: ${error}`);
        refused++;
      }
    }
  }
  assert(refused > whole.length, `${refused} refused`);
});
