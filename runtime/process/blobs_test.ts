import { assertEquals, assertRejects } from "@std/assert";
import { keepBlobs } from "./blobs.ts";

Deno.test("keepBlobs() keeps what a Blob is made of, and what is made of it", async () => {
  const scope = { Blob, URL: class extends URL {} };
  assertEquals(
    keepBlobs(scope),
    true,
    "this Deno's Blob is made otherwise: look at process/blobs.ts",
  );
  const bytes = new Uint8Array([1, 2, 3, 4]);
  const blob = new Blob(["ab", bytes, new Uint8Array(bytes.buffer, 2), new Blob(["cd"])]);
  bytes[0] = 9;
  assertEquals(await blob.bytes(), new Uint8Array([97, 98, 1, 2, 3, 4, 3, 4, 99, 100]));
  assertEquals(await blob.slice(1, 4).bytes(), new Uint8Array([98, 1, 2]));
  for await (const chunk of blob.stream()) chunk.fill(0);
  assertEquals(await blob.slice(0, 2).text(), "ab");
  const form = new FormData();
  form.set("file", new File(["file's text"], "a.txt"));
  const read = await new Response(form).formData();
  assertEquals(await (read.get("file") as File).text(), "file's text");
  assertEquals(await new Response(new Blob(["body"])).text(), "body");
  assertEquals(await (await new Response("back").blob()).text(), "back");
});

Deno.test("keepBlobs() leaves no way to hand a Blob out of the process", async () => {
  const scope = { Blob, URL: class extends URL {} };
  keepBlobs(scope);
  assertEquals(
    "createObjectURL" in scope.URL && Object.hasOwn(scope.URL, "createObjectURL"),
    false,
  );
  await assertRejects(async () => await structuredClone(new Blob(["x"])).text());
});
