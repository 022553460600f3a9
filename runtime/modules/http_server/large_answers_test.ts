import { assertEquals } from "@std/assert";
import { HTTP_UNTAKEN_BYTES_PER_PACKAGE_MAX } from "../../limits.ts";
import { parseAddress } from "../../protocol/address.ts";
import { LARGE_ANSWER_BYTES, LargeAnswers, mayBePacked } from "./large_answers.ts";

const app = parseAddress("fake.dev@a:b:template.os");
const sibling = parseAddress("fake.dev@c:b:template.os");
const other = parseAddress("fake.dev@a:c:template.os");

Deno.test("a large answer comes in pieces, and whole", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(65_536));
  const large = new Uint8Array(LARGE_ANSWER_BYTES + 1).map((_, i) => bytes[i % 65_536]!);
  const body = new LargeAnswers().open(app, large)!;
  let pieces = 0;
  const counted = body.pipeThrough(
    new TransformStream({ transform: (piece, out) => (pieces++, out.enqueue(piece)) }),
  );
  assertEquals(await new Response(counted).bytes(), large);
  assertEquals(pieces, 5);
});

// Threat: a process that asks itself for answers of 16 MB and never reads them: they are nobody's memory.
Deno.test("what a package's clients have not taken is bounded, and room again once they took it or left", async () => {
  const answers = new LargeAnswers();
  const half = new Uint8Array(HTTP_UNTAKEN_BYTES_PER_PACKAGE_MAX / 2);
  const first = answers.open(app, half)!;
  const second = answers.open(sibling, half)!;
  assertEquals(answers.open(app, new Uint8Array(1)), null);
  assertEquals(answers.open(other, half) === null, false);
  await first.cancel();
  assertEquals(answers.open(app, half) === null, false);
  for await (const _ of second);
  assertEquals(answers.open(app, half) === null, false);
});

Deno.test("mayBePacked() knows what Deno packs, for whom", () => {
  const zips = new Headers({ "accept-encoding": "gzip, deflate" });
  const says = (type: string, request = zips, more: [string, string][] = []) =>
    mayBePacked(request, [["Content-Type", type], ...more]);
  for (const type of ["text/html; charset=utf-8", "application/ld+json", "image/svg+xml"]) {
    assertEquals([says(type), says(type, new Headers())], [true, false], type);
    assertEquals(says(type, zips, [["content-encoding", "br"]]), false);
  }
  for (const type of ["image/png", "application/octet-stream", "video/mp4"]) {
    assertEquals(says(type), false, type);
  }
});
